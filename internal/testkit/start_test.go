package testkit

import (
	"os"
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	Watchdog(t)
	cmd, line := Start(t, "/bin/sh", "-c", "echo ready; exec sleep 1000")
	if line != "ready\n" {
		t.Errorf("the first line is %q", line)
	}
	if cmd.ProcessState != nil {
		t.Errorf("it has ended: %v", cmd.ProcessState)
	}
}

func TestCrashed(t *testing.T) {
	Watchdog(t)
	exe, core := Crashed(t)
	head := make([]byte, 4)
	f, err := os.Open(core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Read(head); err != nil || string(head) != "\x7fELF" {
		t.Errorf("the core file begins with %q, %v", head, err)
	}
	if !strings.Contains(exe, "stops") {
		t.Errorf("the program is %s", exe)
	}
}
