package backend

import (
	"context"
	"go/parser"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestOnlyFor(t *testing.T) {
	for text, want := range map[string]int64{
		"runtime.curg.goid == 7":                                                      7,
		"runtime.curg.goid == 7 && runtime.frameoff == -120":                          7,
		"runtime.frameoff == -120 && runtime.curg.goid == 1099511627776":              1 << 40,
		"runtime.frameoff == 1 && (runtime.curg.goid == 7 || runtime.curg.goid == 8)": 0,
		"runtime.curg.goid == 7 || true":                                              0,
		"runtime.curg.goid != 7":                                                      0,
		"runtime.curg.goid > 7":                                                       0,
		"runtime.curg.parentGoid == 7":                                                0,
		"runtime.threadid == 7":                                                       0,
		"main.curg.goid == 7":                                                         0,
		"runtime.g.goid == 7":                                                         0,
		"goid == 7":                                                                   0,
		"runtime.curg.goid == x":                                                      0,
		"runtime.curg.goid == 99999999999999999999":                                   0,
		"true": 0,
	} {
		cond, err := parser.ParseExpr(text)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := onlyFor(cond); ok != (want != 0) || ok && id != want {
			t.Errorf("%s: %d, %v; want %d", text, id, ok, want)
		}
	}
	if id, ok := onlyFor(nil); ok {
		t.Error("no condition is for", id)
	}
}

// TestOthersStep: a goroutine that comes to a breakpoint of another's step runs on without
// Delve being asked, and its own is always asked about. Delve stops where
// a condition cannot be evaluated, as those cannot that are set here.
func TestOthersStep(t *testing.T) {
	for _, c := range []struct {
		name, cond string
		asked      bool
		kind       proc.BreakpointKind
	}{
		{"another's", "runtime.nothing == 1 && runtime.curg.goid == 1099511627776", false, proc.NextBreakpoint},
		{"its own", "runtime.nothing == 1 && runtime.curg.goid == 1", true, proc.NextBreakpoint},
		{"anybody's", "runtime.nothing == 1", true, proc.NextBreakpoint},
		{"into", "runtime.nothing == 1 && runtime.curg.goid == 1099511627776", false, proc.StepBreakpoint},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := launch(t, testkit.Debug, "twice", "50")
			b := setBreak(t, s, "main.twice", "")
			stopAt(t, s.Continue, ReasonBreakpoint)
			if err := b.Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
			var at uint64 // in its loop
			for range 3 {
				at = stopAt(t, s.Next, ReasonStep).Place.PC
			}
			cond, err := parser.ParseExpr(c.cond)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.do(context.Background(), func() error {
				_, err := s.target.SetBreakpoint(0, at, c.kind, cond)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			ev, err := s.Continue(context.Background())
			if _, exited := ev.(*Exit); err != nil || exited == c.asked {
				t.Errorf("%v, %v", ev, err)
			}
		})
	}
}

// TestStepAmongOthers: a step ends on its own goroutine, on one line after the other, however
// many others run the same lines meanwhile.
func TestStepAmongOthers(t *testing.T) {
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "crowd", testkit.Debug), "named", "60000", "4")
	b := setBreak(t, s, "main.named.func1", "")
	first := stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for range 60 {
		stop := stopAt(t, s.Next, ReasonStep)
		if stop.Goroutine.ID != first.Goroutine.ID || stop.Place.Function != first.Place.Function {
			t.Fatalf("%v of %v, from %v", stop.Place, stop.Goroutine, first.Goroutine)
		}
		seen[stop.Place.Line]++
	}
	if len(seen) < 3 {
		t.Errorf("lines %v", seen)
	}
}
