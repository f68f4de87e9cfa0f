package dap

import (
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestStopOnEntry(t *testing.T) {
	ed := newEditor(t)
	ed.launch(lifeTarget(t), with{"args": []string{"exit", "0"}, "stopOnEntry": true})
	ed.configured()
	if stop := ed.stoppedFor("entry"); stop.ThreadId != 1 || !stop.AllThreadsStopped {
		t.Errorf("%+v", stop)
	}
	ed.resume("continue", 1)
	ed.ended()
	ed.disconnect()
}

// Before there is a program there is nothing to be configured.
func TestConfigurationDoneEarly(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	if e := fails(ed, "configurationDone", nil); !strings.Contains(e.Format, "launch or attach") || !e.ShowUser {
		t.Errorf("%+v", e)
	}
	ed.disconnect()
}

// A core file is looked at where the program has left it; it does not run.
func TestLaunchCore(t *testing.T) {
	program, core := testkit.Crashed(t)
	ed := newEditor(t)
	ed.launch(program, with{"mode": "core", "coreFilePath": core})
	ed.configured()
	thread := ed.stoppedFor("entry").ThreadId
	if stack := ed.stack(thread); len(stack) == 0 {
		t.Error("no stack")
	}
	if e := fails(ed, "restart", nil); e.Format != "Cannot restart: this is a core file" {
		t.Errorf("%+v", e)
	}
	ask[struct{}](ed, "terminate", nil)
	ed.event("terminated", nil)
	ed.disconnect()
}
