package backend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestEvalAtHit: whoever is told of a hit can ask for what is there, until it runs on.
func TestEvalAtHit(t *testing.T) { eachDriver(t, testEvalAtHit) }

func testEvalAtHit(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	var got []string
	var late *Hit
	setWatch(t, s, "main.x", Write, Report(func(h *Hit) {
		v, err := h.Evaluate("i", Load{})
		if err != nil {
			t.Error(err)
			return
		}
		sum, err := h.Eval("a + main.x")
		if err != nil {
			t.Error(err)
		}
		if _, err := h.Eval("nowhere"); err == nil {
			t.Error("a name that is not there was evaluated")
		}
		got = append(got, fmt.Sprint(v.Type, v.Value, ":", sum))
		late = h
		if len(got) == 6 {
			h.StopHere()
		}
	}))
	stopAt(t, s.Continue, ReasonWatchpoint)
	if want := "int0:0 int0:0 int1:2 int1:0 int2:4 int2:0"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if _, err := late.Eval("i"); err == nil {
		t.Error("evaluated when it was over")
	}
	if i := evalHere(t, s, "i"); i != "2" {
		t.Errorf("stopped with i = %s", i)
	}
	toTheEnd(t, s, 0)
}

// TestReachedVariables: what is read at a log point is a variable as any other, for as
// long as the program stands there.
func TestReachedVariables(t *testing.T) {
	s := launchStops(t, testkit.Debug, "names", "1")
	seen := 0
	var kept *Variable
	setBreakWith(t, s, "main.(*owner).Set", "", OnReach(func(r *Reached) bool {
		seen++
		v, err := r.Evaluate("o", Load{})
		if err != nil || v.Type != "*main.owner" || v.Value != "*main.owner {Name: 0, Age: 0}" {
			t.Errorf("%+v, %v", v, err)
		}
		kept = v
		return false
	}))
	last := setBreakWith(t, s, "main.larger", "")
	if stop := stopAt(t, s.Continue, ReasonBreakpoint); stop.Breakpoint != last || seen != 1 {
		t.Errorf("%v, seen %d", stop, seen)
	}
	if _, err := s.Children(context.Background(), kept, 0, 0, Load{}); err == nil {
		t.Error("a variable of a place that the program has left was read")
	}
}
