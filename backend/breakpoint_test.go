package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// stopsFile is the source of the target "stops".
const stopsFile = "../internal/testkit/targets/stops/main.go"

func launchStops(t testing.TB, mode testkit.Mode, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	return launchPath(t, testkit.Target(t, "stops", mode), args...)
}

// stopsLine is the location of the line that ends in mark.
func stopsLine(t testing.TB, mark string) string {
	t.Helper()
	return fmt.Sprintf("stops/main.go:%d", lineNumber(t, stopsFile, mark))
}

func lineNumber(t testing.TB, file, mark string) int {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(src), "\n") {
		if strings.HasSuffix(line, mark) {
			return i + 1
		}
	}
	t.Fatalf("no line ends in %q", mark)
	return 0
}

func setBreakWith(t testing.TB, s *Session, location, cond string, opts ...BreakOption) *Breakpoint {
	t.Helper()
	b, err := s.Break(context.Background(), location, cond, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func hitsOf(t testing.TB, b *Breakpoint) uint64 {
	t.Helper()
	n, err := b.Hits(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// evalHere evaluates where the program stands.
func evalHere(t testing.TB, s *Session, expr string) string {
	t.Helper()
	text, err := s.Eval(context.Background(), expr)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestHitConditions: at which rounds the program stops, with and without a condition.
func TestHitConditions(t *testing.T) {
	for _, c := range []struct{ cond, hit, want string }{
		{"", "", "0 1 2 3 4 5 6 7 8 9"}, {"", "3", "2"}, {"", "> 8", "8 9"}, {"", "% 4", "3 7"}, {"", "<= 2", "0 1"}, {"", "< 2", "0"},
		{"", "!= 1", "1 2 3 4 5 6 7 8 9"}, {"i%2 == 1", "% 2", "3 7"}, {"i > 3", ">= 5", "8 9"}, {"i > 100", "1", ""},
	} {
		t.Run(c.cond+"/"+c.hit, func(t *testing.T) {
			s := launchStops(t, testkit.Debug, "loop", "10")
			b := setBreakWith(t, s, stopsLine(t, "// round"), c.cond, HitCondition(c.hit))
			var got []string
			for ev, err := range s.Run(context.Background()) {
				if err != nil {
					t.Fatal(err)
				}
				if stop, ok := ev.(*Stop); ok {
					if stop.Reason != ReasonBreakpoint || stop.Breakpoint != b {
						t.Fatalf("%v", stop)
					}
					got = append(got, evalHere(t, s, "i"))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("stopped in rounds %v, want %s", got, c.want)
			}
		})
	}
}

// TestSeveralAtOnePlace: each breakpoint at a place is judged by itself, whatever becomes
// of the others.
func TestSeveralAtOnePlace(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "10")
	loc := stopsLine(t, "// round")
	every := setBreakWith(t, s, loc, "")
	third := setBreakWith(t, s, loc, "", HitCondition("3"))
	odd := setBreakWith(t, s, loc, "i%2 == 1")
	at := func(want string, which ...*Breakpoint) {
		t.Helper()
		stop := stopAt(t, s.Continue, ReasonBreakpoint)
		if i := evalHere(t, s, "i"); i != want || fmt.Sprint(stop.Breakpoints) != fmt.Sprint(which) || stop.Breakpoint != which[0] {
			t.Fatalf("round %s: %v, want %v in round %s", i, stop.Breakpoints, which, want)
		}
	}
	at("0", every)
	at("1", every, odd)
	at("2", every, third)
	if err := every.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	at("3", odd)
	if err := odd.Change(context.Background(), "i == 5", ""); err != nil {
		t.Fatal(err)
	}
	at("5", odd)
	// Nothing is left that can stop; a change brings it back.
	if err := errors.Join(odd.Remove(context.Background()), third.Change(context.Background(), "", "> 8")); err != nil {
		t.Fatal(err)
	}
	at("8", third) // its third time was in round 2, and it went on counting
	at("9", third)
	if n := hitsOf(t, third); n != 10 {
		t.Errorf("%d hits, want 10", n)
	}
	toTheEnd(t, s, 0)
}

// TestLogPoint: a function is told of each time, with values of the place, and the
// program stops when it wants.
func TestLogPoint(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "10")
	var log []string
	var late *Reached
	b := setBreakWith(t, s, stopsLine(t, "// used"), "i != 4", HitCondition("> 1"), OnReach(func(r *Reached) bool {
		i, err := r.Eval("i")
		if err != nil {
			t.Error(err)
		}
		local, err := r.Eval("local + 1")
		if err != nil {
			t.Error(err)
		}
		if _, err := r.Eval("nowhere"); err == nil {
			t.Error("a name that is not there was evaluated")
		}
		if r.Place.Function != "main.step" || r.Goroutine.ID != 1 || r.Thread != s.PID() && r.Thread == 0 {
			t.Errorf("reached %+v", r)
		}
		log = append(log, fmt.Sprint(r.Hits, ":", i, ":", local))
		late = r
		return i == "7"
	}))
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if stop.Breakpoint != b || evalHere(t, s, "i") != "7" {
		t.Errorf("stopped at %v", stop)
	}
	if want := "2:1:3 3:2:5 4:3:7 5:5:11 6:6:13 7:7:15"; strings.Join(log, " ") != want {
		t.Errorf("log %v, want %s", log, want)
	}
	if _, err := late.Eval("i"); err == nil {
		t.Error("evaluated when it was over")
	}
	toTheEnd(t, s, 0)
	if len(log) != 8 {
		t.Errorf("log %v", log)
	}
}

// TestStepOverLogPoints: a step comes to its end, whatever is logged on the way.
func TestStepOverLogPoints(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "5")
	round := setBreakWith(t, s, stopsLine(t, "// round"), "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := round.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	inside, after := 0, 0
	setBreakWith(t, s, stopsLine(t, "// used"), "", OnReach(func(*Reached) bool { inside++; return false }))
	setBreakWith(t, s, stopsLine(t, "// add"), "", OnReach(func(*Reached) bool { after++; return false }))
	never := setBreakWith(t, s, "main.use", "*p < 0")
	stop := stopAt(t, s.Next, ReasonStep)
	if want := lineNumber(t, stopsFile, "// add"); stop.Place.Line != want || inside != 1 || after != 1 {
		t.Fatalf("the step ended at %s, want line %d; logged %d inside and %d at its end", stop.Place, want, inside, after)
	}
	if len(stop.Breakpoints) != 0 {
		t.Errorf("%v stopped", stop.Breakpoints)
	}
	if err := never.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Into the function, and out of it.
	for range 3 {
		stopAt(t, s.Next, ReasonStep)
	}
	stop = stopAt(t, s.StepIn, ReasonStep)
	if stop.Place.Function != "main.step" {
		t.Fatalf("stepped to %s", stop.Place)
	}
	stop = stopAt(t, s.StepOut, ReasonStep)
	if stop.Place.Function != "main.loop" || inside != 2 {
		t.Errorf("stepped out to %s, logged %d", stop.Place, inside)
	}
	toTheEnd(t, s, 0)
	if inside != 5 || after != 5 {
		t.Errorf("logged %d inside and %d after, want 5 each", inside, after)
	}
}

// TestInGoroutine: others run through.
func TestInGoroutine(t *testing.T) {
	s := launchStops(t, testkit.Debug, "workers", "4")
	first := setBreakWith(t, s, "main.step", "")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	id := stop.Goroutine.ID
	if err := first.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	b := setBreakWith(t, s, stopsLine(t, "// used"), "", InGoroutine(id))
	for range 10 {
		stop := stopAt(t, s.Continue, ReasonBreakpoint)
		if stop.Goroutine.ID != id || stop.Breakpoint != b {
			t.Fatalf("stopped in goroutine %d, want %d", stop.Goroutine.ID, id)
		}
	}
	if n := hitsOf(t, b); n != 10 {
		t.Errorf("%d hits, want 10", n)
	}
	toTheEnd(t, s, 0)
}

// TestEachArrivalCounts: of goroutines that come to a place at the same time none is
// overlooked, and all that stop at once are told.
func TestEachArrivalCounts(t *testing.T) {
	s := launchStops(t, testkit.Debug, "workers", "8")
	logged := 0
	setBreakWith(t, s, stopsLine(t, "// used"), "", OnReach(func(*Reached) bool { logged++; return false }))
	b := setBreakWith(t, s, "main.step", "")
	told := 0
	for ev, err := range s.Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if stop, ok := ev.(*Stop); ok {
			told += len(stop.Breakpoints)
			if told == 80 {
				if n := hitsOf(t, b); n != 80 {
					t.Errorf("%d hits, want 80", n)
				}
			}
		}
	}
	if told != 80 || logged != 80 {
		t.Errorf("%d told and %d logged, want 80 each", told, logged)
	}
}

// TestStepToBreakpoint: a step of one instruction reaches breakpoints too, once.
func TestStepToBreakpoint(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "loop", "4")
	first := setBreakWith(t, s, "main.step", "", HitCondition("1"))
	stopAt(t, s.Continue, ReasonBreakpoint)
	instruction := func(ctx context.Context) (Event, error) { return s.StepInstruction(ctx, false) }
	stop := stopAt(t, instruction, ReasonStep)
	if len(stop.Breakpoints) != 0 {
		t.Errorf("there is no breakpoint at %s", stop.Place)
	}
	next := stop.Place.PC
	if err := first.Change(ctx, "", ""); err != nil {
		t.Fatal(err)
	}
	logged := 0
	b := setBreakWith(t, s, fmt.Sprintf("*%#x", next), "i != 1")
	setBreakWith(t, s, fmt.Sprintf("*%#x", next), "", OnReach(func(*Reached) bool { logged++; return false }))
	stopAt(t, s.Continue, ReasonBreakpoint) // it stands there: reached now
	for round := range 3 {
		if stop := stopAt(t, s.Continue, ReasonBreakpoint); stop.Breakpoint != first {
			t.Fatalf("%v", stop)
		}
		stop := stopAt(t, instruction, ReasonStep)
		if want := evalHere(t, s, "i") != "1"; stop.Place.PC != next || (len(stop.Breakpoints) == 1 && stop.Breakpoint == b) != want {
			t.Errorf("stepped to %#x, %v; want %#x, a breakpoint: %v", stop.Place.PC, stop.Breakpoints, next, want)
		}
		if logged != round+2 {
			t.Errorf("logged %d times in round %d", logged, round)
		}
	}
	toTheEnd(t, s, 0)
}

// TestConditionOnCounts: a condition can ask how often another breakpoint was reached.
func TestConditionOnCounts(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "5")
	other := setBreakWith(t, s, stopsLine(t, "// used"), "", OnReach(func(*Reached) bool { return false }))
	setBreakWith(t, s, stopsLine(t, "// add"), fmt.Sprintf("delve.bphitcount[%d] == 3", other.ID))
	stopAt(t, s.Continue, ReasonBreakpoint)
	if i := evalHere(t, s, "i"); i != "2" {
		t.Errorf("stopped in round %s", i)
	}
	toTheEnd(t, s, 0)
}

// TestBadCondition: a condition that cannot be evaluated stops the program and says so;
// one that is no Go expression, and a hit condition that is none, are refused.
func TestBadCondition(t *testing.T) {
	s := launchStops(t, testkit.Debug, "loop", "3")
	b := setBreakWith(t, s, stopsLine(t, "// round"), "nowhere > 1")
	stop := stopAt(t, s.Continue, ReasonConditionError)
	if stop.Err == nil || !strings.Contains(stop.Err.Error(), "nowhere") || stop.Breakpoint != b {
		t.Errorf("%v, %v", stop, stop.Err)
	}
	ctx := context.Background()
	var wrong *ExprError
	for _, err := range []error{b.Change(ctx, "i >", ""), b.Change(ctx, "", "many")} {
		if !errors.As(err, &wrong) {
			t.Errorf("changed: %v", err)
		}
	}
	if err := b.Change(ctx, "i", ""); err != nil {
		t.Fatal(err)
	}
	if stop := stopAt(t, s.Continue, ReasonConditionError); !strings.Contains(stop.Err.Error(), "not true or false") {
		t.Errorf("a condition that is a number: %v", stop.Err)
	}
	if err := b.Change(ctx, "i == 2", ""); err != nil {
		t.Fatal(err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	toTheEnd(t, s, 0)
}

// TestBreakWhileRunning: breakpoints come and go while the program runs through a log
// point all the time, which is when it is hardest to be heard.
func TestBreakWhileRunning(t *testing.T) {
	ctx := context.Background()
	s := launchStops(t, testkit.Debug, "forever")
	if s.Running() {
		t.Error("it runs before it was let")
	}
	reached := make(chan bool, 1)
	var arrivals atomic.Int64
	setBreakWith(t, s, "main.step", "", OnReach(func(*Reached) bool {
		arrivals.Add(1)
		select {
		case reached <- true:
		default:
		}
		return false
	}))
	ended := make(chan Event, 1)
	run := func() {
		ev, err := s.Continue(ctx)
		if err != nil {
			t.Error(err)
		}
		ended <- ev
	}
	go run()
	<-reached
	if err := s.Halt(ctx); err != nil {
		t.Fatal(err)
	}
	if stop, ok := (<-ended).(*Stop); !ok || stop.Reason != ReasonHalted || len(stop.Breakpoints) != 0 {
		t.Errorf("halted: %v", stop)
	}
	for len(reached) > 0 {
		<-reached
	}
	go run()
	<-reached
	if !s.Running() {
		t.Error("it does not run while it does")
	}
	const rounds = 20
	before := arrivals.Load()
	for range rounds {
		b := setBreakWith(t, s, stopsLine(t, "// used"), "i < 0")
		<-reached
		if err := b.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := (arrivals.Load() - before) / rounds; n > 300 { // a few, on a machine of its own
		t.Errorf("the program came to the log point %d times before anybody was heard", n)
	}
	b := setBreakWith(t, s, stopsLine(t, "// used"), "")
	if stop, ok := (<-ended).(*Stop); !ok || stop.Breakpoint != b || s.Running() {
		t.Errorf("%v", stop)
	}
}
