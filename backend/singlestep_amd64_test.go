package backend

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// stepped is where what is exact is when there is neither a slot nor a page guard.
var stepped = []placement{
	{name: "steps, perf", driver: "perf", opts: behindGuards, guard: true, steps: true},
	{name: "steps, ptrace", driver: "ptrace", opts: behindGuards, guard: true, steps: true},
}

// singleStepped is where single steps take the place of guards.
var singleStepped = placementKind{"steps", func(p placement) bool { return p.steps }}

// TestSteppingConforms: the suite's scenarios, but for those that take too many steps.
func TestSteppingConforms(t *testing.T) {
	shorter := stringTheme
	shorter.scenarios = slices.DeleteFunc(slices.Clone(shorter.scenarios), func(sc scenario) bool { return strings.HasPrefix(sc.name, "copy of") })
	threads := threadTheme
	threads.scenarios = threads.scenarios[:1]
	themes := []theme{threads, kernelTheme, storeTheme, shorter}
	if testing.Short() {
		themes = themes[:1]
	}
	// A step is no driver's business: each theme runs on one, the next on the other.
	for i, th := range themes {
		t.Run(th.name, func(t *testing.T) {
			atPlacement(t, stepped[i%len(stepped)], func(t *testing.T, p placement) { conformAt(t, th, p) })
		})
	}
}

// TestStepping: single steps take the place of page guards only if they are permitted, and
// what they watch says so.
func TestStepping(t *testing.T) {
	for _, p := range stepped {
		atPlacement(t, p, func(t *testing.T, p placement) {
			s := launch(t, testkit.Debug, "twice", "20")
			runTo(t, s, "main.twice")
			var values []string
			w := setWatch(t, s, "main.x", Write, append(p.opts, Report(func(h *Hit) { values = append(values, h.New.String()) }))...)
			if st := w.Stats(); !st.Stepped || st.Guarded {
				t.Errorf("%+v", st)
			}
			toTheEnd(t, s, 0)
			st := w.Stats()
			if st.Hits != 40 || len(values) != 40 || st.Coverage != Exact || st.Faults < 40 {
				t.Errorf("%d hits, %d told, %s (%s), %d faults", st.Hits, len(values), st.Coverage, st.Reason, st.Faults)
			}
		})
	}
	for name, o := range map[string]Options{
		"not permitted": {NoGuards: true, Safe: SafeOff},
		"safe":          {NoGuards: true, AllowStepping: true, Safe: SafeOn},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Launch(context.Background(), LaunchConfig{Path: testkit.Scenarios(t, testkit.Debug), Args: []string{"twice", "1"}, Options: o})
			var denied *DriverError
			if errors.As(err, &denied) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var refused *GuardError
			if _, err := s.Watch(context.Background(), "main.x", Write, behindGuards...); !errors.As(err, &refused) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestNoObjectsByStepping: an assignment is more than an instruction. Plain memory of any
// size is watched as such.
func TestNoObjectsByStepping(t *testing.T) {
	atPlacement(t, stepped[0], func(t *testing.T, p placement) {
		ctx := context.Background()
		s := launch(t, testkit.Debug, "twice", "1")
		runTo(t, s, "main.twice")
		var not *ObjectError
		if _, err := s.Watch(ctx, "main.table", Write); !errors.As(err, &not) || !strings.Contains(err.Error(), "single steps") {
			t.Errorf("%v", err)
		}
		if _, err := s.Watchable(ctx, "main.table"); !errors.As(err, &not) {
			t.Errorf("%v", err)
		}
		if w := setWatch(t, s, "main.big", Write); w.Whole() || !w.Stats().Stepped {
			t.Errorf("%+v", w.Stats())
		}
	})
}

// TestSteppingEnds: when nothing is stepped for any more the program runs freely.
func TestSteppingEnds(t *testing.T) {
	atPlacement(t, stepped[0], func(t *testing.T, p placement) {
		s := launch(t, testkit.Debug, "twice", "300")
		runTo(t, s, "main.twice")
		w := setWatch(t, s, "main.x", Write, append(p.opts, If("new == 3"))...)
		stopAt(t, s.Continue, ReasonWatchpoint)
		if err := w.Remove(context.Background()); err != nil {
			t.Fatal(err)
		}
		was := w.Stats().Faults
		toTheEnd(t, s, 0)
		if st := w.Stats(); st.Faults != was {
			t.Errorf("%d faults, %d when it was removed", st.Faults, was)
		}
	})
}
