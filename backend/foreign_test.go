package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

// foreignPoint is memory that nobody writes to.
func foreignPoint(t testing.TB, s *Session) hwbp.Point {
	t.Helper()
	addr := evalInt(t, s, "uintptr(&main.lonely)")
	return hwbp.Point{Addr: uint64(addr), Len: 8, Access: hwbp.Write}
}

// foreign is another user of a thread's debug registers.
func foreign(t testing.TB, tid int, p hwbp.Point) *perf.Event {
	t.Helper()
	e, err := perf.Open(tid, p, perf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// foreignCPU is one of a whole processor, beside which no other test runs. Other programs
// may: then it waits for its slot.
func foreignCPU(t testing.TB, p hwbp.Point) *perf.Event {
	t.Helper()
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	e, err := perf.OpenCPU(cpu, p)
	for deadline := time.Now().Add(testkit.Deadline / 4); errors.Is(err, perf.ErrNoSlot) && time.Now().Before(deadline); runtime.Gosched() {
		e, err = perf.OpenCPU(cpu, p)
	}
	var denied *perf.PermissionError
	if errors.As(err, &denied) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func threadsOf(t testing.TB, pid int) (tids []int) {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		tids = append(tids, tid)
	}
	return tids
}

// TestForeignOnOneThread: what is to be pinned and does not fit on some thread is
// refused, with the thread's id, and what fitted before is as it was.
func TestForeignOnOneThread(t *testing.T) {
	const n = 50
	eachDriver(t, func(t *testing.T) {
		s := crowd(t, "pairs", fmt.Sprint(n))
		runTo(t, s, "main.running")
		tid := int(evalInt(t, s, "main.tidB"))
		other := foreign(t, tid, foreignPoint(t, s))
		var all []*Watchpoint
		for i := range 3 {
			all = append(all, setWatch(t, s, fmt.Sprintf("main.b[%d]", i), Write, InMode(ModePinned), Report(count)))
		}
		var fe *ForeignError
		if _, err := s.Watch(context.Background(), "main.b[3]", Write, InMode(ModePinned)); !errors.As(err, &fe) || fe.Thread != tid || fe.Name != "main.b[3]" {
			t.Fatalf("a fourth: %v", err)
		}
		if _, err := s.Watch(context.Background(), "main.b[3]", Write, InMode(ModePinned), OnThread(tid)); !errors.As(err, &fe) || fe.Thread != tid {
			t.Fatalf("a fourth on that thread: %v", err)
		}
		setWatch(t, s, "main.a[0]", Write, OnThread(int(evalInt(t, s, "main.tidA"))), Report(count))
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		all = append(all, setWatch(t, s, "main.b[3]", Write, InMode(ModePinned), OnThread(tid), Report(count)))
		if err := s.Set(context.Background(), "main.start", "1"); err != nil {
			t.Fatal(err)
		}
		toTheEnd(t, s, 0)
		for _, w := range all {
			if st := w.Stats(); st.Hits != n || st.Coverage != Exact {
				t.Errorf("%s: %d hits of %d, %s (%s)", w.Expr(), st.Hits, n, st.Coverage, st.Reason)
			}
		}
	})
}

// TestForeignTakesTurnsAway: those that take turns have fewer slots to do it on, and all of
// them still do.
func TestForeignTakesTurnsAway(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := crowd(t, "turns", "1500")
		runTo(t, s, "main.turns")
		p := foreignPoint(t, s)
		for _, tid := range threadsOf(t, s.PID()) {
			for range 2 {
				foreign(t, tid, p)
			}
		}
		var all []*Watchpoint
		for i := range 8 {
			all = append(all, setWatch(t, s, cellName(i), Write, InMode(ModeSampled), Report(count)))
		}
		runTo(t, s, "main.finished")
		truth := uint64(evalInt(t, s, "main.rounds"))
		var sum float64
		for _, w := range all {
			st := w.Stats()
			sum += st.Share()
			if st.Hits == 0 || st.Hits > truth || st.Coverage != Partial || st.Reason == "" {
				t.Errorf("%s: %d hits of %d in %d turns, %s (%s)", w.Expr(), st.Hits, truth, st.Turns, st.Coverage, st.Reason)
			}
			if a := s.process.Board().Account(w.entry); !a.Short || a.Failed != 0 {
				t.Errorf("%s: short %v, failed on %d threads", w.Expr(), a.Short, a.Failed)
			}
			if st.Enabled != st.Running+st.Clean+st.Blind {
				t.Errorf("%s: %+v", w.Expr(), st)
			}
		}
		slots := 2.0
		if testDriver == "perf-safe" {
			slots-- // the breakpoint at the end has one
		}
		if sum > slots*1.05 || sum < slots*0.75 {
			t.Errorf("on %v slots they were on for %.2f of the time together", slots, sum)
		}
	})
}

// TestForeignCPU is about events of a processor, which take a slot of every thread.
func TestForeignCPU(t *testing.T) {
	testkit.AllSlots(t)
	t.Run("comes first", testForeignCPUFirst)
	t.Run("comes late", testForeignCPULate)
}

