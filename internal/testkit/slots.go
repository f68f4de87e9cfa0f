package testkit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// slotsHeld in the environment says that a process above sees to the lock for this one: a
// test binary that starts itself again must not wait for itself.
const slotsHeld = "ARGUS_TEST_SLOTS"

// slots is the lock of the machine's debug registers. Tests that arm some share it, and a
// test that takes one from everybody has it alone. Nobody waits at the gate who has the
// lock, and whoever wants it alone keeps the gate shut while it waits: others that come and
// go all the time do not keep it out.
var slots struct {
	sync.Mutex
	gate, lock *os.File
	users      int // tests of this process that are in
}

// openSlots opens the lock. Where there can be none tests run without.
func openSlots() {
	if os.Getenv(slotsHeld) != "" {
		return
	}
	gate, err := openLock(filepath.Join(os.TempDir(), "argus-test-slots.gate"))
	lock, err1 := openLock(filepath.Join(os.TempDir(), "argus-test-slots.lock"))
	if err = errors.Join(err, err1); err != nil {
		fmt.Fprintln(os.Stderr, "testkit: tests do not wait for one another:", err)
		return
	}
	slots.gate, slots.lock = gate, lock
	os.Setenv(slotsHeld, "1")
}

// shareSlots takes the lock together with others until the test is over.
func shareSlots(t testing.TB) {
	t.Helper()
	takeSlots(t, unix.LOCK_SH)
}

// AllSlots waits until no other test binary arms debug registers, and keeps them from it
// until the test is over. It is for tests with events of a whole processor, which take a
// slot from every thread of the machine. Call it first.
func AllSlots(t testing.TB) {
	t.Helper()
	takeSlots(t, unix.LOCK_EX)
}

func takeSlots(t testing.TB, how int) {
	t.Helper()
	slots.Lock()
	defer slots.Unlock()
	if slots.lock == nil {
		return
	}
	if slots.users == 0 {
		err := flock(slots.gate, how)
		if err == nil {
			err = errors.Join(flock(slots.lock, how), flock(slots.gate, unix.LOCK_UN))
		}
		if err != nil {
			t.Fatal(err)
		}
	} else if how == unix.LOCK_EX {
		t.Fatal("testkit: AllSlots comes before what shares them")
	}
	slots.users++
	t.Cleanup(func() {
		slots.Lock()
		defer slots.Unlock()
		if slots.users--; slots.users > 0 {
			return
		}
		if err := flock(slots.lock, unix.LOCK_UN); err != nil {
			t.Error(err)
		}
	})
}

// openLock opens a file that any user can lock. In a directory for everybody the kernel
// may refuse O_CREAT for a file of another user's (fs.protected_regular).
func openLock(path string) (*os.File, error) {
	for {
		f, err := os.Open(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		f, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			return err
		}
	}
}
