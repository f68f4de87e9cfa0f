package perf

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestProbe: on a kernel with perf events all that permissions permit works.
// Linux 5.13 has everything.
func TestProbe(t *testing.T) {
	f := Probe()
	for name, err := range map[string]error{
		"breakpoint": f.Breakpoint, "sigtrap": f.Sigtrap, "modify": f.Modify, "inherit": f.Inherit, "clock": f.Clock,
	} {
		if err != nil && (os.Geteuid() == 0 || paranoidLevel() <= 2) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var denied *PermissionError
	switch privileged := os.Geteuid() == 0 || paranoidLevel() <= 1; {
	case privileged && f.Kernel != nil:
		t.Error(f.Kernel)
	case !privileged && (!errors.As(f.Kernel, &denied) || denied.Needed != 1):
		t.Errorf("got %v", f.Kernel)
	}
	if again := Probe(); again != f {
		t.Errorf("first %+v, then %+v", f, again)
	}
}

// TestProbeLeavesNothing: no descriptors and no threads.
func TestProbeLeavesNothing(t *testing.T) {
	testkit.Watchdog(t)
	probe() // whatever the runtime starts once
	want := testkit.Used(t)
	want.Threads += 2 // the runtime's own to come
	for range 20 {
		probe()
	}
	testkit.NoMoreThan(t, want)
}

// TestConclusive: what another try may change is not kept.
func TestConclusive(t *testing.T) {
	if !(Features{Kernel: &PermissionError{Err: unix.EACCES}}).conclusive() {
		t.Error("permissions change between two tries")
	}
	for _, err := range []error{ErrNoSlot, ErrTooManyFiles} {
		if (Features{Clock: fmt.Errorf("open: %w", err)}).conclusive() {
			t.Errorf("%v is kept", err)
		}
	}
}
