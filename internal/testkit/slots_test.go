package testkit

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSlots: tests share the slots, and whoever has all of them has them alone, and until
// its end.
func TestSlots(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv(slotsHeld, "")
	gate, lock := slots.gate, slots.lock
	defer func() { slots.gate, slots.lock = gate, lock }()
	openSlots()
	if slots.lock == nil || os.Getenv(slotsHeld) == "" {
		t.Fatal("there is no lock")
	}
	defer slots.gate.Close()
	defer slots.lock.Close()
	mine := slots.lock
	openSlots() // as a child would
	if slots.lock != mine {
		t.Error("a process whose parent has the lock takes it again")
	}
	other, err := openLock(filepath.Join(os.TempDir(), "argus-test-slots.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	free := func(how int) bool {
		t.Helper()
		switch err := flock(other, how|unix.LOCK_NB); err {
		case nil:
			if err := flock(other, unix.LOCK_UN); err != nil {
				t.Fatal(err)
			}
			return true
		case unix.EWOULDBLOCK:
		default:
			t.Fatal(err)
		}
		return false
	}
	t.Run("shared", func(t *testing.T) {
		Watchdog(t)
		t.Run("again", func(t *testing.T) { Watchdog(t) })
		if !free(unix.LOCK_SH) || free(unix.LOCK_EX) {
			t.Error("others cannot share, or can have all")
		}
	})
	t.Run("alone", func(t *testing.T) {
		AllSlots(t)
		t.Run("within", func(t *testing.T) { Watchdog(t) })
		if free(unix.LOCK_SH) {
			t.Error("others can share what one has alone")
		}
	})
	if !free(unix.LOCK_EX) {
		t.Error("the lock is held after the tests")
	}
}
