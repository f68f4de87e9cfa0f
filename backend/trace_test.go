package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

// eachTraceMethod runs a test with each. One that the machine does not permit is skipped.
func eachTraceMethod(t *testing.T, fn func(t *testing.T, m TraceMethod)) {
	for _, m := range []TraceMethod{TraceBPF, TraceSamples} {
		t.Run(string(m), func(t *testing.T) { fn(t, m) })
	}
}

// setTrace traces, or skips a test where that is not permitted.
func setTrace(t testing.TB, s *Session, expr string, o TraceOptions) *Trace {
	t.Helper()
	tr, err := s.Trace(context.Background(), expr, o)
	var denied *bpfhit.PermissionError
	var lacking *bpfhit.UnsupportedError
	var forbidden *perf.PermissionError
	if errors.As(err, &denied) || errors.As(err, &forbidden) || errors.As(err, &lacking) && !bpfhit.Supported {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

// runOut runs a program to its end, and returns what was traced.
func runOut(t testing.TB, s *Session, tr *Trace) (list []*Record) {
	t.Helper()
	ev, err := s.Continue(context.Background())
	if exit, ok := ev.(*Exit); !ok || err != nil || exit.Status != 0 {
		t.Fatalf("%v, %v", ev, err)
	}
	return records(t, tr)
}

func records(t testing.TB, tr *Trace) (list []*Record) {
	t.Helper()
	for r, err := range tr.Records(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// TestTrace: every write has its record, with the place of the store, the values that it
// wrote and replaced, and the goroutine. What has none is counted.
func TestTrace(t *testing.T) {
	eachTraceMethod(t, func(t *testing.T, m TraceMethod) {
		const rounds = 700
		s := launch(t, testkit.Optimized, "twice", fmt.Sprint(rounds))
		tr := setTrace(t, s, "main.x", TraceOptions{Method: m})
		list := runOut(t, s, tr)
		st := tr.Stats()
		if st.Method != m || st.Records != uint64(len(list)) || st.Records+st.Lost != 2*rounds || st.Throttled != 0 {
			t.Fatalf("%d records, %+v", len(list), st)
		}
		const file = "../internal/testkit/targets/scenarios/main.go"
		lines := []int{lineNumber(t, file, "// first"), lineNumber(t, file, "// second")}
		old := int64(0)
		for i, r := range list {
			is, _ := r.New.Int()
			was, _ := r.Old.Int()
			if r.Number != uint64(i+1) || r.Place.Function != "main.twice" || r.PlaceErr != nil || !r.OldKnown || !r.NewKnown || was != old || r.Call != "" {
				t.Fatalf("record %d: %+v", i, r)
			}
			old = is
			if st.Lost > 0 {
				continue
			}
			if want := int64(i/2) * int64(1-2*(i%2)); is != want || r.Place.Line != lines[i%2] {
				t.Fatalf("record %d: %v, want %d at line %d", i, r, want, lines[i%2])
			}
			if m == TraceBPF && (r.Goroutine.ID != 1 || r.Goroutine.Start != "runtime.main" || !r.GoroutineKnown) {
				t.Fatalf("record %d: %v", i, r.Goroutine)
			}
			if m == TraceSamples && r.GoroutineKnown {
				t.Fatalf("record %d: %v", i, r.Goroutine)
			}
			if i > 0 && r.Time < list[i-1].Time {
				t.Fatalf("record %d is older than the one before", i)
			}
		}
	})
}

// TestTraceBesideWatch: a trace says of every write what a watchpoint on the same memory
// says that stops for it, stack and all.
func TestTraceBesideWatch(t *testing.T) {
	for _, scenario := range []string{"twice", "inlined", "children"} {
		t.Run(scenario, func(t *testing.T) {
			eachTraceMethod(t, func(t *testing.T, m TraceMethod) {
				n := 20
				s := launch(t, testkit.Optimized, scenario, fmt.Sprint(n))
				tr := setTrace(t, s, "main.x", TraceOptions{Method: m, Stack: 16})
				var hits []*Hit
				w := setWatch(t, s, "main.x", Write, WithStack(16), Report(func(h *Hit) { hits = append(hits, h) }))
				list := runOut(t, s, tr)
				if tr.Stats().Lost > 0 || w.Stats().Lost > 0 {
					t.Skipf("the processor has lost a hit: %+v", tr.Stats())
				}
				if len(list) != len(hits) || len(hits) == 0 {
					t.Fatalf("%d records, %d hits", len(list), len(hits))
				}
				for i, h := range hits {
					r := list[i]
					if r.Place != h.Place || r.Thread != h.Thread || r.OldKnown && r.Old.String() != h.Old.String() || r.NewKnown && r.New.String() != h.New.String() {
						t.Fatalf("record %d: %v, hit %v", i, r, h)
					}
					if known := m == TraceBPF || scenario == "twice"; known && !r.OldKnown || known && !r.NewKnown {
						t.Fatalf("record %d: %v", i, r)
					}
					if r.GoroutineKnown && r.Goroutine != h.Goroutine {
						t.Fatalf("record %d: %v, hit %v", i, r.Goroutine, h.Goroutine)
					}
					if got, want := functions(r.Stack), functions(h.Stack); !slices.Equal(got, want) {
						t.Fatalf("record %d: stack %v, hit %v", i, got, want)
					}
				}
			})
		})
	}
}

func functions(stack []Frame) (list []string) {
	for _, f := range stack {
		list = append(list, fmt.Sprintf("%s:%d inlined=%v", f.Function, f.Line, f.Inlined))
	}
	return list
}

// TestTraceThreads: writes of several threads at once, which begin later, are all there,
// and what an atomic instruction says is exact.
func TestTraceThreads(t *testing.T) {
	eachTraceMethod(t, func(t *testing.T, m TraceMethod) {
		const each, workers = 200, 4
		s := launch(t, testkit.Optimized, "atomics", fmt.Sprint(each), fmt.Sprint(workers))
		tr := setTrace(t, s, "main.counter.v", TraceOptions{Method: m})
		list := runOut(t, s, tr)
		if st := tr.Stats(); uint64(len(list))+st.Lost != each*workers {
			t.Fatalf("%d records, %+v", len(list), st)
		}
		seen := map[int64]bool{}
		for _, r := range list {
			was, _ := r.Old.Int()
			is, ok := r.New.Int()
			if !r.OldKnown || seen[was] || was >= each*workers || ok && is <= was || ok != (m == TraceBPF) {
				t.Fatalf("%v after %d records", r, len(seen))
			}
			seen[was] = true
		}
	})
}

// TestTraceStorm: threads that live for one write are covered.
func TestTraceStorm(t *testing.T) {
	eachTraceMethod(t, func(t *testing.T, m TraceMethod) {
		const threads = 30
		s := launch(t, testkit.Optimized, "storm", fmt.Sprint(threads))
		tr := setTrace(t, s, "main.counter", TraceOptions{Method: m})
		list := runOut(t, s, tr)
		tids := map[int]bool{}
		for _, r := range list {
			tids[r.Thread] = true
		}
		if st := tr.Stats(); uint64(len(list))+st.Lost != threads || len(tids) != len(list) {
			t.Fatalf("%d records of %d threads, %+v", len(list), len(tids), st)
		}
	})
}

// TestTraceCall: what the kernel writes for a system call is recorded with the call's name.
func TestTraceCall(t *testing.T) {
	const calls = 50
	s := launch(t, testkit.Optimized, "syscall", fmt.Sprint(calls))
	tr := setTrace(t, s, "main.buffer[0]", TraceOptions{Method: TraceBPF, Stack: 8})
	list := runOut(t, s, tr)
	if st := tr.Stats(); uint64(len(list))+st.Lost != calls {
		t.Fatalf("%d records, %+v", len(list), st)
	}
	for i, r := range list {
		if n, _ := r.New.Int(); tr.Stats().Lost == 0 && n != int64(i+1) || r.Call != "read" || r.PlaceErr != nil || r.Goroutine.ID != 1 {
			t.Fatalf("record %d: %v by %s, %v", i, r, r.Call, r.PlaceErr)
		}
		if !slices.ContainsFunc(r.Stack, func(f Frame) bool { return f.Function == "main.readInto" }) {
			t.Fatalf("record %d: %v", i, functions(r.Stack))
		}
	}
}

// TestTraceRunning: a program that runs is traced, and not stopped by it; the trace ends
// without it, and its debug registers are free again.
func TestTraceRunning(t *testing.T) {
	eachTraceMethod(t, func(t *testing.T, m TraceMethod) {
		s := launch(t, testkit.Optimized, "forever")
		halt := continueMeanwhile(s)
		defer halt()
		for range 6 { // more than there are debug registers
			tr := setTrace(t, s, "main.x", TraceOptions{Method: m, Stack: 4})
			n := 0
			for r, err := range tr.Records(context.Background()) {
				if err != nil || r.Place.Function != "main.forever" {
					t.Fatalf("%v, %v", r, err)
				}
				if n++; n == 20 {
					break
				}
			}
			if err := tr.Close(); err != nil {
				t.Error(err)
			}
			if got := records(t, tr); len(got) != 0 {
				t.Errorf("%d records of a trace that is closed", len(got))
			}
		}
		if stop, ok := halt().(*Stop); !ok || stop.Reason != ReasonHalted {
			t.Errorf("got %v", stop)
		}
	})
}

// continueMeanwhile lets a program run until halt is called, which returns how it stopped, as
// often as that is.
func continueMeanwhile(s *Session) (halt func() Event) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan Event, 1)
	go func() {
		ev, _ := s.Continue(ctx) // the context's error
		ended <- ev
	}()
	return sync.OnceValue(func() Event {
		cancel()
		return <-ended
	})
}

// TestTraceEnd: a trace ends with its session, and with its reader's context; whoever reads
// may close it.
func TestTraceEnd(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "100")
	killed := setTrace(t, s, "main.x", TraceOptions{})
	closed := setTrace(t, s, "main.x", TraceOptions{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n := 0
	for r, err := range killed.Records(ctx) {
		if r != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", r, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d turns", n)
	}
	runTo(t, s, "main.opaque")
	for r, err := range closed.Records(context.Background()) {
		if r == nil || err != nil || closed.Close() != nil {
			t.Errorf("%v, %v", r, err)
		}
	}
	if err := s.Kill(context.Background()); err != nil {
		t.Fatal(err)
	}
	if list := records(t, killed); uint64(len(list))+killed.Stats().Lost != 1 {
		t.Errorf("%d records", len(list))
	}
	if _, err := s.Trace(context.Background(), "main.x", TraceOptions{}); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v", err)
	}
}

// TestTraceErrors: what cannot be traced is refused, with the reason.
func TestTraceErrors(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	runTo(t, s, "main.twice")
	for _, c := range []struct {
		expr string
		o    TraceOptions
		into any
	}{
		{"n", TraceOptions{}, new(*ExprError)},
		{"main.nosuch", TraceOptions{}, new(*ExprError)},
		{"main.buffer", TraceOptions{}, new(*SlotsError)},
		{"main.table", TraceOptions{Stack: MaxTraceStack + 1}, nil},
		{"main.x", TraceOptions{Method: "none"}, nil},
	} {
		_, err := s.Trace(context.Background(), c.expr, c.o)
		if err == nil || c.into != nil && !errors.As(err, c.into) {
			t.Errorf("%s, %+v: %v", c.expr, c.o, err)
		}
	}
}

// TestUnrecorded: a hit of a watchpoint whose debug exception had no cause is missing in
// the traces of the same memory, once, and in no other.
func TestUnrecorded(t *testing.T) {
	d := &debuggee{}
	at := func(of *debuggee, addr uint64, size int) *Watchpoint {
		return &Watchpoint{of: of, addr: addr, size: size}
	}
	s := &Session{}
	want := []uint64{1, 1, 0, 0, 0}
	for _, w := range []*Watchpoint{at(d, 100, 8), at(d, 104, 1), at(d, 92, 8), at(d, 108, 4), at(&debuggee{}, 100, 8)} {
		s.traces = append(s.traces, &Trace{w: w})
	}
	s.unrecorded([]*lanes.Entry{{Owner: at(d, 100, 8)}, {Owner: at(d, 104, 4)}})
	for i, tr := range s.traces {
		if n := tr.unfounded.Load(); n != want[i] {
			t.Errorf("trace %d: %d", i, n)
		}
	}
}
