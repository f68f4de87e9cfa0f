package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func targetNames(list []StepTarget) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Function)
	}
	return names
}

func stepTargets(t *testing.T, s *Session) []StepTarget {
	t.Helper()
	list, err := s.StepTargets(context.Background(), Selected)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestStepInto steps into each call of a line in turn, and finds itself in the function
// with its arguments in place.
func TestStepInto(t *testing.T) {
	for _, c := range []struct {
		line, comment string
		targets       []string
		i             int
		in, caller    string
	}{
		{"both", "line", []string{"main.one", "main.two", "main.both"}, 0, "main.one", "main.work"},
		{"both", "line", []string{"main.one", "main.two", "main.both"}, 1, "main.two", "main.work"},
		{"both", "line", []string{"main.one", "main.two", "main.both"}, 2, "main.both", "main.work"},
		{"interface", "pointers", []string{"", ""}, 0, "main.(*square).area", "main.work"},
		{"closure", "pointers", []string{"", ""}, 1, "main.work.func1", "main.work"},
		{"generic", "generic", []string{"main.generic[go.shape.int]"}, 0, "main.generic[go.shape.int]", "main.work"},
		{"before a recursion", "recursive", []string{"main.down", "main.one"}, 1, "main.one", "main.down"},
		{"not made", "panics", []string{"main.fails", "main.one"}, 0, "main.fails", "main.recovers"},
		{"short circuit", "short", []string{"main.two", "main.one"}, 0, "main.two", "main.maybe"},
	} {
		t.Run(fmt.Sprint(c.line, c.i), func(t *testing.T) {
			s := atCall(t, fmt.Sprintf("calls/main.go:%d", lineSaying(t, "calls", c.comment)))
			list := stepTargets(t, s)
			if !slices.Equal(targetNames(list), c.targets) {
				t.Fatalf("targets %q, want %q", targetNames(list), c.targets)
			}
			g, _ := s.Stack(context.Background(), -1, 30)
			stop := stopAt(t, func(ctx context.Context) (Event, error) { return s.StepInto(ctx, list[c.i]) }, ReasonStep)
			frames, err := s.Stack(context.Background(), -1, 30)
			if err != nil || frames[0].Function != c.in || frames[1].Function != c.caller {
				t.Fatalf("in %v, %v; want %s called by %s", frames, err, c.in, c.caller)
			}
			if len(stop.Breakpoints) != 0 || stop.Breakpoint != nil {
				t.Errorf("at breakpoints %v", stop.Breakpoints)
			}
			if c.comment == "recursive" && len(frames) != len(g)+1 {
				t.Errorf("%d frames, %d before: in a call of its own", len(frames), len(g))
			}
			if _, err := s.StepInto(context.Background(), list[c.i]); !errors.Is(err, ErrStepTarget) {
				t.Errorf("stepping into what is behind: %v", err)
			}
		})
	}
}

// TestStepIntoNothing: a call that is not made ends the step where Next would.
func TestStepIntoNothing(t *testing.T) {
	for _, c := range []struct{ comment, want string }{{"panics", "main.work"}, {"short", "main.maybe"}} {
		t.Run(c.comment, func(t *testing.T) {
			s := atCall(t, fmt.Sprintf("calls/main.go:%d", lineSaying(t, "calls", c.comment)))
			list := stepTargets(t, s)
			stopAt(t, func(ctx context.Context) (Event, error) { return s.StepInto(ctx, list[len(list)-1]) }, ReasonStep)
			frames, err := s.Stack(context.Background(), -1, 5)
			if err != nil || frames[0].Function == "main.one" {
				t.Errorf("%v, %v", frames, err)
			}
			if frames[0].Function != c.want && frames[0].Function != "main.recovers.func1" && frames[0].Function != "main.recovers" {
				t.Errorf("in %s, want %s", frames[0].Function, c.want)
			}
		})
	}
}

// TestStepIntoStops: a breakpoint on the way ends the step, and nothing is left behind.
func TestStepIntoStops(t *testing.T) {
	s := atCall(t, fmt.Sprintf("calls/main.go:%d", lineSaying(t, "calls", "line")))
	list := stepTargets(t, s)
	b := setBreak(t, s, "main.one", "")
	stop := stopAt(t, func(ctx context.Context) (Event, error) { return s.StepInto(ctx, list[1]) }, ReasonBreakpoint)
	if stop.Breakpoint != b {
		t.Errorf("at %v, want %v", stop.Breakpoint, b)
	}
	if len(s.sites) != 1 || len(s.target.Breakpoints().M) != 1 {
		t.Errorf("%d sites, %d breakpoints, want 1", len(s.sites), len(s.target.Breakpoints().M))
	}
	if _, err := s.StepTargets(context.Background(), Scope{Goroutine: -1, Frame: 1}); err == nil {
		t.Error("an outer frame has targets")
	}
}

// TestStepIntoParked: a goroutine that waits cannot step.
func TestStepIntoParked(t *testing.T) {
	s := parked(t, testkit.Debug, "5")
	list, err := s.Goroutines(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range list {
		if g.Status == "waiting" && !g.System {
			if err := s.SelectGoroutine(context.Background(), g.ID); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if ev, err := s.StepInto(context.Background(), StepTarget{PC: 1}); !errors.Is(err, errStepParked) {
		t.Errorf("%v, %v", ev, err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint) // it is as it was
}
