package dap

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// background starts the target without a debugger, and returns when it is on its way.
func background(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd, line := testkit.Start(t, lifeTarget(t), "wait")
	if word, _ := firstWord(strings.TrimSpace(line)); word != "ready" {
		t.Fatal(line)
	}
	return cmd
}

// untouched fails the test unless a process runs on, and nobody traces it.
func untouched(t *testing.T, pid int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		if key == "TracerPid" && value != "0" || key == "State" && !strings.HasPrefix(value, "S") && !strings.HasPrefix(value, "R") {
			t.Errorf("%s: %s", key, value)
		}
	}
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/exe", pid)); err != nil || len(text) == 0 {
		t.Error(err)
	}
}

// Whenever the client cuts the connection: what was launched is gone, what was attached
// to runs on. The editor's cleanup looks for the first.
func TestCut(t *testing.T) {
	file := targetFile(t, "life", "main.go")
	for _, moment := range []string{"initialized", "launch sent", "started", "stopped", "running", "noDebug", "building"} {
		t.Run("launch/"+moment, func(t *testing.T) {
			ed := newEditor(t)
			ed.initialize()
			args := with{"mode": "exec", "program": lifeTarget(t), "args": []string{"wait"}, "stopOnEntry": moment == "stopped"}
			switch moment {
			case "initialized":
				return
			case "building":
				args["mode"], args["program"] = "debug", filepath.Dir(file)
			case "noDebug":
				args["noDebug"] = true
			}
			seq := ed.send("launch", args)
			switch moment {
			case "launch sent":
				return
			case "building":
				ed.output("stdout", "Building")
				return
			}
			if m := ed.response(seq); !m.Success {
				t.Fatalf("%s", m.Body)
			}
			switch moment {
			case "stopped":
				ed.configured()
				ed.stopped()
			case "running":
				ed.configured()
				ed.heard("ready")
			case "noDebug":
				ed.pid, _ = strconv.Atoi(strings.Fields(ed.heard("\n"))[1])
			}
		})
	}
	for _, moment := range []string{"attach sent", "attached", "stopped", "running"} {
		t.Run("attach/"+moment, func(t *testing.T) {
			cmd := background(t)
			ed := newEditor(t)
			ed.initialize()
			seq := ed.send("attach", with{"processId": cmd.Process.Pid, "stopOnEntry": moment == "stopped"})
			if moment != "attach sent" {
				if m := ed.response(seq); !m.Success {
					t.Fatalf("%s", m.Body)
				}
				ed.breakAt(file, lineOf(t, file, "again and again"))
			}
			if moment == "stopped" || moment == "running" {
				ed.configured()
				ed.stopped()
			}
			if moment == "running" {
				ed.resume("continue", 1)
			}
			ed.leave()
			untouched(t, cmd.Process.Pid)
		})
	}
}

// Disconnecting ends what was launched, and what was attached to if it is wanted.
func TestDisconnect(t *testing.T) {
	for _, tt := range []struct {
		name   string
		kill   any
		lives  bool
		said   string
		attach bool
	}{
		{"launched", nil, false, "Detaching and terminating target process\n", false},
		{"launched, spared", false, false, "Detaching and terminating target process\n", false},
		{"attached", nil, true, "Detaching without terminating target process\n", true},
		{"attached, spared", false, true, "Detaching without terminating target process\n", true},
		{"attached, ended", true, false, "Detaching and terminating target process\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ed := newEditor(t)
			var pid int
			if tt.attach {
				pid = background(t).Process.Pid
				ed.attach(pid, nil)
				ed.configured()
			} else {
				ed.launch(lifeTarget(t), with{"args": []string{"wait"}})
				ed.configured()
				ed.heard("ready")
				pid = ed.pid
			}
			args := with{}
			if tt.kill != nil {
				args["terminateDebuggee"] = tt.kill
			}
			seq := ed.send("disconnect", args)
			ed.output("console", tt.said)
			if m := ed.response(seq); !m.Success {
				t.Errorf("%s", m.Body)
			}
			ed.event("terminated", nil)
			ed.leave()
			if tt.lives {
				untouched(t, pid)
			} else if state := stateOfProcess(pid); state != "" && state != "Z" { // the test's own child stays until it is waited for
				t.Errorf("process %d is in state %s", pid, state)
			}
		})
	}
}

func stateOfProcess(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	rest := string(stat[strings.LastIndexByte(string(stat), ')')+1:])
	return strings.Fields(rest)[0]
}

// Terminate is for the program to notice: it can tidy up first, also if it is stopped.
func TestTerminate(t *testing.T) {
	for _, how := range []string{"running", "noDebug"} {
		t.Run(how, func(t *testing.T) {
			ed := newEditor(t)
			ed.initialize()
			ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"tidy"}, "noDebug": how == "noDebug"})
			if how == "running" {
				ed.configured()
			}
			ed.heard("ready")
			ask[struct{}](ed, "terminate", nil)
			ed.heard("tidied up")
			if code := ed.ended(); code != 3 {
				t.Errorf("exit code %d", code)
			}
			ask[struct{}](ed, "terminate", nil) // there is nothing left to do
			ed.disconnect()
		})
	}
	t.Run("stopped", func(t *testing.T) {
		ed := newEditor(t)
		ed.launch(lifeTarget(t), with{"args": []string{"wait"}, "stopOnEntry": true})
		ed.configured()
		ed.stoppedFor("entry")
		ask[struct{}](ed, "terminate", nil)
		if code := ed.ended(); code != 128+int(syscall.SIGTERM) {
			t.Errorf("exit code %d", code)
		}
		ed.disconnect()
	})
}

// A launch that is cancelled, or disconnected from, is answered, and leaves nothing.
func TestCancelledLaunch(t *testing.T) {
	for _, how := range []string{"cancel", "disconnect", "terminate"} {
		t.Run(how, func(t *testing.T) {
			ed := newEditor(t)
			ed.initialize()
			launch := ed.send("attach", with{"waitFor": "/no/such/program at all"}) // it would take for ever
			if how == "cancel" {
				ask[struct{}](ed, "cancel", with{"requestId": launch})
			} else {
				ask[struct{}](ed, how, nil)
			}
			if m := ed.response(launch); m.Success || m.Message != "cancelled" {
				t.Errorf("%+v", m)
			}
			if how == "cancel" { // and another can be tried
				ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"exit", "0"}})
				ed.configured()
				ed.ended()
			}
			if how != "disconnect" {
				ed.disconnect()
			}
			ed.hangup()
		})
	}
}
