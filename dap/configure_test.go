package dap

import (
	"os"
	"os/exec"
	"path/filepath"
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

// coreFile makes a program leave one, where the kernel writes them where the program is.
func coreFile(t *testing.T) (program, core string) {
	t.Helper()
	if pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern"); err != nil || strings.TrimSpace(string(pattern)) != "core" {
		t.Skipf("core files go elsewhere: %s", pattern)
	}
	program = testkit.Target(t, "stops", testkit.Debug)
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", `ulimit -c unlimited || exit 3; exec "$0" panic text`, program)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() == 3 {
		t.Skipf("no core file may be written: %v", err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(found) != 1 {
		t.Skipf("no core file was written: %v", found)
	}
	return program, found[0]
}

// A core file is looked at where the program has left it; it does not run.
func TestLaunchCore(t *testing.T) {
	program, core := coreFile(t)
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
