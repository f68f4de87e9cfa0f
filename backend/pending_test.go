package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

const lifeFile = "../internal/testkit/targets/life/main.go"

// TestPending: breakpoints wait for a program that is followed later, in which they are
// before it runs; what is wrong with them otherwise is told at once.
func TestPending(t *testing.T) {
	ctx := context.Background()
	life := testkit.Target(t, "life", testkit.Debug)
	s := launchStops(t, testkit.Debug, "run", "3", life, "say", "HOME")
	follow(t, s, "")
	var told []*Followed
	if err := s.OnFollow(ctx, func(f *Followed) { told = append(told, f) }); err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprintf("life/main.go:%d", lineNumber(t, lifeFile, "os.Getwd()"))
	if _, err := s.Break(ctx, at, ""); !errors.Is(err, ErrNoPlace) {
		t.Errorf("a place that is not there: %v", err)
	}
	for _, wrong := range []string{"String", "life/main.go:x", "*0x10", "/(/"} {
		if b, err := s.Break(ctx, wrong, "", Pending()); err == nil || errors.Is(err, ErrNoPlace) {
			t.Errorf("%q waits: %v, %v", wrong, b, err)
		}
	}
	b := setBreakWith(t, s, at, "", Pending(), HitCondition("!= 2"))
	if len(b.Places) != 0 || !errors.Is(b.Absent, ErrNoPlace) {
		t.Errorf("it has places %v, absent %v", b.Places, b.Absent)
	}
	nowhere := setBreakWith(t, s, "nowhere.go:1", "", Pending())
	gone := setBreakWith(t, s, at, "", Pending())
	if err := gone.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 { // in the first and the third
		stop := stopAt(t, s.Continue, ReasonBreakpoint)
		if stop.Breakpoint != b || stop.PID == s.PID() || stop.Place.Function != "main.main" {
			t.Errorf("%v in process %d, breakpoint %v", stop, stop.PID, stop.Breakpoint)
		}
	}
	ran := setBreakWith(t, s, fmt.Sprintf("stops/main.go:%d", lineNumber(t, stopsFile, "// ran")), "") // while the child is looked at
	if stop := stopAt(t, s.Continue, ReasonBreakpoint); stop.Breakpoint != ran || stop.PID != s.PID() {
		t.Errorf("%v in process %d, breakpoint %v", stop, stop.PID, stop.Breakpoint)
	}
	if len(told) != 3 {
		t.Fatalf("%d programs were told of", len(told))
	}
	for i, f := range told {
		if f.PID == s.PID() || f.CommandLine != life+" say HOME" || len(f.Found) > 0 != (i == 0) {
			t.Errorf("program %d: %+v", i, f)
		}
	}
	if found := told[0].Found; len(found) != 1 || found[0].Breakpoint != b || len(found[0].Places) != 1 || !strings.HasSuffix(found[0].Places[0].File, "life/main.go") {
		t.Errorf("found: %+v", found)
	}
	if n := hitsOf(t, b); n != 3 {
		t.Errorf("%d hits", n)
	}
	if n := hitsOf(t, nowhere); n != 0 {
		t.Errorf("%d hits of what is nowhere", n)
	}
	if err := s.OnFollow(ctx, nil); err != nil {
		t.Error(err)
	}
}

// TestPendingRemoved: one that has been taken away waits no longer, and one that is
// disabled lets the program pass.
func TestPendingRemoved(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "run", "2", testkit.Target(t, "life", testkit.Debug), "say", "HOME")
	follow(t, s, "")
	at := fmt.Sprintf("life/main.go:%d", lineNumber(t, lifeFile, "os.Getwd()"))
	var waiting []*Breakpoint
	for range 2 {
		waiting = append(waiting, setBreakWith(t, s, at, "", Pending()))
	}
	if err := waiting[0].Remove(ctx); err != nil {
		t.Fatal(err)
	}
	if err := waiting[1].Enable(ctx, false); err != nil {
		t.Fatal(err)
	}
	if ev, err := s.Continue(ctx); err != nil || ev.(*Exit).Status != 0 {
		t.Errorf("%v, %v", ev, err)
	}
}

// TestEnable: a breakpoint that is disabled stops nothing and counts nothing; enabled again
// it goes on counting.
func TestEnable(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "loop", "10")
	b := setBreakWith(t, s, stopsLine(t, "// round"), "")
	other := setBreakWith(t, s, stopsLine(t, "// add"), "i == 4")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Enable(ctx, false); err != nil {
		t.Fatal(err)
	}
	if stop := stopAt(t, s.Continue, ReasonBreakpoint); !slices.Equal(stop.Breakpoints, []*Breakpoint{other}) {
		t.Errorf("stopped by %v", stop.Breakpoints)
	}
	if err := b.Change(ctx, "", "== 2"); err != nil {
		t.Fatal(err)
	}
	if err := b.Enable(ctx, true); err != nil {
		t.Fatal(err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	if i := evalHere(t, s, "i"); i != "5" || hitsOf(t, b) != 2 {
		t.Errorf("stopped in round %s after %d hits", i, hitsOf(t, b))
	}
}
