package lanes

import (
	"errors"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// TestLaneLeavesNothingOpen: what a lane opens it closes.
func TestLaneLeavesNothingOpen(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b, d := fakeBoard(t, 0)
	before := testkit.Used(t).Descriptors
	tid := unix.Gettid()
	for range 20 {
		ln, err := b.newLane(&ptrace.Thread{TID: tid}) // replaces the one before
		if err != nil {
			t.Fatal(err)
		}
		if ln.cpu.last(unix.Getpid(), tid) < 0 {
			t.Error("where the thread last ran is not known")
		}
	}
	if len(b.lanes) != 1 || b.Err() != nil {
		t.Errorf("%d lanes, %v", len(b.lanes), b.Err())
	}
	b.Gone(b.lanes[tid].th)
	if n := testkit.Used(t).Descriptors; n > before {
		t.Errorf("%d descriptors are left open", n-before)
	}
	if !d.opened[tid].closed {
		t.Error("the slots were not emptied")
	}
}

// TestLaneOfTheDead: a thread that is not there is told from one that cannot be watched.
func TestLaneOfTheDead(t *testing.T) {
	b, _ := fakeBoard(t, 0)
	if _, err := b.newLane(&ptrace.Thread{TID: 1 << 30}); !errors.Is(err, ptrace.ErrThreadGone) {
		t.Error(err)
	}
	if len(b.lanes) != 0 {
		t.Error("a lane of nothing")
	}
}

// TestLaneClock: it does not go back, and stands still once its thread is on its way out.
func TestLaneClock(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	ln := b.lanes[1]
	was := ln.now()
	run(b, 1, 100)
	if n := ln.now(); n != was+100 {
		t.Errorf("%d after 100 ns, was %d", n, was)
	}
	run(b, 1, -50)
	if n := ln.now(); n != was+100 {
		t.Errorf("went back to %d", n-was)
	}
	b.Leaving(ln.th)
	run(b, 1, 1000)
	if n := ln.now(); n != was+100 {
		t.Errorf("it goes on to %d after the end", n-was)
	}
}