// New threads have a slot less as well; when the other goes everything is on again, without
// anybody asking.
func testForeignCPUFirst(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := crowd(t, "named", "100000", "3")
		runTo(t, s, "main.named")
		other := foreignCPU(t, foreignPoint(t, s))
		exact := setWatch(t, s, "main.tidA", Write, Report(count))
		var all []*Watchpoint
		stop := false
		var before []Stats
		calm := calm{}
		step := func(h *Hit) {
			switch st := all[0].Stats(); {
			case before == nil && st.Enabled > 150*time.Millisecond && st.Running > 0:
				for _, w := range all {
					before = append(before, w.Stats())
				}
				if err := other.Close(); err != nil {
					t.Error(err)
				}
			case before != nil && !stop && calm.lasts(all, 20*time.Millisecond):
				stop = true
				h.StopHere()
			}
		}
		for i := range 3 {
			all = append(all, setWatch(t, s, cellName(i), Write, InMode(ModeSampled), Report(step)))
		}
		stopAt(t, s.Continue, ReasonWatchpoint)
		var sum float64
		for i, st := range before {
			sum += st.Share()
			if st.Running == 0 || st.Coverage != Partial {
				t.Errorf("%s beside the other: %s, on for %v of %v", all[i].Expr(), st.Coverage, st.Running, st.Enabled)
			}
		}
		if sum > 2.1 {
			t.Errorf("two slots were left, and three were on for %.2f of the time together", sum)
		}
		if st := exact.Stats(); st.Coverage != Exact {
			t.Errorf("what fits beside the other: %s (%s)", st.Coverage, st.Reason)
		}
	})
}

// calm watches the blind times of watchpoints.
type calm map[*Watchpoint]Stats

// lasts reports whether none of them has been blind for so long, while it was enabled.
func (c calm) lasts(all []*Watchpoint, d time.Duration) bool {
	long := true
	for _, w := range all {
		st := w.Stats()
		if was, ok := c[w]; !ok || was.Blind != st.Blind {
			c[w] = st
		}
		long = long && st.Enabled-c[w].Enabled >= d
	}
	return long
}

// Whoever has all slots of a thread keeps an event of a processor out; what is exact stays
// so.
func testForeignCPULate(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := crowd(t, "pairs", "50")
		runTo(t, s, "main.running")
		p := foreignPoint(t, s)
		var all []*Watchpoint
		for i := range 4 {
			all = append(all, setWatch(t, s, fmt.Sprintf("main.a[%d]", i), Write, Report(count)))
		}
		_, err := perf.OpenCPU(0, p)
		var denied *perf.PermissionError
		if errors.As(err, &denied) {
			t.Skip(err)
		}
		if !errors.Is(err, perf.ErrNoSlot) {
			t.Fatalf("an event of a processor beside four of a thread: %v", err)
		}
		if err := s.Set(context.Background(), "main.start", "1"); err != nil {
			t.Fatal(err)
		}
		toTheEnd(t, s, 0)
		for _, w := range all {
			if st := w.Stats(); st.Hits != 50 || st.Coverage != Exact {
				t.Errorf("%s: %d hits, %s (%s)", w.Expr(), st.Hits, st.Coverage, st.Reason)
			}
		}
	})
}

// TestForeignComesAndGoes: another user grabs what it can get of every thread and lets go
// of it again, all the time.
func TestForeignComesAndGoes(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := crowd(t, "named", "600", "3")
		runTo(t, s, "main.named")
		p := foreignPoint(t, s)
		var all []*Watchpoint
		for i := range 3 {
			all = append(all, setWatch(t, s, cellName(i), Write, InMode(ModeSampled), Report(count)))
		}
		group, err := s.NewGroup(context.Background(), items(3, 5), InMode(ModeSampled), Report(count))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, group.Watchpoints()...)
		done := make(chan struct{})
		var grabbing sync.WaitGroup
		grabbing.Go(func() { grab(t, s.PID(), p, done) })
		runTo(t, s, "main.finished")
		close(done)
		grabbing.Wait()
		for i, w := range all {
			st, writes := w.Stats(), uint64(evalInt(t, s, cellName(i)))&(1<<40-1)
			if st.Hits > writes || st.Lost > 0 || st.Running == 0 {
				t.Errorf("%s: %d hits, %d lost of %d writes, on for %v", w.Expr(), st.Hits, st.Lost, writes, st.Running)
			}
			if st.Enabled != st.Running+st.Clean+st.Blind || st.Hits != writes && st.Coverage != Partial {
				t.Errorf("%s: %d hits of %d writes, %+v", w.Expr(), st.Hits, writes, st)
			}
		}
		if err := s.process.Board().Err(); err != nil {
			t.Error(err)
		}
	})
}

// grab opens and closes events on the threads of a process until done.
func grab(t *testing.T, pid int, p hwbp.Point, done <-chan struct{}) {
	tids := threadsOf(t, pid)
	for {
		var held []*perf.Event
		for _, tid := range tids {
			for range 4 {
				e, err := perf.Open(tid, p, perf.Options{Disabled: true})
				if err != nil {
					break
				}
				held = append(held, e)
			}
		}
		for _, e := range held {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// TestForeignIsTheReason: a watchpoint that another user keeps off says so.
func TestForeignIsTheReason(t *testing.T) {
	for _, c := range []struct {
		st   Stats
		a    lanes.Account
		want Coverage
	}{
		{Stats{Enabled: 10, Running: 6, Blind: 4}, lanes.Account{Failures: 1}, Partial},
		{Stats{Enabled: 10, Blind: 10}, lanes.Account{Failures: 1}, Void},
	} {
		c.st.judge(c.a, nil, false)
		if c.st.Coverage != c.want || c.st.Reason == "" {
			t.Errorf("%+v", c.st)
		}
	}
}
