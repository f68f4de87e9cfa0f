package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestLocations: what a location means, in how many places.
func TestLocations(t *testing.T) {
	for _, c := range []struct {
		mode     testkit.Mode
		location string
		function string // of the first place
		places   int
	}{
		{testkit.Debug, "main.step", "main.step", 1},
		{testkit.Debug, "step", "main.step", 1},
		{testkit.Debug, "main.(*owner).Set", "main.(*owner).Set", 1},
		{testkit.Debug, "main.owner.Set", "main.(*owner).Set", 1},
		{testkit.Debug, "(*owner).Set", "main.(*owner).Set", 1},
		{testkit.Debug, "owner.Set", "main.(*owner).Set", 1},
		{testkit.Debug, "owner.Get", "main.owner.Get", 1}, // and not the wrapper for *owner
		{testkit.Debug, "main.larger", "main.larger[go.shape.int]", 2},
		{testkit.Debug, "main.(*stack).push", "main.(*stack[go.shape.int]).push", 1},
		{testkit.Debug, "stack.push", "main.(*stack[go.shape.int]).push", 1},
		{testkit.Debug, `/^main\.(step|use)$/`, "main.step", 2},
		{testkit.Debug, "main.loop:2", "main.loop", 1},
		{testkit.Debug, "main.push", "main.(*stack[go.shape.int]).push", 1},
		{testkit.Debug, "/os/exec.Command", "os/exec.Command", 1},
		{testkit.Debug, "workers.func1", "main.workers.func1", 1},
		{testkit.Debug, stopsLine(t, "// round"), "main.loop", 1},
		{testkit.Optimized, "main.(*owner).Set", "", 2}, // both of its calls are inlined
	} {
		t.Run(c.location, func(t *testing.T) {
			s := launchStops(t, c.mode, "names", "2")
			b := setBreakWith(t, s, c.location, "")
			if len(b.Places) != c.places {
				t.Fatalf("%d places: %v", len(b.Places), b.Places)
			}
			if c.mode == testkit.Debug && b.Places[0].Function != c.function {
				t.Errorf("it is %s", b.Places[0])
			}
		})
	}
}

// TestWrongLocations: what is wrong is said, and what may have been meant.
func TestWrongLocations(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "2")
	step := setBreakWith(t, s, "main.step", "").Places[0].PC
	nothing := lineNumber(t, stopsFile, "// nothing")
	for loc, want := range map[string]string{
		"main.stp":                         "did you mean main.step?",
		"nowhere.go:3":                     "no source file nowhere.go",
		"main.go:0":                        "is not a line",
		"stops/main.go:999999":             "could not find statement at main.go:999999, nor in the 200 lines behind it",
		fmt.Sprintf("main.go:%d", nothing): fmt.Sprintf("could not find statement at main.go:%d; the next line with one is %d", nothing, nothing+2),
		"*0x10":                            "there is no code at 0x10",
		fmt.Sprintf("*%d", step+1):         "no instruction begins at",
		"/^nothing matches$/":              "no function matches",
		"/(/":                              "missing closing )",
		"/./":                              "more than 1000",
		"String":                           "give more of the name",
		"main.loop:99999":                  "main.loop:99999",
		"":                                 `location "" not found`,
		"/fakeFunction":                    `location "fakeFunction" not found`,
		"main.loop:-1":                     "line offset negative or not a number",
		"main.Wait":                        `location "main.Wait" not found`, // another package's method
		"sync.Lock":                        `location "sync.Lock" ambiguous`,
	} {
		_, err := s.Break(context.Background(), loc, "")
		var wrong *ExprError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", loc, err, want)
		}
	}
}

// TestNextStatement moves to the next line that has code.
func TestNextStatement(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "2")
	nothing := lineNumber(t, stopsFile, "// nothing")
	b := setBreakWith(t, s, fmt.Sprintf("stops/main.go:%d", nothing), "", NextStatement())
	if len(b.Places) != 1 || b.Places[0].Line != nothing+2 {
		t.Fatalf("it is at %v, want line %d", b.Places, nothing+2)
	}
	if stop := stopAt(t, s.Continue, ReasonBreakpoint); stop.Place.Line != nothing+2 {
		t.Errorf("stopped at %s", stop.Place)
	}
	round := lineNumber(t, stopsFile, "// round")
	b = setBreakWith(t, s, fmt.Sprintf("stops/main.go:%d", round), "", NextStatement())
	if b.Places[0].Line != round {
		t.Errorf("a line with code was left for %v", b.Places)
	}
}

// TestRegexpStops: each function that matches stops.
func TestRegexpStops(t *testing.T) {
	s := launchStops(t, testkit.Debug, "names", "1")
	setBreakWith(t, s, `/^main\.(\(\*stack|larger|owner)/`, "")
	var got []string
	for ev, err := range s.Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if stop, ok := ev.(*Stop); ok {
			got = append(got, stop.Place.Function)
		}
	}
	want := "main.owner.Get main.owner.Get main.larger[go.shape.int] main.(*stack[go.shape.int]).push"
	if strings.Join(got, " ") != want {
		t.Errorf("stopped in %v, want %s", got, want)
	}
}

// TestAddress: an instruction that is stepped to can be broken at.
func TestAddress(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "3")
	setBreakWith(t, s, "main.step", "", HitCondition("1"))
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if _, err := s.StepInstruction(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	threads, err := s.Threads(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, th := range threads {
		if th.ID == stop.Thread {
			b := setBreakWith(t, s, fmt.Sprintf("*%#x", th.Place.PC), "i > 0")
			if stop := stopAt(t, s.Continue, ReasonBreakpoint); stop.Place.PC != th.Place.PC || stop.Breakpoint != b {
				t.Errorf("stopped at %#x, want %#x", stop.Place.PC, th.Place.PC)
			}
		}
	}
}
