package perf

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestClock reads clocks of a thread that is asleep, runs, and moves from one
// processor to another: those bound to either, and one that is bound to none.
func TestClock(t *testing.T) {
	x := start(t)
	clocks := []*Clock{}
	one, other := processors(t)
	for _, cpu := range []int{-1, one, other} {
		fd, err := openClock(x.tid(0), cpu)
		must(t, err)
		c := &Clock{tid: x.tid(0), fd: fd}
		defer c.Close()
		clocks = append(clocks, c)
	}
	now := func(c *Clock) int64 {
		t.Helper()
		ns, err := c.Now()
		must(t, err)
		return ns
	}
	for testkit.State(x.tid(0)) != 'S' { // it may still be on its way
	}
	var base []int64 // which it was when they were opened too
	for _, c := range clocks {
		base = append(base, now(c))
	}
	if again := now(clocks[0]); again != base[0] {
		t.Errorf("a thread that sleeps has run %d ns", again-base[0])
	}
	x.order(0, opSpin, 0, 0)
	for round := range 6 {
		x.pin(0, []int{one, other}[round%2])
		for last := now(clocks[0]); now(clocks[0]) < last+3e6; {
		}
		before := now(clocks[0]) - base[0]
		var between []int64
		for i, c := range clocks[1:] {
			between = append(between, now(c)-base[i+1])
		}
		after := now(clocks[0]) - base[0]
		for i, ns := range between {
			if ns < before || ns > after {
				t.Errorf("round %d: bound to processor %d: %d ns, bound to none: %d to %d", round, []int{one, other}[i], ns, before, after)
			}
		}
	}
	x.rest(0)
}

// TestClockExec: the clock goes on, and it stays where it is when the thread has
// ended.
func TestClockExec(t *testing.T) {
	x := start(t)
	x.hire(1)
	c, err := OpenClock(x.proc.PID)
	must(t, err)
	defer c.Close()
	other, err := OpenClock(x.tid(1))
	must(t, err)
	defer other.Close()
	x.tell(0, opLoad, 0, 1)
	x.tell(1, opLoad, 0, 1000)
	last, err := other.Now()
	must(t, err)
	x.leave(1)
	if ended, err := other.Now(); err != nil || ended < last || last == 0 {
		t.Errorf("%d ns before the end, %d after; %v", last, ended, err)
	}
	before, err := c.Now()
	must(t, err)
	x.tell(0, opExec, 0, 1)
	if after, err := c.Now(); err != nil || after <= before {
		t.Errorf("%d ns before exec, %d after; %v", before, after, err)
	}
	if _, err := OpenClock(x.tid(1)); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
}

// TestClockRuntime compares a clock with the system's own of the calling thread.
func TestClockRuntime(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := OpenClock(0)
	must(t, err)
	defer c.Close()
	var from, at unix.Timespec
	must(t, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &from))
	for at = from; at.Nano() < from.Nano()+10e6; {
		must(t, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &at))
	}
	ns, err := c.Now()
	must(t, err)
	if took := at.Nano() - from.Nano(); ns < took*9/10 || ns > took*2 {
		t.Errorf("%d ns, the system's clock says %d", ns, took)
	}
}

func TestClockAllocates(t *testing.T) {
	c, err := OpenClock(0)
	must(t, err)
	if n := testing.AllocsPerRun(100, func() { _, err = c.Now() }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
	must(t, c.Close())
	must(t, c.Close())
	if _, err := c.Now(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
