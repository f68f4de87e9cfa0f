package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// launch starts a scenario of the common target.
func launch(t testing.TB, mode testkit.Mode, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	return launchPath(t, testkit.Scenarios(t, mode), args...)
}

func launchPath(t testing.TB, path string, args ...string) *Session {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	s, err := Launch(context.Background(), LaunchConfig{Path: path, Args: args, Stdout: null, Stderr: null,
		Options: testOptions()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func setWatch(t testing.TB, s *Session, expr string, access Access, opts ...WatchOption) *Watchpoint {
	t.Helper()
	w, err := s.Watch(context.Background(), expr, access, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// toTheEnd runs the program and expects it to exit with a status.
func toTheEnd(t testing.TB, s *Session, status int) {
	t.Helper()
	ev, err := s.Continue(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	exit, ok := ev.(*Exit)
	if !ok {
		t.Fatalf("the run ended with %T (%v), want an exit", ev, ev)
	}
	if exit.Status != status {
		t.Fatalf("%v, want status %d", exit, status)
	}
}

// recorder keeps hits.
type recorder struct{ hits []*Hit }

func (r *recorder) add(h *Hit) { r.hits = append(r.hits, h) }

func TestEveryWriteIsReported(t *testing.T) { eachDriver(t, testEveryWriteIsReported) }

func testEveryWriteIsReported(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		for _, c := range []struct {
			args   []string
			exprs  []string
			hits   uint64 // of each watchpoint
			status int
		}{
			{[]string{"twice", "1000"}, []string{"main.x"}, 2000, 0},
			{[]string{"fields", "1000"}, []string{"main.pair.A", "main.pair.B"}, 1000, 0},
			{[]string{"vector", "500"}, []string{"main.wide[0]", "main.wide[1]"}, 500, 0},
			{[]string{"vector", "500"}, []string{"main.wide"}, 500, 0},
			{[]string{"atomics", "500", "4"}, []string{"main.counter"}, 2000, 0},
			{[]string{"atomics", "30", "64"}, []string{"main.counter"}, 1920, 0},
			{[]string{"storm", "500"}, []string{"main.counter.v"}, 500, 0},
			{[]string{"signals", "300"}, []string{"main.x"}, 600, 0},
			{[]string{"children", "10"}, []string{"main.x"}, 20, 0},
			{[]string{"gc", "500"}, []string{"main.x"}, 500, 0},
			{[]string{"leader", "200"}, []string{"main.x"}, 200, 7},
			{[]string{"copy", "200"}, []string{"main.buffer[8]"}, 200, 0},
		} {
			t.Run(fmt.Sprintf("%s/%s/%s", mode, strings.Join(c.args, "-"), strings.Join(c.exprs, "+")), func(t *testing.T) {
				s := launch(t, mode, c.args...)
				var told atomic.Uint64
				var ws []*Watchpoint
				for _, e := range c.exprs {
					ws = append(ws, setWatch(t, s, e, Write, Report(func(h *Hit) {
						told.Add(1)
						if h.PlaceErr != nil {
							t.Errorf("hit %d: %v", h.Number, h.PlaceErr)
						}
					})))
				}
				toTheEnd(t, s, c.status)
				for _, w := range ws {
					st := w.Stats()
					if st.Hits != c.hits || st.Lost != 0 || st.Coverage != Exact {
						t.Errorf("%s: %d hits, %d lost, coverage %s (%s), want %d, 0, exact", w.Expr(), st.Hits, st.Lost, st.Coverage, st.Reason, c.hits)
					}
					if st.Enabled != st.Running || st.Enabled <= 0 {
						t.Errorf("%s: enabled %v, running %v", w.Expr(), st.Enabled, st.Running)
					}
				}
				if want := c.hits * uint64(len(ws)); told.Load() != want {
					t.Errorf("told of %d hits, want %d", told.Load(), want)
				}
			})
		}
	}
}

// TestOneStoreTwoWatchpoints: both fire at one instruction, and both are in one stop.
func TestOneStoreTwoWatchpoints(t *testing.T) { eachDriver(t, testOneStoreTwoWatchpoints) }

func testOneStoreTwoWatchpoints(t *testing.T) {
	s := launch(t, testkit.Optimized, "vector", "3")
	a, b := setWatch(t, s, "main.wide[0]", Write), setWatch(t, s, "main.wide[1]", Write)
	stops := 0
	for ev, err := range s.Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		stop, ok := ev.(*Stop)
		if !ok {
			break
		}
		stops++
		if stop.Reason != ReasonWatchpoint || len(stop.Hits) != 2 || stop.Hits[0].Watchpoint != a || stop.Hits[1].Watchpoint != b {
			t.Fatalf("stop %d: %s with %d hits", stops, stop.Reason, len(stop.Hits))
		}
		if stop.Hits[0].Place != stop.Hits[1].Place || stop.Place.Function != "main.store16" {
			t.Errorf("places %v and %v", stop.Hits[0].Place, stop.Hits[1].Place)
		}
	}
	if stops != 3 {
		t.Errorf("%d stops, want 3", stops)
	}
}

// TestValuesAndPlaces: what a hit tells is what the program did.
func TestValuesAndPlaces(t *testing.T) { eachDriver(t, testValuesAndPlaces) }

func testValuesAndPlaces(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		t.Run(string(mode), func(t *testing.T) {
			s := launch(t, mode, "twice", "100")
			var r recorder
			setWatch(t, s, "main.x", Write, Report(r.add), WithStack(8))
			toTheEnd(t, s, 0)
			if len(r.hits) != 200 {
				t.Fatalf("%d hits", len(r.hits))
			}
			first, second := lineOf(t, "// first"), lineOf(t, "// second")
			old := int64(0)
			for i, h := range r.hits {
				want, line := int64(i/2), first
				if i%2 == 1 {
					want, line = -want, second
				}
				if o, _ := h.Old.Int(); o != old {
					t.Errorf("hit %d: old %s, want %d", i, h.Old, old)
				}
				if n, _ := h.New.Int(); n != want || h.New.String() != fmt.Sprint(want) {
					t.Errorf("hit %d: new %s, want %d", i, h.New, want)
				}
				old = want
				if h.Place.Function != "main.twice" || h.Place.Line != line {
					t.Errorf("hit %d at %s, want main.twice line %d", i, h.Place, line)
				}
				if h.Goroutine.ID != 1 || h.Goroutine.Start != "runtime.main" || h.Thread != s.PID() {
					t.Errorf("hit %d by %s on thread %d", i, h.Goroutine, h.Thread)
				}
				if h.Number != uint64(i+1) || h.Access != Write || h.Time <= 0 {
					t.Errorf("hit %d: number %d, access %s, time %v", i, h.Number, h.Access, h.Time)
				}
				if len(h.Stack) < 3 || h.Stack[0].Place != h.Place || h.Stack[1].Function != "main.main" {
					t.Errorf("hit %d: stack %v", i, h.Stack)
				}
			}
		})
	}
}

// TestInlinedWriter: the function of a hit is the innermost, inlined or not.
func TestInlinedWriter(t *testing.T) { eachDriver(t, testInlinedWriter) }

func testInlinedWriter(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		t.Run(string(mode), func(t *testing.T) {
			s := launch(t, mode, "inlined", "3")
			var r recorder
			setWatch(t, s, "main.x", Write, Report(r.add), WithStack(4))
			toTheEnd(t, s, 0)
			if len(r.hits) != 3 {
				t.Fatalf("%d hits", len(r.hits))
			}
			for _, h := range r.hits {
				names := []string{h.Place.Function}
				for _, f := range h.Stack {
					names = append(names, f.Function)
				}
				if got := strings.Join(names, " "); !strings.HasPrefix(got, "main.inlinedInner main.inlinedInner main.inlinedOuter main.inlined ") {
					t.Errorf("functions %s", got)
				}
			}
		})
	}
}

// lineOf finds a mark in the source of the scenarios.
func lineOf(t *testing.T, mark string) int {
	t.Helper()
	src, err := os.ReadFile("../internal/testkit/targets/scenarios/main.go")
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

// TestAtomicAddsTellTheirOldValue: with racing writers memory cannot tell what an add
// replaced, the register of XADD does.
func TestAtomicAddsTellTheirOldValue(t *testing.T) { eachDriver(t, testAtomicAddsTellTheirOldValue) }

func testAtomicAddsTellTheirOldValue(t *testing.T) {
	s := launch(t, testkit.Optimized, "atomics", "200", "4")
	seen := map[int64]bool{}
	setWatch(t, s, "main.counter.v", Write, Report(func(h *Hit) {
		old, _ := h.Old.Int()
		if seen[old] {
			t.Errorf("two adds replaced %d", old)
		}
		seen[old] = true
		if h.Goroutine.ID == 0 || !strings.HasPrefix(h.Place.Function, "internal/runtime/atomic.") && h.Place.Function == "" {
			t.Errorf("by %s at %s", h.Goroutine, h.Place)
		}
	}))
	toTheEnd(t, s, 0)
	if len(seen) != 800 {
		t.Errorf("%d different old values, want 800", len(seen))
	}
}

func TestReadWrite(t *testing.T) { eachDriver(t, testReadWrite) }

func testReadWrite(t *testing.T) {
	s := launch(t, testkit.Optimized, "signals", "10")
	var reads, writes, unknown int
	setWatch(t, s, "main.x", ReadWrite, Report(func(h *Hit) {
		switch h.Access {
		case Read:
			reads++
		case Write:
			writes++
		default:
			unknown++
		}
	}))
	toTheEnd(t, s, 0)
	// x++ is one instruction that reads and writes; the value is read once more to be printed.
	if writes != 20 || reads == 0 || unknown != 0 {
		t.Errorf("%d writes, %d reads, %d unknown; want 20 writes and some reads", writes, reads, unknown)
	}
}

func TestConditionAndCount(t *testing.T) { eachDriver(t, testConditionAndCount) }

func testConditionAndCount(t *testing.T) {
	s := launch(t, testkit.Debug, "negative", "50")
	var r recorder
	w := setWatch(t, s, "main.x", Write, If("main.x < 0"), Report(r.add))
	tenth := setWatch(t, s, "main.x", Write, Every(10), Report(func(*Hit) {}))
	toTheEnd(t, s, 0)
	if len(r.hits) != 1 || r.hits[0].Place.Function != "main.spoil" || r.hits[0].New.String() != "-1" {
		t.Fatalf("hits %v", r.hits)
	}
	if st := w.Stats(); st.Hits != 200 || st.Reported != 1 {
		t.Errorf("%d hits, %d reported; want 200 and 1", st.Hits, st.Reported)
	}
	if st := tenth.Stats(); st.Hits != 200 || st.Reported != 20 {
		t.Errorf("%d hits, %d reported; want 200 and 20", st.Hits, st.Reported)
	}
}

// TestConditionOfNowhere: a condition that cannot be evaluated hides nothing.
func TestConditionOfNowhere(t *testing.T) { eachDriver(t, testConditionOfNowhere) }

func testConditionOfNowhere(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "5")
	var r recorder
	setWatch(t, s, "main.x", Write, If("nobody > 1"), Report(r.add))
	toTheEnd(t, s, 0)
	if len(r.hits) != 10 {
		t.Fatalf("%d hits reported, want all 10", len(r.hits))
	}
	for _, h := range r.hits {
		if h.CondErr == nil {
			t.Error("no word about the condition")
		}
	}
}

// TestKernelWrites: what read(2) writes is a hit with the perf driver, where the kernel
// permits that. Other drivers do not see it (FACTS A7), and the watchpoint says that the
// value changed without a hit.
func TestKernelWrites(t *testing.T) { eachDriver(t, testKernelWrites) }

func testKernelWrites(t *testing.T) {
	for _, expr := range []string{"main.buffer[0]", "*(*uint64)(%#x)"} {
		s := launch(t, testkit.Debug, "syscall", "3")
		var r recorder
		if strings.Contains(expr, "%") { // all eight bytes, of which one is written
			first := setWatch(t, s, "main.buffer[0]", Write)
			expr = fmt.Sprintf(expr, first.Addr())
			if err := first.Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		w := setWatch(t, s, expr, Write, Report(r.add))
		toTheEnd(t, s, 0)
		st := w.Stats()
		if testDriver != "perf" || perf.Probe().Kernel != nil {
			if st.Hits != 0 || st.Coverage != Partial || st.Unseen == 0 || st.Reason == "" {
				t.Errorf("%d hits, %s, unseen %d, %q; want none, partial, 1, a reason", st.Hits, st.Coverage, st.Unseen, st.Reason)
			}
			continue
		}
		if st.Hits != 3 || st.Coverage != Exact || st.Lost != 0 {
			t.Fatalf("%s: %d hits, %s (%s), %d lost; want 3, exact", expr, st.Hits, st.Coverage, st.Reason, st.Lost)
		}
		for i, h := range r.hits {
			old, _ := h.Old.Int()
			now, ok := h.New.Int()
			if h.Call != "read" || !ok || now != int64(i+1) || old != int64(i) || h.PlaceErr != nil || !strings.Contains(h.Place.Function, "yscall") {
				t.Errorf("hit %d: %v (call %q, place %v, %v)", i, h, h.Call, h.Place, h.PlaceErr)
			}
		}
	}
}

func TestQuietIsExact(t *testing.T) { eachDriver(t, testQuietIsExact) }

func testQuietIsExact(t *testing.T) {
	s := launch(t, testkit.Debug, "atomics", "10")
	w := setWatch(t, s, "main.quiet", Write)
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Hits != 0 || st.Coverage != Exact {
		t.Errorf("%d hits, coverage %s", st.Hits, st.Coverage)
	}
}

// TestUnalignedIsCovered: four bytes at an even address take two slots and are one watchpoint.
func TestUnalignedIsCovered(t *testing.T) { eachDriver(t, testUnalignedIsCovered) }

func testUnalignedIsCovered(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "5")
	at := setWatch(t, s, "main.x", Write).Addr()
	s2 := launch(t, testkit.Debug, "twice", "5")
	w := setWatch(t, s2, fmt.Sprintf("*(*uint32)(%#x)", at+2), Write, Report(func(*Hit) {}))
	if w.Size() != 4 {
		t.Errorf("size %d", w.Size())
	}
	toTheEnd(t, s2, 0)
	if st := w.Stats(); st.Hits != 10 {
		t.Errorf("%d hits, want 10", st.Hits)
	}
}

func TestSlotsAreNamed(t *testing.T) { eachDriver(t, testSlotsAreNamed) }

func testSlotsAreNamed(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "5")
	for _, e := range []string{"main.x", "main.pair.A", "main.pair.B", "main.quiet"} {
		setWatch(t, s, e, Write, InMode(ModePinned), Report(func(*Hit) {}))
	}
	_, err := s.Watch(context.Background(), "main.ready", Write, InMode(ModePinned))
	var se *SlotsError
	if !errors.As(err, &se) || strings.Join(se.Holders, " ") != "main.x main.pair.A main.pair.B main.quiet" {
		t.Fatalf("fifth watchpoint: %v", err)
	}
	w := s.Watchpoints()[3]
	if err := w.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	setWatch(t, s, "main.ready", Write, InMode(ModePinned))
	toTheEnd(t, s, 0)
}

// TestStopHere: a function that is told of a hit can stop the program at it.
func TestStopHere(t *testing.T) { eachDriver(t, testStopHere) }

func testStopHere(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "10")
	setWatch(t, s, "main.x", Write, Report(func(h *Hit) {
		if h.Number == 5 {
			h.StopHere()
		}
	}))
	stop := stopAt(t, s.Continue, ReasonWatchpoint)
	if len(stop.Hits) != 1 || stop.Hits[0].Number != 5 {
		t.Errorf("hits %v", stop.Hits)
	}
	toTheEnd(t, s, 0)
}
