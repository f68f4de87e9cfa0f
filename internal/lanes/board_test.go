package lanes

import (
	"errors"
	"slices"
	"testing"

	"github.com/argusdbg/argus/ptrace"
)

// TestScopes: what is for one thread is on that thread, and does not count against
// others.
func TestScopes(t *testing.T) {
	b, d := fakeBoard(t, 2)
	for tid := 1; tid <= 2; tid++ {
		for i := range 4 {
			addAll(t, b, true, tid, word(uint64(0x100*tid+8*i)))
		}
	}
	for tid := 1; tid <= 2; tid++ {
		base := uint64(0x100 * tid)
		if got, want := d.opened[tid].on(), []uint64{base, base + 8, base + 16, base + 24}; !slices.Equal(got, want) {
			t.Errorf("thread %d: armed %#x, want %#x", tid, got, want)
		}
	}
	addThread(t, b, 3)
	if got := d.opened[3].on(); len(got) != 0 {
		t.Errorf("a third thread: armed %#x", got)
	}
}

// TestBorn: a new thread gets what is for all, once.
func TestBorn(t *testing.T) {
	b, d := fakeBoard(t, 1)
	addAll(t, b, true, 0, word(0x10))
	addAll(t, b, true, 1, word(0x20))
	th := addThread(t, b, 2)
	if err := b.lanes[2].sched.Update(b.lanes[2].sched.Now()); err != nil {
		t.Fatal(err)
	}
	if got := d.opened[2].on(); !slices.Equal(got, []uint64{0x10}) {
		t.Errorf("armed %#x", got)
	}
	ln := b.lanes[2]
	if err := b.Born(th); err != nil || b.lanes[2] != ln {
		t.Errorf("told twice: %v", err)
	}
	b.Gone(&ptrace.Thread{TID: 2}) // an older one that had the same id
	if b.lanes[2] != ln {
		t.Error("the end of another thread took this one's lane")
	}
	b.Gone(th)
	if b.lanes[2] != nil || !d.opened[2].closed {
		t.Error("a thread that is gone still has a lane")
	}
	b.Gone(th)
}

// TestFailedAndBack: a group that others leave no room for fails where it does, is counted
// there, and comes back by itself.
func TestFailedAndBack(t *testing.T) {
	b, d := fakeBoard(t, 2)
	e := word(0x40)
	addAll(t, b, true, 0, word(0x10), word(0x20), word(0x30), e)
	b.Gone(b.lanes[2].th)
	d.free[2] = 3
	addThread(t, b, 2)
	ln := b.lanes[2]
	if err := ln.sched.Update(ln.sched.Now()); err != nil {
		t.Fatal(err)
	}
	if got := d.opened[2].on(); !slices.Equal(got, []uint64{0x10, 0x20, 0x30}) {
		t.Errorf("armed %#x: the youngest is to give way", got)
	}
	run(b, 2, 7e6)
	b.settle()
	if a := b.Account(e); a.Failed != 1 || a.Failures != 1 || a.Blind != 7e6 || !a.Short {
		t.Errorf("failed on %d threads, %d times, blind %d", a.Failed, a.Failures, a.Blind)
	}
	var fe *ForeignError
	if err := b.Add(Config{Entries: []*Entry{word(0x40)}, Pinned: true}); !errors.As(err, &fe) || fe.Thread != 2 {
		t.Errorf("a twin of what is not on everywhere: %v", err)
	}
	if !b.needsTurns() {
		t.Error("nobody tries the slots again")
	}
	try := func() {
		t.Helper()
		ln.retry = true
		if err := nudge(b, ln); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 { // still held
		try()
	}
	if a := b.Account(e); a.Failed != 1 || a.Failures != 1 {
		t.Errorf("after vain tries: failed on %d threads, %d times", a.Failed, a.Failures)
	}
	delete(d.free, 2)
	try()
	if a := b.Account(e); a.Failed != 0 || a.Failures != 1 || len(d.opened[2].on()) != 4 {
		t.Errorf("after the other user went: failed on %d threads, %d times, armed %#x", a.Failed, a.Failures, d.opened[2].on())
	}
	if b.needsTurns() {
		t.Error("tries go on though everything is on")
	}
	d.free[2] = 3 // and again, on its way out
	ln.sched.SetSlots(b.pmu, 3)
	b.Gone(ln.th)
	if a := b.Account(e); a.Failed != 0 {
		t.Errorf("failed on %d threads, of which none is there", a.Failed)
	}
}

// TestDriverFails: what cannot be armed is refused, and taken out again.
func TestDriverFails(t *testing.T) {
	b, d := fakeBoard(t, 2)
	addAll(t, b, true, 0, word(0x10))
	d.fail = errors.New("no")
	e := word(0x20)
	if err := b.Add(Config{Entries: []*Entry{e}, Pinned: true}); !errors.Is(err, d.fail) {
		t.Errorf("%v", err)
	}
	d.fail = nil
	addAll(t, b, true, 0, word(0x30))
	for tid := 1; tid <= 2; tid++ {
		if got := d.opened[tid].on(); !slices.Equal(got, []uint64{0x10, 0x30}) {
			t.Errorf("thread %d: armed %#x", tid, got)
		}
	}
	d.fail = ptrace.ErrThreadGone // its end is about to be reported
	if err := b.Add(Config{Entries: []*Entry{word(0x40)}, Pinned: true}); err != nil {
		t.Error(err)
	}
}

// TestCloseEndsAccounts: figures stay after the end, and nothing goes on.
func TestCloseEndsAccounts(t *testing.T) {
	b, d := fakeBoard(t, 2)
	e := word(0x10)
	addAll(t, b, true, 0, e)
	run(b, 1, 3e6)
	for range 2 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if a := b.Account(e); a.Enabled != 3e6 || a.Running != 3e6 {
			t.Errorf("%v", a.Times)
		}
	}
	if !d.opened[1].closed || !d.opened[2].closed || len(b.lanes) != 0 {
		t.Error("lanes are left")
	}
	if err := b.Born(&ptrace.Thread{TID: 7}); err != nil || len(b.lanes) != 0 {
		t.Errorf("born after the end: %v", err)
	}
	if err := b.Turn(&ptrace.Thread{TID: 1}); err != nil {
		t.Error(err)
	}
	if b.Leaving(&ptrace.Thread{TID: 1}) != nil || b.Err() != nil {
		t.Error("something happened after the end")
	}
	b.Resume()
	if b.rotator != nil {
		t.Error("a rotator after the end")
	}
}

func TestErrKeepsTheFirst(t *testing.T) {
	b, _ := fakeBoard(t, 0)
	first := errors.New("first")
	b.note(nil)
	b.note(first)
	b.note(errors.New("second"))
	if b.Err() != first {
		t.Error(b.Err())
	}
}
