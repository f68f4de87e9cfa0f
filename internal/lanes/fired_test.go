package lanes

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

func trap(code int32) *ptrace.Siginfo {
	return &ptrace.Siginfo{Signo: int32(unix.SIGTRAP), Code: code}
}

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

func TestVerdicts(t *testing.T) {
	b, d := fakeBoard(t, 1)
	th := b.lanes[1].th
	verdict := func(info *ptrace.Siginfo) (Verdict, []*Entry) {
		t.Helper()
		got, sh, err := b.Fired(nil, th, info)
		if err != nil {
			t.Fatal(err)
		}
		return sh.Verdict, got
	}
	for _, c := range []struct {
		info *ptrace.Siginfo
		want Verdict
	}{
		{trap(ptrace.TrapPerf), Foreign},    // an event of the program's own
		{trap(ptrace.TrapUnknown), Foreign}, // INT1
		{trap(4), Nothing},
		{&ptrace.Siginfo{Signo: int32(unix.SIGCHLD), Code: 0x80}, Foreign},
	} {
		if got, _ := verdict(c.info); got != c.want {
			t.Errorf("nothing is watched, %v: %v, want %v", c.info, got, c.want)
		}
	}
	x, y := word(0x10), word(0x20)
	addAll(t, b, true, 0, x, y)
	d.opened[1].next = shot{foreign: true}
	if v, got := verdict(trap(6)); v != Foreign || len(got) != 0 {
		t.Errorf("foreign: %v, %v", v, got)
	}
	d.opened[1].next = shot{unknown: true}
	if v, got := verdict(trap(1)); v != Unknown || !slices.Equal(got, []*Entry{x, y}) {
		t.Errorf("unknown: %v, %v", v, got)
	}
	d.opened[1].next = shot{now: 1 << 1}
	if v, got := verdict(trap(6)); v != Ours || !slices.Equal(got, []*Entry{y}) {
		t.Errorf("the second slot: %v, %v", v, got)
	}
	d.opened[1].next = shot{}
	if v, got := verdict(trap(6)); v != Nothing || len(got) != 0 {
		t.Errorf("no slot: %v, %v", v, got)
	}
}

// TestLateHits: hits of points that have left their slots are those of whoever watches
// them on that thread, and of nobody else.
func TestLateHits(t *testing.T) {
	b, d := fakeBoard(t, 2)
	all, one, two := word(0x10), word(0x10), word(0x10)
	all.Points[0].Access = hwbp.ReadWrite
	addAll(t, b, false, 0, all)
	addAll(t, b, false, 1, one)
	addAll(t, b, false, 2, two)
	late := one.Points[0]
	d.opened[1].next = shot{late: []hwbp.Point{late}, missed: []missed{{late, 3}}}
	got, sh, err := b.Fired(nil, b.lanes[1].th, trap(6))
	if err != nil || sh.Verdict != Ours || !slices.Equal(got, []*Entry{one}) {
		t.Errorf("late on thread 1: %v, %v, %v", got, sh.Verdict, err)
	}
	if len(sh.Missed) != 1 || sh.Missed[0] != (Missed{one, 3}) {
		t.Errorf("missed on thread 1: %v", sh.Missed)
	}
	if n := b.Account(one).Hits; n != 3 { // so that the estimate has them
		t.Errorf("%d hits counted, want the 3 that were missed", n)
	}
	d.opened[2].next = shot{unknown: true, late: []hwbp.Point{late}}
	if got, _, _ := b.Fired(nil, b.lanes[2].th, trap(1)); !slices.Contains(got, two) || slices.Contains(got, one) {
		t.Errorf("unknown on thread 2: %v", got)
	}
	d.opened[2].next = shot{missed: []missed{{late, 1}}}
	if m := b.Leaving(b.lanes[2].th); len(m) != 1 || m[0].Entry != two {
		t.Errorf("missed by thread 2 at its end: %v", m)
	}
}

// TestOnceEach: an entry with two points that one instruction touches is told once.
func TestOnceEach(t *testing.T) {
	b, d := fakeBoard(t, 1)
	e := word(0x10)
	e.Points = append(e.Points, hwbp.Point{Addr: 0x18, Len: 8, Access: hwbp.Write})
	twin := &Entry{Points: slices.Clone(e.Points)}
	addAll(t, b, true, 0, e, twin)
	d.opened[1].next = shot{now: 1<<0 | 1<<1, late: e.Points}
	if got, _, _ := b.Fired(nil, b.lanes[1].th, trap(6)); !slices.Equal(got, []*Entry{e, twin}) {
		t.Errorf("%v", got)
	}
	for _, e := range []*Entry{e, twin} {
		b.Hit(e, b.lanes[1].th)
	}
	if n := b.Account(twin).Hits; n != 1 {
		t.Errorf("one instruction, %d hits of the event", n)
	}
}

func TestFiredDoesNotAllocate(t *testing.T) {
	b, d := fakeBoard(t, 1)
	x, y := word(0x10), word(0x20)
	addAll(t, b, true, 0, x, y)
	d.opened[1].next = shot{now: 1 << 0, late: y.Points, missed: []missed{{y.Points[0], 1}}}
	th, info, dst := b.lanes[1].th, trap(6), make([]*Entry, 0, 4)
	n := testing.AllocsPerRun(100, func() {
		got, _, err := b.Fired(dst, th, info)
		if len(got) != 2 || err != nil {
			t.Fatal(got, err)
		}
		b.Hit(x, th)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
