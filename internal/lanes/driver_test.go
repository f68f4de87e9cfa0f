package lanes

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// fakeDriver arms nothing. Its threads are those of the test's making.
type fakeDriver struct {
	free   map[int]int // slots that a thread has for us; all where it is missing
	fail   error       // what set returns
	opened map[int]*fakeArms
}

var _ driver = (*fakeDriver)(nil)

func (*fakeDriver) name() string { return "fake" }

func (*fakeDriver) moves() bool { return true }

func (d *fakeDriver) open(th *ptrace.Thread) arms {
	a := &fakeArms{d: d, tid: th.TID}
	d.opened[th.TID] = a
	return a
}

// fakeArms are the debug registers of a thread that is not one.
type fakeArms struct {
	d      *fakeDriver
	tid    int
	points [maxSlots]hwbp.Point
	sets   int
	next   shot // what fired and left return
	closed bool
}

func (a *fakeArms) set(want *[maxSlots]hwbp.Point, _ bool) (usable uint16, err error) {
	a.sets++
	if a.d.fail != nil {
		return 0, a.d.fail
	}
	n, limited := a.d.free[a.tid]
	for i, p := range want {
		if p.Len != 0 && limited && i >= n {
			return 1<<n - 1, errShort
		}
	}
	a.points = *want
	return 0, nil
}

func (a *fakeArms) fired(*ptrace.Siginfo) (shot, error) { return a.next, nil }

func (a *fakeArms) left() shot { return a.next }

func (a *fakeArms) close() error { a.closed = true; return nil }

// on lists the addresses that are armed, in the order of slots.
func (a *fakeArms) on() (addrs []uint64) {
	for _, p := range a.points {
		if p.Len != 0 {
			addrs = append(addrs, p.Addr)
		}
	}
	return addrs
}

// fakeClock is a thread's clock that the test moves.
type fakeClock struct{ at int64 }

func (c *fakeClock) Now() (int64, error) { return c.at, nil }

func (c *fakeClock) Close() error { return nil }

// fakeBoard is a board over n threads that do not exist: 1, 2, and so on.
func fakeBoard(t *testing.T, n int) (*Board, *fakeDriver) {
	t.Helper()
	d := &fakeDriver{free: map[int]int{}, opened: map[int]*fakeArms{}}
	b := New(nil, &ptrace.Process{}, Options{Driver: Driver{d: d}})
	b.paused = true // no rotator
	for i := range n {
		addThread(t, b, i+1)
	}
	return b, d
}

func addThread(t *testing.T, b *Board, tid int) *ptrace.Thread {
	t.Helper()
	th := &ptrace.Thread{TID: unix.Gettid()} // one that a clock can be opened for
	b.mu.Lock()
	defer b.mu.Unlock()
	ln, err := b.newLane(th)
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.clock.Close(); err != nil {
		t.Fatal(err)
	}
	delete(b.lanes, th.TID)
	th.TID = tid
	ln.clock = &fakeClock{ln.last}
	ln.arms = b.driver.open(th)
	b.lanes[tid] = ln
	return th
}

// run lets a thread of a fake board run for some time.
func run(b *Board, tid int, ns int64) {
	b.lanes[tid].clock.(*fakeClock).at += ns
}

// word is a watchpoint on 8 bytes.
func word(addr uint64) *Entry {
	return &Entry{Points: []hwbp.Point{{Addr: addr, Len: 8, Access: hwbp.Write}}}
}

func addAll(t *testing.T, b *Board, pinned bool, thread int, entries ...*Entry) {
	t.Helper()
	for _, e := range entries {
		if err := b.Add(Config{Entries: []*Entry{e}, Pinned: pinned, Thread: thread}); err != nil {
			t.Fatal(err)
		}
	}
}

// nudge does to a lane what the rotator and the event loop do.
func nudge(b *Board, ln *lane) error {
	ln.due = true
	return b.Turn(ln.th)
}
