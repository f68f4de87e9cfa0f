package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// source is the file of the scenarios.
const source = "scenarios/main.go"

func setBreak(t testing.TB, s *Session, location, cond string) *Breakpoint {
	t.Helper()
	b, err := s.Break(context.Background(), location, cond)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stopAt runs until the program stops and expects the reason.
func stopAt(t testing.TB, run func(context.Context) (Event, error), want Reason) *Stop {
	t.Helper()
	ev, err := run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	stop, ok := ev.(*Stop)
	if !ok || stop.Reason != want {
		t.Fatalf("%T %v, want a stop: %s", ev, ev, want)
	}
	return stop
}

// TestWriteBesideBreakpoints: breakpoints on the lines of both stores, on the store
// instruction itself and on the one behind it take no hit away, and lose none.
func TestWriteBesideBreakpoints(t *testing.T) { eachDriver(t, testWriteBesideBreakpoints) }

func testWriteBesideBreakpoints(t *testing.T) {
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			s := launch(t, mode, "twice", "50")
			var r recorder
			w := setWatch(t, s, "main.x", Write, Report(r.add))
			setBreak(t, s, "main.twice", "")
			stopAt(t, s.Continue, ReasonBreakpoint)
			// The first hit tells where the store is.
			one, err := s.Watch(context.Background(), "main.x", Write)
			if err != nil {
				t.Fatal(err)
			}
			stop := stopAt(t, s.Continue, ReasonWatchpoint)
			if err := one.Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
			store := stop.Hits[0].Place.PC
			setBreak(t, s, fmt.Sprintf("*%#x", store), "")
			behind, err := s.Threads(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for _, th := range behind {
				if th.ID == stop.Thread {
					setBreak(t, s, fmt.Sprintf("*%#x", th.Place.PC), "")
				}
			}
			atStore, atBehind := 0, 0
			for ev, err := range s.Run(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				if stop, ok := ev.(*Stop); ok {
					if stop.Place.PC == store {
						atStore++
					} else {
						atBehind++
					}
				}
			}
			if st := w.Stats(); st.Hits != 100 || len(r.hits) != 100 || st.Coverage != Exact {
				t.Errorf("%d hits, %d told, %s (%s), %d lost; want 100", st.Hits, len(r.hits), st.Coverage, st.Reason, st.Lost)
			}
			// The store that was found is in the loop once: 49 rounds were left of it, and
			// what is behind it was still to come in the first round.
			if atStore != 49 || atBehind != 50 {
				t.Errorf("%d stops at the store and %d behind it, want 49 and 50", atStore, atBehind)
			}
		})
	}
}

// TestWriteDuringNext: stepping over lines that write misses no write.
func TestWriteDuringNext(t *testing.T) { eachDriver(t, testWriteDuringNext) }

func testWriteDuringNext(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "20")
	var r recorder
	setWatch(t, s, "main.x", Write, Report(r.add))
	setBreak(t, s, "main.twice", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	for len(r.hits) < 20 {
		stop := stopAt(t, s.Next, ReasonStep)
		if stop.Place.Function != "main.twice" {
			t.Fatalf("next left the function before its 10th round: %s", stop.Place)
		}
	}
	for i := range 10 {
		ev, err := s.StepInstruction(context.Background(), false)
		if err != nil {
			t.Fatalf("step %d: %v, %v", i, ev, err)
		}
	}
	toTheEnd(t, s, 0)
	if len(r.hits) != 40 {
		t.Errorf("%d hits, want 40", len(r.hits))
	}
	for i, h := range r.hits {
		if n, _ := h.New.Int(); n != int64(i/2)*int64(1-2*(i%2)) {
			t.Errorf("hit %d: %s -> %s", i, h.Old, h.New)
		}
	}
}

// TestStopDuringNext: a watchpoint that stops interrupts a step.
func TestStopDuringNext(t *testing.T) { eachDriver(t, testStopDuringNext) }

