package backend

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// conformance starts a scenario on its own; the program is at its beginning.
func conformance(t *testing.T, mode testkit.Mode, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "conformance", mode), args...)
	stopAt(t, s.Continue, ReasonHardcoded)
	return s
}

// watchAt sets a watchpoint at a placement.
func (p placement) watch(t *testing.T, s *Session, expr string, opts ...WatchOption) *Watchpoint {
	t.Helper()
	return setWatch(t, s, expr, Write, append(opts, p.opts...)...)
}

// stepping is a scenario that is stepped through.
type stepping struct {
	name     string
	run      []string
	function string // in which the steps are
	how      func(*Session, context.Context) (Event, error)
	hits     uint64
	stops    bool // hits stop the program
	kernel   bool // it is the kernel that writes
}

var steppings = []stepping{
	{"Next", []string{"stepped", "3"}, "main.stepped", (*Session).Next, 3, true, false},
	{"Next, told", []string{"stepped", "3"}, "main.stepped", (*Session).Next, 3, false, false},
	{"Next over read(2)", []string{"read", "3", "0", "8"}, "main.reads", (*Session).Next, 3, false, true},
	{"StepIn", []string{"stepped", "3"}, "main.stepped", (*Session).StepIn, 3, true, false},
	{"StepIn, told", []string{"stepped", "3"}, "main.stepped", (*Session).StepIn, 3, false, false},
	{"StepInstruction", []string{"stepped", "3"}, "main.stepped", stepInstruction, 3, true, false},
	{"StepInstruction, told", []string{"stepped", "3"}, "main.stepped", stepInstruction, 3, false, false},
	{"StepInstruction, REP", []string{"repmovsb", "1", "-32", "64"}, "main.repmovsb", stepInstruction, 8, true, false},
	{"StepInstruction, REP, told", []string{"repmovsb", "1", "-32", "64"}, "main.repmovsb", stepInstruction, 8, false, false},
}

// TestConformanceSteps: a write that is stepped over is one hit, once, however the steps are
// made; and steps are what they would be if a hit does not stop the program.
func TestConformanceSteps(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p placement) {
		var args []string
		for _, c := range steppings {
			args = append(append(args, c.run...), "--")
		}
		testkit.Watchdog(t)
		s := launchPath(t, testkit.Target(t, "conformance", testkit.Debug), args[:len(args)-1]...)
		for _, c := range steppings {
			stopAt(t, s.Continue, ReasonHardcoded)
			t.Run(c.name, func(t *testing.T) { c.test(t, s, p) })
			stopAt(t, s.Continue, ReasonHardcoded)
		}
		toTheEnd(t, s, 0)
	})
}

// test steps through a scenario, at the beginning of which the program is.
func (c *stepping) test(t *testing.T, s *Session, p placement) {
	runTo(t, s, c.function)
	var told uint64
	var opts []WatchOption
	if !c.stops {
		opts = append(opts, Report(func(*Hit) { told++ }))
	}
	w := p.watch(t, s, "main.area[64]", opts...)
	steps := 0
	for inside := true; inside; steps++ {
		ev, err := c.how(s, context.Background())
		stop, ok := ev.(*Stop)
		if err != nil || !ok || !c.stops && stop.Reason != ReasonStep || steps > 1000 {
			t.Fatalf("step %d: %v, %v", steps, ev, err)
		}
		if c.stops {
			told += uint64(len(stop.Hits))
		}
		if stop.Reason == ReasonWatchpoint && (len(stop.Hits) != 1 || stop.Hits[0].Number != told) {
			t.Errorf("step %d: hits %v, after %d", steps, stop.Hits, told)
		}
		inside = stop.Reason != ReasonStep || stop.Place.Function == c.function
	}
	want, coverage := c.hits, Exact
	if c.kernel && !seeing.has(p) {
		want, coverage = 0, Partial
	}
	if st := w.Stats(); st.Hits != want || told != want || st.Coverage != coverage || st.Lost != 0 {
		t.Errorf("%d hits, %d told, %d lost, %s (%s) in %d steps; want %d, %s", st.Hits, told, st.Lost, st.Coverage, st.Reason, steps, want, coverage)
	}
	if err := w.Remove(context.Background()); err != nil {
		t.Error(err)
	}
}

func stepInstruction(s *Session, ctx context.Context) (Event, error) {
	return s.StepInstruction(ctx, false)
}

