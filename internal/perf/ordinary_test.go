package perf

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestOrdinary runs all tests again as a user without privileges: all works but
// accesses by system calls, BPF and whole processors.
func TestOrdinary(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("all tests run as an ordinary user already")
	}
	testkit.AllSlots(t) // for the tests below, which leave that to us
	const nobody = 65534
	// By way of /proc, because folders above the binary may be closed to that user.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestStranger: another user's thread is not permitted.
func TestStranger(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may do it; TestOrdinary runs this one")
	}
	var denied *PermissionError
	if e, err := Open(1, probePoint, Options{Disabled: true}); err == nil {
		e.Close()
		t.Error("opened an event on the first process")
	} else if !errors.As(err, &denied) {
		t.Errorf("got %v", err)
	}
}
