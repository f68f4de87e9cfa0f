package backend

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestExplain(t *testing.T) {
	const rounds = 20
	s := launch(t, testkit.Debug, "twice", "20")
	ctx := context.Background()
	compiled := setWatch(t, s, "main.x", Write, If("main.x == 1 << 40 || new == 5 && old == -4"), Report(func(*Hit) {}))
	left := setWatch(t, s, "main.x", Write, If("len(main.table) == 9"), Report(func(*Hit) {}))
	plain := setWatch(t, s, "main.x", Write, Report(func(*Hit) {}))
	here := setBreakWith(t, s, scenarioLine(t, "x = a // first"), "i == 1 << 40")
	passed(t, s)

	for _, w := range []*Watchpoint{compiled, left} {
		list, err := w.Explain(ctx)
		if err != nil || len(list) != 2 {
			t.Fatalf("%s: %v, %v", w.cond, list, err)
		}
		for _, e := range list {
			byDelve := e.ByDelve == rounds
			if e.Condition != w.cond || e.Place.Function != "main.twice" || e.Times != rounds || e.Compiled() != (w == compiled) || byDelve != (w == left) {
				t.Errorf("%+v", e)
			}
			if w == left && !strings.Contains(e.String(), "len(main.table)") || w == compiled && !strings.Contains(e.String(), "compiled at main.twice") {
				t.Error(e)
			}
		}
	}
	if n := compiled.Stats().Reported; n != 1 {
		t.Errorf("%d hits with old and new values that occur once", n)
	}
	if list, err := plain.Explain(ctx); err != nil || len(list) != 0 {
		t.Errorf("without a condition: %v, %v", list, err)
	}
	list, err := here.Explain(ctx)
	if err != nil || len(list) != 1 || !list[0].Compiled() || list[0].Times != rounds || list[0].Place.PC != here.Places[0].PC {
		t.Errorf("%v, %v", list, err)
	}
}

// TestFilteredHitAllocatesNothing: what a false condition costs is the stop.
func TestFilteredHitAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("under the race detector there is an allocation at each hit now and then")
	}
	for name, set := range map[string]func(s *Session){
		"watchpoint": func(s *Session) { setWatch(t, s, "main.x", Write, If("main.x == 1 << 40 && runtime.curg.goid == 1")) },
		"breakpoint": func(s *Session) { setBreakWith(t, s, scenarioLine(t, "x = a // first"), "i == 1 << 40") },
	} {
		t.Run(name, func(t *testing.T) {
			few, many := allocations(t, "100", set), allocations(t, "4100", set)
			t.Logf("%v and %v allocations", few, many)
			if perHit := (many - few) / 4000; perHit > 0.5 { // a signal that comes in between may cost some
				t.Errorf("%.2f allocations at each hit", perHit)
			}
		})
	}
}

// allocations is how many a run of the scenario takes.
func allocations(t *testing.T, rounds string, set func(s *Session)) float64 {
	s := launch(t, testkit.Debug, "twice", rounds)
	set(s)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	toTheEnd(t, s, 0)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs - before.Mallocs)
}