// TestConformanceResize: a watchpoint on each size and offset of a word after the other, in
// the slots that the one before has left, sees what touches it and nothing else.
func TestConformanceResize(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p placement) {
		s := conformance(t, testkit.Optimized, "resize", "36")
		stopAt(t, s.Continue, ReasonHardcoded)
		base := evalInt(t, s, "uintptr(&main.area[64])")
		for size := 1; size <= 8; size++ {
			for off := 0; off+size <= 8; off++ {
				w := p.watch(t, s, fmt.Sprintf("*(*[%d]uint8)(%#x)", size, base+int64(off)), Report(count))
				stopAt(t, s.Continue, ReasonHardcoded)
				if st := w.Stats(); st.Hits != uint64(11+4*size) || st.Coverage != Exact {
					t.Errorf("%d bytes at %d: %d hits, %s (%s); want %d", size, off, st.Hits, st.Coverage, st.Reason, 11+4*size)
				}
				if err := w.Remove(context.Background()); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// TestConformanceTooMany: what does not fit is refused, and changes nothing; behind guards
// there is no end.
func TestConformanceTooMany(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p placement) {
		s := conformance(t, testkit.Optimized, "store8", "10", "0", "--", "store8", "10", "32")
		var ws []*Watchpoint
		for i := range 4 {
			ws = append(ws, p.watch(t, s, fmt.Sprintf("main.area[%d]", 64+i), Report(count)))
		}
		twin := p.watch(t, s, "main.area[64]", Report(count)) // the same memory needs no register more
		fifth, err := s.Watch(context.Background(), "main.area[68]", Write, append(p.opts, Report(count))...)
		var se *SlotsError
		if p.guard != (err == nil) || !p.guard && !errors.As(err, &se) {
			t.Fatalf("a fifth: %v", err)
		}
		stopAt(t, s.Continue, ReasonHardcoded)
		if err := ws[3].Remove(context.Background()); err != nil {
			t.Fatal(err)
		}
		if fifth == nil {
			fifth = p.watch(t, s, "main.area[68]", Report(count))
		}
		stopAt(t, s.Continue, ReasonHardcoded)
		stopAt(t, s.Continue, ReasonHardcoded)
		for i, w := range append(ws, twin, fifth) {
			want := uint64(0)
			if i == 0 || i > 3 {
				want = 10
			}
			if w == ws[0] || w == twin {
				want++ // clear, between the scenarios
			}
			if st := w.Stats(); st.Coverage != Exact || st.Hits < want {
				t.Errorf("%s: %d hits, %s (%s); want %d", w.Expr(), st.Hits, st.Coverage, st.Reason, want)
			}
		}
	})
}

// TestConformanceGrow: a local variable keeps its watchpoint when its stack moves.
func TestConformanceGrow(t *testing.T) {
	const n = 20
	eachPlacement(t, func(t *testing.T, p placement) {
		s := conformance(t, testkit.Debug, "grow", fmt.Sprint(n))
		stopAt(t, s.Continue, ReasonHardcoded)
		for stop := (*Stop)(nil); stop == nil || stop.Place.Function != "main.grow"; {
			stop = stopAt(t, s.StepOut, ReasonStep)
		}
		w := p.watch(t, s, "local", Report(func(h *Hit) {
			if h.PlaceErr != nil || h.Place.Function != "main.grow" {
				t.Errorf("hit %v (%v)", h, h.PlaceErr)
			}
		}))
		if stop := stopAt(t, s.Continue, ReasonScopeEnd); len(stop.Ended) != 1 || stop.Ended[0] != w {
			t.Errorf("ended: %v", stop.Ended)
		}
		if st := w.Stats(); st.Hits != 2*n || st.Coverage != Exact {
			t.Errorf("%d hits, %s (%s); want %d", st.Hits, st.Coverage, st.Reason, 2*n)
		}
	})
}

// TestConformanceExec: what the new program does at the same address is no hit.
func TestConformanceExec(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p placement) {
		s := conformance(t, testkit.Optimized, "exec", "10")
		w := p.watch(t, s, "main.area[64]", Report(count))
		ev, err := s.Continue(context.Background())
		exec, ok := ev.(*Exec)
		if err != nil || !ok {
			t.Fatalf("%v, %v", ev, err)
		}
		if exit := exec.Wait(context.Background()); exit == nil || exit.Status != 0 || exit.Signal != "" {
			t.Errorf("the new program: %v", exit)
		}
		if st := w.Stats(); st.Hits != 10 || st.Coverage != Exact {
			t.Errorf("%d hits, %s (%s); want 10", st.Hits, st.Coverage, st.Reason)
		}
	})
}