func testStopDuringNext(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	setBreak(t, s, "main.twice", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	w := setWatch(t, s, "main.x", Write)
	for range 8 {
		ev, err := s.Next(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if stop := ev.(*Stop); stop.Reason == ReasonWatchpoint {
			if stop.Hits[0].Watchpoint != w || stop.Place.Line != lineOf(t, "// first") {
				t.Fatalf("%v at %s", stop.Hits[0], stop.Place)
			}
			if err := w.Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
			stopAt(t, s.Next, ReasonStep) // the one that was cut short is over
			toTheEnd(t, s, 0)             // and leaves nothing behind
			return
		}
	}
	t.Fatal("no step was interrupted")
}

// TestWriteDuringCall: a function that the debugger calls is watched as any other.
func TestWriteDuringCall(t *testing.T) { eachDriver(t, testWriteDuringCall) }

func testWriteDuringCall(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "2")
	var r recorder
	setWatch(t, s, "main.x", Write, Report(r.add))
	setBreak(t, s, "main.twice", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if _, ev, err := s.Call(context.Background(), "main.spoil()"); err != nil {
		t.Fatalf("%v, %v", ev, err)
	}
	if len(r.hits) != 1 || r.hits[0].Place.Function != "main.spoil" || r.hits[0].New.String() != "-1" {
		t.Fatalf("hits of the call: %v", r.hits)
	}
	results, _, err := s.Call(context.Background(), "main.deep(3)")
	if err != nil || len(results) != 1 || results[0] != "0" {
		t.Errorf("deep(3) = %v, %v", results, err)
	}
	toTheEnd(t, s, 0)
	if len(r.hits) != 5 {
		t.Errorf("%d hits, want 5", len(r.hits))
	}
}

func TestBreakpoints(t *testing.T) { eachDriver(t, tBreakpoints) }

func tBreakpoints(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "10")
	line := lineOf(t, "// second")
	b := setBreak(t, s, fmt.Sprintf("%s:%d", source, line), "i >= 7")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if stop.Breakpoint != b || stop.Place.Line != line || len(b.Places) != 1 || b.Places[0].Line != line {
		t.Fatalf("%v at %s, places %v", stop.Breakpoint, stop.Place, b.Places)
	}
	if _, err := s.Eval(context.Background(), "main.nam"); err == nil || !strings.Contains(err.Error(), "did you mean main.name?") {
		t.Errorf("a misspelt name: %v", err)
	}
	if text, err := s.Eval(context.Background(), "i"); err != nil || text != "7" {
		t.Errorf("i = %s, %v", text, err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	if n, err := b.Hits(context.Background()); err != nil || n != 2 {
		t.Errorf("%d hits, %v; want 2", n, err)
	}
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	toTheEnd(t, s, 0)
	if n := hitsOf(t, b); n != 2 {
		t.Errorf("%d hits when all was over, want 2", n)
	}
	for loc, want := range map[string]string{"main.twic": "did you mean main.twice?", "nowhere.go:3": "no source file", "main.go:x": "is not a line", "*zz": "not an address"} {
		s := launch(t, testkit.Debug, "twice", "1")
		if _, err := s.Break(context.Background(), loc, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", loc, err, want)
		}
	}
}

func TestInspect(t *testing.T) {
	ctx := context.Background()
	s := launch(t, testkit.Debug, "negative", "5")
	setBreak(t, s, "main.spoil", "")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	frames, err := s.Stack(ctx, -1, 10)
	if err != nil || len(frames) < 2 || frames[0].Function != "main.spoil" || !strings.HasPrefix(frames[1].Function, "main.negative.func") {
		t.Errorf("stack %v, %v", frames, err)
	}
	threads, err := s.Threads(ctx)
	if err != nil || len(threads) == 0 {
		t.Errorf("threads %v, %v", threads, err)
	}
	gs, err := s.Goroutines(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, g := range gs {
		found = found || g.ID == stop.Goroutine.ID && g.Thread == stop.Thread
	}
	if !found {
		t.Errorf("goroutine %d of the stop is not in %v", stop.Goroutine.ID, gs)
	}
	if err := s.SelectGoroutine(ctx, 1); err != nil {
		t.Error(err)
	}
	if err := s.SelectGoroutine(ctx, 99999); err == nil {
		t.Error("a goroutine that does not exist was selected")
	}
	for expr, want := range map[string]string{
		"main.name": `"argus"`, "main.numbers": "[]int len: 3, cap: 3, [1,2,3]", "main.pair": `struct { A int64; B int64 } {A: 0, B: 0}`,
		"main.table": `map[string]int ["a": 1, ]`, "main.any1": "interface {} nil", "main.ready": "false", "main.x + 1": "", "len(main.numbers)": "3",
	} {
		if text, err := s.Eval(ctx, expr); err != nil || (want != "" && text != want) {
			t.Errorf("%s = %s, %v; want %s", expr, text, err, want)
		}
	}
	w := setWatch(t, s, "main.fraction", Write, Report(func(h *Hit) { t.Errorf("our own write was reported: %v", h) }))
	if err := s.Set(ctx, "main.fraction", "2.5"); err != nil {
		t.Fatal(err)
	}
	if text, err := s.Eval(ctx, "main.fraction"); err != nil || text != "2.5" {
		t.Errorf("fraction = %s, %v", text, err)
	}
	buf := make([]byte, 8)
	if err := errors.Join(s.WriteMemory(ctx, w.Addr(), []byte{1, 2, 3, 4, 5, 6, 7, 8}), s.ReadMemory(ctx, w.Addr(), buf)); err != nil || buf[7] != 8 {
		t.Errorf("%v, %v", buf, err)
	}
	if err := s.ReadMemory(ctx, 0x10, buf); err == nil {
		t.Error("page 0 was read")
	}
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Coverage != Exact {
		t.Errorf("our own writes count as unseen: %+v", st)
	}
}

// TestLocal: a local variable is followed from its declaration to the end of its scope.
func TestLocal(t *testing.T) { eachDriver(t, testLocal) }

func testLocal(t *testing.T) {
	s := launch(t, testkit.Debug, "locals", "10")
	setBreak(t, s, fmt.Sprintf("%s:%d", source, lineOf(t, "sum += int64(i)")), "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	for _, b := range s.breaks {
		if err := b.Remove(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	var r recorder
	w := setWatch(t, s, "sum", Write, Report(r.add))
	stop := stopAt(t, s.Continue, ReasonScopeEnd)
	if len(stop.Ended) != 1 || stop.Ended[0] != w || len(s.Watchpoints()) != 0 {
		t.Errorf("ended %v", stop.Ended)
	}
	// Ten additions, the first of 0.
	if len(r.hits) != 10 || r.hits[9].New.String() != "45" {
		t.Errorf("%d hits: %v", len(r.hits), r.hits)
	}
	if st := w.Stats(); st.Reason == "" || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
	toTheEnd(t, s, 0)
}
