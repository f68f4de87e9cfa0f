package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestSetModeWhileRunning: a watchpoint that gives way and comes back, again and again
// while it is hit, misses nothing.
func TestSetModeWhileRunning(t *testing.T) {
	const n = 600
	eachDriver(t, func(t *testing.T) {
		ctx := context.Background()
		s := launch(t, testkit.Optimized, "twice", fmt.Sprint(n))
		w := setWatch(t, s, "main.x", Write, Report(count))
		halves := make(chan bool, 1)
		setWatch(t, s, "main.x", Write, WithHitCondition(fmt.Sprint(n)), Report(func(*Hit) { halves <- true }))
		changed := make(chan int)
		go func() {
			rounds := 0
			for {
				mode := []Mode{ModeSampled, ModeExact}[rounds%2]
				if err := s.SetMode(ctx, mode, w); err != nil {
					if !errors.Is(err, ErrEnded) {
						t.Errorf("round %d: %v", rounds, err)
					}
					changed <- rounds
					return
				}
				if got := w.Stats().Mode; got != mode {
					t.Errorf("it is %s, and not %s", got, mode)
				}
				rounds++
			}
		}()
		toTheEnd(t, s, 0)
		if rounds := <-changed; rounds < 4 {
			t.Errorf("the mode changed %d times only", rounds)
		}
		if len(halves) != 1 {
			t.Error("the other watchpoint on the same memory was not hit")
		}
		st := w.Stats()
		if st.Hits != 2*n || st.Coverage != Exact && st.Coverage != Covered || st.Enabled != st.Running+st.Clean+st.Blind {
			t.Errorf("%d hits of %d: %s (%s), %v = %v + %v + %v", st.Hits, 2*n, st.Coverage, st.Reason, st.Enabled, st.Running, st.Clean, st.Blind)
		}
	})
}

// TestSetModeAllOrNone: five cannot be pinned, and then go on as they were.
func TestSetModeAllOrNone(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		ctx := context.Background()
		s := crowd(t, "turns", "100")
		var five []*Watchpoint
		for i := range 5 {
			five = append(five, setWatch(t, s, cellName(i), Write, InMode(ModeSampled), Report(count)))
		}
		err := s.SetMode(ctx, ModePinned, five...)
		var full *SlotsError
		if !errors.As(err, &full) {
			t.Fatalf("five pinned: %v", err)
		}
		for _, w := range five {
			if st := w.Stats(); st.Mode != ModeSampled {
				t.Errorf("%s is %s", w.Expr(), st.Mode)
			}
		}
		if err := five[4].Remove(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.SetMode(ctx, ModePinned, five...); err != nil { // one has ended
			t.Fatal(err)
		}
		if err := s.SetMode(ctx, "never", five...); err == nil {
			t.Error("there is no such mode")
		}
		runTo(t, s, "main.finished")
		for _, w := range five[:4] {
			if st := w.Stats(); st.Hits == 0 || st.Coverage != Exact || st.Mode != ModePinned {
				t.Errorf("%s: %d hits, %s, %s (%s)", w.Expr(), st.Hits, st.Mode, st.Coverage, st.Reason)
			}
		}
	})
}

// TestChangeOfLocal: a local variable keeps its watchpoint, and that its figures, through
// changes of mode and of conditions.
func TestChangeOfLocal(t *testing.T) {
	const n = 40
	eachDriver(t, func(t *testing.T) {
		ctx := context.Background()
		s := launch(t, testkit.Debug, "locals", fmt.Sprint(n))
		runTo(t, s, "main.locals:2")
		w := setWatch(t, s, "sum", Write)
		if err := w.Change(ctx, "i == 10", ""); err != nil {
			t.Fatal(err)
		}
		if err := w.Change(ctx, "sum", ""); err == nil {
			t.Error("a number is no condition")
		}
		hit := func(i, total string) {
			t.Helper()
			ev, err := s.Continue(ctx)
			if stop, ok := ev.(*Stop); err != nil || !ok || len(stop.Hits) != 1 || stop.Hits[0].New.String() != total {
				t.Fatalf("at %s: %v, %v", i, ev, err)
			}
		}
		hit("10", "55")
		if err := s.SetMode(ctx, ModeSampled, w); err != nil {
			t.Fatal(err)
		}
		if err := w.Change(ctx, "i > 18", "== 3"); err != nil {
			t.Fatal(err)
		}
		before := w.Stats()
		hit("20", "210")
		if err := w.Change(ctx, "", "never"); err == nil {
			t.Error("never is no count")
		}
		if err := s.SetMode(ctx, ModeExact, w); err != nil {
			t.Fatal(err)
		}
		if st := w.Stats(); st.Hits <= before.Hits || st.Mode != ModeExact || st.Enabled < before.Enabled || st.Coverage == Partial {
			t.Errorf("from %+v to %+v", before, st)
		}
		if err := w.Change(ctx, "", fmt.Sprint("> ", n*n)); err != nil {
			t.Fatal(err)
		}
		ev, err := s.Continue(ctx)
		if stop, ok := ev.(*Stop); err != nil || !ok || !slices.Contains(stop.Ended, w) {
			t.Fatalf("the end of its scope: %v, %v", ev, err)
		}
		if st := w.Stats(); st.Hits < n-1 || st.Hits > n+1 {
			t.Errorf("%d hits of about %d", st.Hits, n)
		}
	})
}

// TestSetModeInKernel: what takes turns is judged where the thread stops, and by the kernel
// when it has its register back. The counts go on.
func TestSetModeInKernel(t *testing.T) {
	eachFilteringDriver(t, func(t *testing.T) {
		ctx := context.Background()
		s := launch(t, testkit.Optimized, "twice", "100")
		runTo(t, s, "main.twice")
		var told []string
		w := setWatch(t, s, "main.x", Write, InMode(ModeSampled), If("new > 0"), Every(10), Report(func(h *Hit) { told = append(told, h.New.String()) }))
		for i, mode := range []Mode{ModeSampled, ModeExact, ModeSampled, ModeExact} {
			if err := s.SetMode(ctx, mode, w); err != nil {
				t.Fatal(err)
			}
			if in, why := w.InKernel(); in != (mode == ModeExact) || !in && why != errTurns.Error() {
				t.Errorf("%d, %s: %v %s", i, mode, in, why)
			}
			for range 50 {
				if _, err := s.StepInstruction(ctx, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		toTheEnd(t, s, 0)
		st := w.Stats()
		if st.Lost+st.Unseen > 0 {
			t.Skipf("the processor has lost a hit: %+v", st)
		}
		if want := []string{"10", "20", "30", "40", "50", "60", "70", "80", "90"}; !slices.Equal(told, want) || st.Hits != 200 || st.Unstopped == 0 {
			t.Errorf("%v, %+v", told, st)
		}
	})
}
