package backend

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestWatchable: what is said beforehand is what Watch does.
func TestWatchable(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "loop", "5")
	setBreakWith(t, s, stopsLine(t, "// used"), "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	for _, c := range []struct {
		expr, typ, qualified string
		slots                int
		local                bool
	}{
		{"main.total", "int", "main.total", 1, false},
		{"total", "int", "main.total", 1, false},
		{"account.Owner", "*main.owner", "main.account.Owner", 1, false},
		{"main.account.Balance[1]", "int64", "main.account.Balance[1]", 1, false},
		{"account.Balance", "[2]int64", "main.account.Balance", 2, false},
		{"(main.account).Balance[0]", "int64", "(main.account).Balance[0]", 1, false},
		{`"main".total`, "int", `"main".total`, 1, false},
		{"main.account.Owner.Age", "int64", "", 1, false}, // by a pointer, which may change
		{"*main.account.Owner", "main.owner", "", 2, false},
		{"local", "int", "", 1, true},
		{"main.account.Balance[i]", "int64", "", 1, false},
	} {
		w, err := s.Watchable(ctx, c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if w.Type != c.typ || w.Qualified != c.qualified || w.Package != (c.qualified != "") || w.Local != c.local || w.Slots != c.slots || w.FreeSlots != 4 || !w.WouldFit(ModeExact) {
			t.Errorf("%s: %+v, want %+v", c.expr, w, c)
		}
		for _, a := range []Access{Write, ReadWrite, Read} {
			set, err := s.Watch(ctx, c.expr, a)
			if said := slices.Contains(w.Accesses, a); said != (err == nil) {
				t.Errorf("%s, access %v: %v is said, and watching it: %v", c.expr, a, w.Accesses, err)
			}
			if err != nil {
				continue
			}
			if set.Addr() != w.Addr || set.Size() != w.Size || set.Type() != w.Type {
				t.Errorf("%s: %#x, %d bytes, %s; said was %+v", c.expr, set.Addr(), set.Size(), set.Type(), w)
			}
			if err := set.Remove(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	w, err := s.Watchable(ctx, "mine.Age", InScope(-1, 1))
	if err != nil || w.Package || w.Local || w.Qualified != "" || w.Type != "int64" {
		t.Errorf("a variable of a function's that is on the heap: %+v, %v", w, err)
	}
	if n := len(s.Watchpoints()); n != 0 {
		t.Errorf("%d watchpoints were set", n)
	}
	var wrong *ExprError
	var whole *ObjectError
	var large *SlotsError
	if _, err := s.Watchable(ctx, "main.acount"); !errors.As(err, &wrong) {
		t.Errorf("a misspelt name: %v", err)
	}
	s2 := launch(t, testkit.Debug, "twice", "1")
	switch w, err := s2.Watchable(ctx, "main.name"); {
	case err == nil:
		if w.Guard != nil || !w.Guarded || w.Slots != 0 || !w.WouldFit(ModeExact) || w.WouldFit(ModePinned) || !slices.Equal(w.Accesses, []Access{Write}) {
			t.Errorf("a string: %+v", w)
		}
	case !errors.As(err, &whole):
		t.Errorf("a string without page guards: %v", err)
	}
	if _, err := s2.Watchable(ctx, "main.name", InMode(ModePinned)); !errors.As(err, &whole) {
		t.Errorf("a string in debug registers: %v", err)
	}
	switch w, err := s2.Watchable(ctx, "main.big"); {
	case err == nil:
		if w.Guard != nil || w.Slots != 0 || !w.WouldFit(ModeExact) || w.WouldFit(ModePinned) || w.WouldFit(ModeSampled) || !slices.Equal(w.Accesses, []Access{Write}) {
			t.Errorf("nine words: %+v", w)
		}
	case !errors.As(err, &large) || !strings.Contains(err.Error(), "too large"):
		t.Errorf("nine words without page guards: %v", err)
	}
}

// TestWatchableWhenFull: what others hold is not there to be had, unless in turns.
func TestWatchableWhenFull(t *testing.T) { eachDriver(t, testWatchableWhenFull) }

func testWatchableWhenFull(t *testing.T) {
	ctx := context.Background()
	s := launch(t, testkit.Debug, "twice", "1")
	check := func(free int, exact, sampled bool) {
		t.Helper()
		w, err := s.Watchable(ctx, "main.wide") // two registers
		if err != nil {
			t.Fatal(err)
		}
		if w.FreeSlots != free || w.WouldFit(ModeExact) != (exact || w.Guard == nil) || w.WouldFit(ModePinned) != exact || w.WouldFit(ModeSampled) != sampled {
			t.Errorf("%d free, exact %v, sampled %v; want %d, %v, %v", w.FreeSlots, w.WouldFit(ModeExact), w.WouldFit(ModeSampled), free, exact, sampled)
		}
		_, err = s.Watch(ctx, "main.wide", Write, InMode(ModePinned))
		if (err == nil) != exact {
			t.Errorf("it was said to fit: %v, and it does: %v", exact, err)
		}
		for _, w := range s.Watchpoints() {
			if w.Expr() == "main.wide" {
				if err := w.Remove(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	check(4, true, true)
	setWatch(t, s, "main.x", Write, InMode(ModePinned))
	check(3, true, true)
	// Three that take turns leave one register to who never does.
	turns := setWatch(t, s, "main.big[0]", Write, InMode(ModeSampled))
	check(2, true, true)
	second := setWatch(t, s, "main.quiet", Write, InMode(ModePinned))
	check(1, false, true)
	third := setWatch(t, s, "main.pair.A", Write, InMode(ModePinned))
	check(0, false, false)
	for _, w := range []*Watchpoint{turns, second, third} {
		if err := w.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	check(3, true, true)
}
