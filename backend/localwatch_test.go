package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// launchWorkers launches a scenario of the target about workers.
func launchWorkers(t testing.TB, mode testkit.Mode, args ...any) *Session {
	t.Helper()
	testkit.Watchdog(t)
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprint(a)
	}
	return launchPath(t, testkit.Target(t, "workers", mode), words...)
}

func watchLocal(t testing.TB, s *Session, in, expr string, opts ...WatchOption) *LocalWatch {
	t.Helper()
	lw, err := s.WatchLocal(context.Background(), in, expr, Write, opts...)
	if err != nil && testDriver == "perf-safe" {
		t.Skipf("see TestWatchLocalAndSafety: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return lw
}

// TestWatchLocal: every write to a function's variable is told of, in each of its calls, with
// the values that it has in that call, and none after.
func TestWatchLocal(t *testing.T) { eachDriver(t, testWatchLocal) }

func testWatchLocal(t *testing.T) {
	const n, each = 4, 4 // four calls at once need no page guards
	for _, c := range []struct {
		scenario, in, expr string
		calls              uint64
		hits               int // in each call
		first, last        string
	}{
		{"calls", "main.call", "local", n, each, "0", "4"},
		{"calls", "main.call", "result", n, 1, "0", "4"}, // a result
		{"recursion", "main.descend", "depth", n, 2 * each, "0", "8"},
		{"recursion", "main.descend", "n", n, 0, "", ""}, // an argument
		{"panics", "main.fails", "tried", n, each, "0", "4"},
		{"panics", "main.recovers", "tried", n, each, "0", "4"},
		{"exits", "main.leaves", "tried", n, each, "0", "4"},
		{"escapes", "main.escaping", "shared", n, each + 1, "5", "10"},
		{"grows", "main.growing", "grown", n, 2 * each, "0", "8"},
		{"pointers", "main.fill", "o.lines", n, each, "0", "4"},
		{"pointers", "main.fill", "price.net", n, each, "0", "8"},
		{"wide", "main.wide", "several", n, each, "8", "12"},
		{"wide", "main.wide", "table[0]", n, 1, "0", "1"},
	} {
		t.Run(c.scenario+"/"+c.expr, func(t *testing.T) {
			s := launchWorkers(t, testkit.Debug, c.scenario, n, each)
			of := map[uint64][]*Hit{}
			lw := watchLocal(t, s, c.in, c.expr, Report(func(h *Hit) {
				call := h.Watchpoint.Call()
				of[call.Number] = append(of[call.Number], h)
				if call.Function != c.in || call.Of.Expr() != c.expr || h.Goroutine.ID == 0 {
					t.Errorf("%+v", call)
				}
			}))
			toTheEnd(t, s, 0)
			st := lw.Stats()
			if st.Calls != c.calls || st.Hits != c.calls*uint64(c.hits) || st.Reported != st.Hits || st.Coverage != Exact || st.Unwatched != 0 {
				t.Errorf("%+v, want %d calls with %d hits each", st, c.calls, c.hits)
			}
			if st.Enabled != st.Running+st.Clean+st.Blind || c.hits > 0 && len(of) != int(c.calls) {
				t.Errorf("%+v, hits in %d calls", st, len(of))
			}
			for call, hits := range of {
				if len(hits) != c.hits || hits[0].Old.String() != c.first || hits[len(hits)-1].New.String() != c.last {
					t.Errorf("call %d: %v", call, hits)
				}
			}
			if n := len(s.Watchpoints()); n != 0 {
				t.Errorf("%d watchpoints are left", n)
			}
			// The program may end before its last goroutine does that has said it is done.
			if lw.Type() == "" || len(lw.live) > 0 && c.scenario != "exits" || len(lw.live) > 1 {
				t.Errorf("type %q, %d calls are left", lw.Type(), len(lw.live))
			}
		})
	}
}

// TestWatchLocalBlocks: variables of one name in several blocks are all watched, each as what
// it is.
func TestWatchLocalBlocks(t *testing.T) { eachDriver(t, testWatchLocalBlocks) }

func testWatchLocalBlocks(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "blocks", 2, 3)
	var told []string
	lw := watchLocal(t, s, "main.nested", "x", Report(func(h *Hit) {
		told = append(told, fmt.Sprintf("%s->%s", h.Old, h.New))
	}))
	toTheEnd(t, s, 0)
	// The second variable is declared in each round of a loop, at one place; the third is a
	// string, which no watchpoint can hold.
	once := "0->10 10->1 1->11 11->2 2->12 1->2"
	if got := strings.Join(told, " "); got != once+" "+once {
		t.Errorf("told of %s", got)
	}
	if st := lw.Stats(); st.Unwatched != 2 || st.Coverage != Partial || !strings.Contains(st.Reason, "2 of 6 calls were not watched") {
		t.Errorf("%+v", st)
	}
}

// TestWatchLocalWorkers: variables of goroutines that run at the same time are kept apart,
// more of them than there are debug registers, by these alone: each goroutine has its own.
func TestWatchLocalWorkers(t *testing.T) { eachDriver(t, testWatchLocalWorkers) }

func testWatchLocalWorkers(t *testing.T) {
	const workers, each = 8, 100
	s := launchWorkers(t, testkit.Debug, "sums", workers, each)
	type key struct {
		goid int64
		expr string
	}
	last := map[key]int64{}
	by := map[key]int64{}
	report := Report(func(h *Hit) {
		k := key{h.Goroutine.ID, h.Watchpoint.Expr()}
		was, _ := h.Old.Int()
		is, _ := h.New.Int()
		if h.Watchpoint.Call().Goroutine.ID != k.goid || was != last[k] || by[k] != 0 && is-was != by[k] {
			t.Errorf("%v, after %d", h, last[k])
		}
		last[k], by[k] = is, is-was
	})
	sum := watchLocal(t, s, "main.worker", "sum", report)
	count := watchLocal(t, s, "main.worker", "count", report)
	toTheEnd(t, s, 0)
	for _, lw := range []*LocalWatch{sum, count} {
		st := lw.Stats()
		if st.Calls != workers || st.Hits != workers*each || st.Coverage != Exact || st.Guarded || st.Moves+st.Faults != 0 {
			t.Errorf("%s: %+v", lw.Expr(), st)
		}
	}
}

// TestWatchLocalOften: a function that is called 10,000 times.
func TestWatchLocalOften(t *testing.T) { eachDriver(t, testWatchLocalOften) }

func testWatchLocalOften(t *testing.T) {
	n := 10000
	if testing.Short() {
		n = 500
	}
	s := launchWorkers(t, testkit.Debug, "calls", n, 2)
	hits := 0
	lw := watchLocal(t, s, "main.call", "local", Report(func(h *Hit) { hits++ }))
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != uint64(n) || st.Hits != 2*uint64(n) || hits != 2*n || st.Coverage != Exact {
		t.Errorf("%+v, %d hits", st, hits)
	}
}

// TestWatchLocalPresent: calls that the function is in already are watched, of a program that
// is stopped and of one that runs.
func TestWatchLocalPresent(t *testing.T) { eachDriver(t, testWatchLocalPresent) }

func testWatchLocalPresent(t *testing.T) {
	const n, each = 3, 10
	s := launchWorkers(t, testkit.Debug, "present", n, each)
	b := setBreak(t, s, "main.begin", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	lw := watchLocal(t, s, "main.waits", "mine", Report(func(*Hit) {}))
	if st := lw.Stats(); st.Calls != n {
		t.Errorf("%d calls are there already, want %d", st.Calls, n)
	}
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != n+1 || st.Hits != (n+2)*each || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
}

// TestWatchLocalAt: with a line the variable is watched from there on.
func TestWatchLocalAt(t *testing.T) { eachDriver(t, testWatchLocalAt) }

func testWatchLocalAt(t *testing.T) {
	const n, each = 4, 3
	s := launchWorkers(t, testkit.Debug, "recursion", n, each)
	var r recorder
	lw := watchLocal(t, s, "main.descend:8", "depth", Report(r.add)) // the second loop
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != n || st.Hits != n*each || st.Coverage != Exact {
		t.Errorf("%+v: %v", st, r.hits)
	}
	for i, h := range r.hits { // the innermost call comes there first
		if call := h.Watchpoint.Call(); call.Number != uint64(i/each+1) || call.Depth != 1 {
			t.Errorf("%+v", call)
		}
	}
}

// TestWatchLocalStops: a hit stops the program unless there is a function for it; the end of
// the call does not.
func TestWatchLocalStops(t *testing.T) { eachDriver(t, testWatchLocalStops) }

func testWatchLocalStops(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "recursion", 2, 1)
	lw := watchLocal(t, s, "main.descend", "depth", If("new == 2"))
	for _, depth := range []int{2, 1} {
		stop := stopAt(t, s.Continue, ReasonWatchpoint)
		if call := stop.Hits[0].Watchpoint.Call(); len(stop.Hits) != 1 || call.Depth != depth {
			t.Errorf("%+v", stop)
		}
	}
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Hits != 4 || st.Reported != 2 {
		t.Errorf("%+v", st)
	}
	list, err := lw.Explain(context.Background())
	if err != nil || len(list) == 0 || !list[0].Compiled() {
		t.Errorf("%v, %v", list, err)
	}
}

// TestWatchLocalRemove: what is removed is watched no more, and leaves the program as it was.
func TestWatchLocalRemove(t *testing.T) { eachDriver(t, testWatchLocalRemove) }

func testWatchLocalRemove(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "recursion", 5, 3)
	lw := watchLocal(t, s, "main.descend", "depth")
	for range 7 {
		stopAt(t, s.Continue, ReasonWatchpoint)
	}
	if err := lw.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Watchpoints()); n != 0 || len(s.locals.hooks) != 0 || s.locals.kept != 0 {
		t.Errorf("%d watchpoints, %+v", n, s.locals)
	}
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != 3 || st.Hits != 7 || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
}

