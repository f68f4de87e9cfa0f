package ptrace

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestKindString(t *testing.T) {
	for k, want := range map[Kind]string{0: "Kind(0)", Trapped: "trapped", ProcessGone: "process gone", Nudged: "nudged", Guarded + 1: "Kind(10)"} {
		if k.String() != want {
			t.Errorf("%d: %s, want %s", k, k, want)
		}
	}
	for k := Trapped; k <= Guarded; k++ {
		if kindNames[k] == "" {
			t.Errorf("kind %d has no name", k)
		}
	}
}

func TestExitStatus(t *testing.T) {
	for ws, want := range map[unix.WaitStatus]string{0: "exit status 0", 3 << 8: "exit status 3", 0xff00: "exit status 255",
		9: "killed by SIGKILL", 0x80 | 11: "killed by SIGSEGV"} {
		if got := exitStatus(ws).String(); got != want {
			t.Errorf("%#x: %s, want %s", uint32(ws), got, want)
		}
	}
	if got := (ExitStatus{Unknown: true}).String(); got != "status unknown" {
		t.Error(got)
	}
}
