package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestExceptions: which are caught, and what is said of them.
func TestExceptions(t *testing.T) {
	for _, c := range []struct {
		how         string
		reason      Reason
		id          string
		description string
		function    string // on the stack
	}{
		{"text", ReasonPanic, UnrecoveredPanic, "out of money", "main.panics"},
		{"error", ReasonPanic, UnrecoveredPanic, "wrapped: inner", "main.panics"},
		{"value", ReasonPanic, UnrecoveredPanic, "main.odd {Code: 7}", "main.panics"},
		{"index", ReasonPanic, UnrecoveredPanic, "runtime error: index out of range [3] with length 0", "main.panics"},
		{"nil", ReasonPanic, UnrecoveredPanic, "runtime error: invalid memory address or nil pointer dereference", "main.(*owner).Set"},
		{"deadlock", ReasonFatal, FatalThrow, "all goroutines are asleep - deadlock!", "runtime.fatal"},
	} {
		t.Run(c.how, func(t *testing.T) {
			s := launchStops(t, testkit.Debug, "panic", c.how)
			ctx := context.Background()
			if e, err := s.Exception(ctx); e != nil || err != nil {
				t.Errorf("before the run: %v, %v", e, err)
			}
			if err := s.CatchPanics(ctx, true, true); err != nil {
				t.Fatal(err)
			}
			stop := stopAt(t, s.Continue, c.reason)
			if stop.Breakpoint != nil || len(stop.Breakpoints) != 0 {
				t.Errorf("a breakpoint of nobody's: %v", stop.Breakpoints)
			}
			e, err := s.Exception(ctx)
			if err != nil || e == nil {
				t.Fatalf("%v, %v", e, err)
			}
			if e.ID != c.id || e.Description != c.description || e.Goroutine != stop.Goroutine {
				t.Errorf("%+v, want %s %q in %v", e, c.id, c.description, stop.Goroutine)
			}
			found := false
			for _, f := range e.Stack {
				found = found || f.Function == c.function
			}
			if !found {
				t.Errorf("%s is not on the stack %v", c.function, e.Stack)
			}
			toTheEnd(t, s, 2)
		})
	}
}

// TestCatchPanicsSwitch: exceptions that nobody wants, and panics that are recovered, end
// or let run as without a debugger.
func TestCatchPanicsSwitch(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		how                string
		unrecovered, fatal bool
		status             int
	}{{"text", false, true, 2}, {"deadlock", true, false, 2}, {"recovered", true, true, 0}} {
		t.Run(c.how, func(t *testing.T) {
			s := launchStops(t, testkit.Debug, "panic", c.how)
			for _, on := range []bool{true, false, true} { // at any time, and again
				if err := s.CatchPanics(ctx, on, on); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.CatchPanics(ctx, c.unrecovered, c.fatal); err != nil {
				t.Fatal(err)
			}
			toTheEnd(t, s, c.status)
		})
	}
}

// TestExceptionBesideBreakpoint: a breakpoint where exceptions are caught is one, and is
// left when they are not caught any more.
func TestExceptionBesideBreakpoint(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "panic", "text")
	if err := s.CatchPanics(ctx, true, true); err != nil {
		t.Fatal(err)
	}
	b := setBreakWith(t, s, "runtime.fatalpanic", "")
	if err := s.CatchPanics(ctx, false, false); err != nil {
		t.Fatal(err)
	}
	if err := s.CatchPanics(ctx, true, false); err != nil {
		t.Fatal(err)
	}
	stop := stopAt(t, s.Continue, ReasonPanic)
	if stop.Breakpoint != b || !strings.HasPrefix(stop.Place.Function, "runtime.") {
		t.Errorf("%v at %s", stop.Breakpoint, stop.Place)
	}
	toTheEnd(t, s, 2)
}