// TestDetachWithLocalWatch: a program that is let go in the midst of calls runs on.
func TestDetachWithLocalWatch(t *testing.T) { eachDriver(t, testDetachWithLocalWatch) }

func testDetachWithLocalWatch(t *testing.T) {
	testkit.Watchdog(t)
	r, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := Launch(context.Background(), LaunchConfig{Path: testkit.Target(t, "workers", testkit.Debug), Args: []string{"recursion", "50", "5"},
		Stderr: stderr, Options: testOptions()})
	stderr.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	watchLocal(t, s, "main.descend", "depth")
	for range 8 {
		stopAt(t, s.Continue, ReasonWatchpoint)
	}
	if err := s.Detach(context.Background()); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(r); err != nil || len(said) > 0 { // a breakpoint that was left would be a fatal signal
		t.Errorf("it says %s, %v", said, err)
	}
	_, _ = syscall.Wait4(s.PID(), nil, 0, nil) // an error: package ptrace has done so
}

// TestWatchLocalErrors: what cannot be is said at once, with what can be done.
func TestWatchLocalErrors(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "calls", 1, 1)
	for _, c := range []struct{ in, expr, want string }{
		{"main.call", "locl", "did you mean local?"},
		{"main.cal", "local", "did you mean"},
		{"main.call", "main.total", "main.call has no local variable that is in main.total"},
		{"main.call", "local +", "not a Go expression"},
		{"main.call:5000", "local", "main.call:5000"},
	} {
		_, err := s.WatchLocal(context.Background(), c.in, c.expr, Write)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s in %s: %v, want %q", c.expr, c.in, err, c.want)
		}
	}
	s = launchWorkers(t, testkit.Optimized, "calls", 1, 1)
	if _, err := s.WatchLocal(context.Background(), "main.call", "local", Write); err == nil || !strings.Contains(err.Error(), "-N -l") {
		t.Errorf("in a register: %v", err)
	}
}

// TestWatchLocalAndSafety: a program that is to survive the debugger gets no breakpoint
// instructions.
func TestWatchLocalAndSafety(t *testing.T) {
	onDriver(t, "perf-safe", func(t *testing.T) {
		s := launchWorkers(t, testkit.Debug, "calls", 1, 1)
		if _, err := s.WatchLocal(context.Background(), "main.call", "local", Write); err == nil || !strings.Contains(err.Error(), "--safe off") {
			t.Error(err)
		}
	})
}

// TestWatchLocalNever: of a function that is not called nothing is said but that.
func TestWatchLocalNever(t *testing.T) {
	s := launchWorkers(t, testkit.Debug, "calls", 1, 1)
	lw := watchLocal(t, s, "main.worker", "sum")
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != 0 || st.Hits != 0 || !strings.HasPrefix(st.Reason, "main.worker was not called") {
		t.Errorf("%+v", st)
	}
}
