package dap

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A restarted program is another process, with the arguments that the client has by now,
// and stops where the first did.
func TestRestart(t *testing.T) {
	file := targetFile(t, "life", "main.go")
	line := lineOf(t, file, "value, ok := os.LookupEnv")
	for _, when := range []string{"stopped", "ended"} {
		t.Run(when, func(t *testing.T) {
			ed := newEditor(t)
			ed.launch(lifeTarget(t), with{"args": []string{"say", "X", "first"}})
			ed.breakAt(file, line)
			ed.configured()
			ed.stoppedFor("breakpoint")
			if when == "ended" {
				ed.resume("continue", 1)
				ed.ended()
			}
			before := ed.pid
			ask[struct{}](ed, "restart", with{"arguments": with{"request": "launch", "args": []string{"say", "X", "second"}, "rebuild": false}})
			ed.event("initialized", nil)
			if ed.pid == before || syscall.Kill(before, 0) == nil {
				t.Errorf("process %d is still there", before)
			}
			ed.configured()
			ed.stoppedFor("breakpoint")
			ed.resume("continue", 1)
			ed.heard("args=second")
			ed.ended()
			ed.disconnect()
		})
	}
}

// A restart builds anew. If that fails the program is where it was, and can go on.
func TestRestartRebuilds(t *testing.T) {
	dir := module(t)
	ed := newEditor(t)
	ed.launch(dir, with{"mode": "debug", "stopOnEntry": true})
	ed.configured()
	ed.stopped()
	main := filepath.Join(dir, "main.go")
	text, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package main\n\nfunc main() { missing() }\n")
	before := ed.pid
	if e := fails(ed, "restart", with{}); !strings.HasPrefix(e.Format, "Failed to restart: Build error") {
		t.Errorf("%+v", e)
	}
	ed.output("stderr", "undefined: missing")
	if ed.pid != before || syscall.Kill(before, 0) != nil {
		t.Error("the program has not survived")
	}
	write(strings.ReplaceAll(string(text), `"none"`, `"anew"`))
	ask[struct{}](ed, "restart", with{})
	ed.event("initialized", nil)
	ed.configured()
	ed.stopped() // on entry, as before
	ed.resume("continue", 1)
	ed.output("stderr", "made anew")
	ed.ended()
	ed.disconnect()
}

// When there is nothing to go on with the client is told, and can try once more.
func TestRestartFails(t *testing.T) {
	ed := newEditor(t)
	ed.launch(module(t), with{"mode": "debug", "stopOnEntry": true})
	ed.configured()
	ed.stopped()
	before := ed.pid
	ask[struct{}](ed, "restart", with{"arguments": with{"request": "launch", "rebuild": false, "cwd": "/no/such/directory"}})
	ed.output("important", "Failed to restart: ")
	ed.event("terminated", nil)
	if syscall.Kill(before, 0) == nil {
		t.Error("the program before is still there")
	}
	ask[struct{}](ed, "restart", with{"arguments": with{"request": "launch", "rebuild": false}})
	ed.event("initialized", nil)
	ed.configured()
	ed.stopped()
	ed.disconnect()
}

func TestRestartRefused(t *testing.T) {
	ed := newEditor(t)
	ed.attach(background(t).Process.Pid, nil)
	if e := fails(ed, "restart", with{}); e.Format != "Cannot restart: the program was attached to, and not launched" {
		t.Errorf("%+v", e)
	}
	ed.disconnect()

}

// A program that is not debugged is restarted too, and its end before is not told.
func TestRestartNoDebug(t *testing.T) {
	ed := newEditor(t)
	ed.initialize()
	ask[struct{}](ed, "launch", with{"mode": "exec", "program": lifeTarget(t), "args": []string{"wait"}, "noDebug": true})
	pid := func() (pid int) {
		said := ed.heard("ready")
		if _, err := fmt.Sscanf(said[strings.Index(said, "ready"):], "ready %d", &pid); err != nil {
			t.Fatalf("%q: %v", said, err)
		}
		return pid
	}
	before := pid()
	for range 2 {
		if e := fails(ed, "setBreakpoints", with{}); e.Format != "noDebug mode: unable to process 'setBreakpoints' request" {
			t.Errorf("%+v", e)
		}
		ask[struct{}](ed, "restart", with{})
		now := pid()
		if syscall.Kill(before, 0) == nil || syscall.Kill(now, 0) != nil {
			t.Errorf("of processes %d and %d not the second is there", before, now)
		}
		before = now
	}
	if n := len(ed.came("exited")) + len(ed.came("terminated")); n > 0 {
		t.Errorf("%d ends are told", n)
	}
	ed.disconnect()
}
