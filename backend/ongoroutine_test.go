package backend

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/gprobe"
	"github.com/argusdbg/argus/internal/testkit"
)

// longGoroutines is the variable of the environment that has TestOwnWritesOnly run that long
// ("10m"), with 10,000 goroutines.
const longGoroutines = "ARGUS_GOROUTINES"

// tasks starts a program of so many goroutines that run for some time, and stops it when
// all are there.
func tasks(t testing.TB, path, mode string, workers int, d time.Duration) *Session {
	t.Helper()
	if os.Getenv(longGoroutines) == "" {
		testkit.Watchdog(t)
	}
	s := launchPath(t, path, mode, strconv.Itoa(workers), strconv.Itoa(int(d.Milliseconds())))
	setBreak(t, s, "main.settled", "")
	setBreak(t, s, "main.finished", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	return s
}

// unlessHooked skips a test where goroutines could be followed by hooks alone, and the
// program is to survive the debugger.
func unlessHooked(t *testing.T) {
	t.Helper()
	if err := gprobe.Supported(); err != nil && testOptions().Safe == SafeOn {
		t.Skip(err)
	}
}

// numbers reads the first n of an array of int64.
func numbers(t testing.TB, s *Session, array string, n int) []int64 {
	t.Helper()
	v, err := s.Evaluate(context.Background(), Selected, array, Load{})
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8*n)
	if err := s.ReadMemory(context.Background(), v.Addr, b); err != nil {
		t.Fatal(err)
	}
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return list
}

// watched is a worker whose cell is watched for it alone.
type watchedWorker struct {
	w     *Watchpoint
	next  int64 // the number of its next write
	wrong string
}

// watchWorkers has the cells of workers 0, step, 2 step ... watched for their goroutines.
func watchWorkers(t testing.TB, s *Session, workers, step int, opts ...WatchOption) (list []*watchedWorker) {
	t.Helper()
	ids := numbers(t, s, "main.ids", workers)
	for i := 0; i < workers; i += step {
		x := &watchedWorker{next: 1}
		id := ids[i]
		x.w = setWatch(t, s, fmt.Sprintf("main.cells[%d].V", i), Write, append(opts, OnGoroutine(id), Report(func(h *Hit) {
			v, _ := h.New.Int()
			if who, n := v>>40, v&(1<<40-1); x.wrong == "" && (who != int64(i) || n != x.next || h.Goroutine.ID != id) {
				x.wrong = fmt.Sprintf("%v: write %d of worker %d, want %d of %d by goroutine %d", h, n, who, x.next, i, id)
			}
			x.next++
		}))...)
		list = append(list, x)
	}
	return list
}

func (x *watchedWorker) check(t testing.TB, i int, wrote int64, swapped bool) {
	t.Helper()
	st := x.w.Stats()
	if x.wrong != "" {
		t.Errorf("worker %d: %s", i, x.wrong)
	}
	if x.next-1 != wrote || int64(st.Hits) != wrote || st.Lost != 0 || st.Unseen != 0 {
		t.Errorf("worker %d: %d hits were told of, of %d writes; %+v", i, x.next-1, wrote, st)
	}
	if st.Coverage != Exact || (st.Switches != "") != swapped || st.Enabled != st.Running || st.Blind != 0 {
		t.Errorf("worker %d: %+v", i, st)
	}
}

// TestOwnWritesOnly: of everything that many goroutines write, each watchpoint tells what
// its own goroutine has written, all of it, and nothing else, however that came to its
// threads.
func TestOwnWritesOnly(t *testing.T) {
	workers, d := 1000, 3*time.Second
	if long := os.Getenv(longGoroutines); long != "" {
		var err error
		if d, err = time.ParseDuration(long); err != nil {
			t.Fatal(err)
		}
		workers = 10_000
	}
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		for _, c := range []string{"mixed", "mixed hook", "coroutines", "locked", "calls", "handoff", "handoff hook"} {
			mode, way, _ := strings.Cut(c, " ")
			t.Run(c, func(t *testing.T) {
				if way != "" && testOptions().Safe == SafeOn {
					t.Skip("the program is to survive the debugger: see TestSwitchesAndSafety")
				}
				n, d := workers, d
				if mode != "mixed" {
					n, d = 20, min(d, time.Second/2)
				}
				s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), mode, n, d)
				s.switchWay = way
				step := max(n/100, 1)
				list := watchWorkers(t, s, n, step)
				stopAt(t, s.Continue, ReasonBreakpoint)
				wrote := numbers(t, s, "main.wrote", n)
				var own int64
				for i, x := range list {
					x.check(t, i*step, wrote[i*step], true)
					own += wrote[i*step]
				}
				if own == 0 {
					t.Error("nothing was written")
				}
				t.Logf("%d goroutines with contexts of %d, %d hits, %d switches by %s", len(list), n, own, s.process.Board().Switches(), s.contexts.switches.Way())
			})
		}
	})
}

// TestGoroutineEnds: the watchpoint ends with its goroutine, and tells of it.
func TestGoroutineEnds(t *testing.T) {
	for _, way := range []string{"", glue.SwitchesByHook} {
		for _, swapped := range []bool{false, true} {
			t.Run(fmt.Sprint(way, " swapped=", swapped), func(t *testing.T) { goroutineEnds(t, way, swapped) })
		}
	}
}

func goroutineEnds(t *testing.T, way string, swapped bool) {
	s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "handoff", 4, 100*time.Millisecond)
	s.switchWay, s.alwaysSwap = way, swapped
	list := watchWorkers(t, s, 4, 1)
	stopAt(t, s.Continue, ReasonBreakpoint)
	setBreak(t, s, "main.left", "")
	for ended := 0; ended < len(list); {
		stop := stopAt(t, s.Continue, ReasonGoroutineEnded)
		for _, w := range stop.Ended {
			ended++
			if w.End().Kind != EndGoroutine || !strings.Contains(w.End().Reason, "ended") {
				t.Errorf("%+v", w.End())
			}
		}
	}
	if s.contexts.switches != nil {
		t.Error("switches are followed still")
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	for i, x := range list {
		x.check(t, i, numbers(t, s, "main.wrote", 4)[i], swapped)
	}
	id := numbers(t, s, "main.ids", 1)[0]
	_, err := s.Watch(context.Background(), "main.cells[0].V", Write, OnGoroutine(id))
	var ge *GoroutineError
	if !errors.As(err, &ge) || ge.ID != id {
		t.Errorf("goroutine %d is over: %v", id, err)
	}
}

// TestParkedWrites: what a channel operation writes to the stack of a goroutine that is
// parked, on a thread where its watchpoints are not, is told of when the goroutine goes on,
// or by whoever finds it first.
func TestParkedWrites(t *testing.T) {
	const n = 10
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		for _, mode := range testkit.Modes {
			for _, c := range []struct {
				scenario, in string
				hits         uint64
			}{{"receive", "main.receiver", 2*n - 1}, {"select", "main.selecting", n}} {
				t.Run(fmt.Sprintf("%s/%s", mode, c.scenario), func(t *testing.T) {
					s := atBegin(t, mode, "main.beginParked", c.scenario, fmt.Sprint(n))
					s.alwaysSwap = true
					w, hits, gid := watchWaiting(t, s, c.in)
					parked, last := 0, ""
					for i, h := range hits {
						if i > 0 && h.Old.String() != last {
							t.Errorf("hit %d: %v, after %s", i, h, last)
						}
						if last = h.New.String(); !h.Parked {
							continue
						}
						parked++
						if h.Goroutine.ID != gid || h.Place.Function != c.in || !strings.Contains(h.String(), "while goroutine") {
							t.Errorf("%v", h)
						}
					}
					if parked == 0 || len(hits) == 0 || !hits[0].Parked {
						t.Errorf("%d hits while it was parked; the first is %v", parked, hits)
					}
					st := w.Stats()
					if st.Hits != c.hits || st.Coverage != Exact || st.Others != 0 {
						t.Errorf("%+v", st)
					}
					toTheEnd(t, s, 0)
				})
			}
		}
	})
}

// watchWaiting watches, for the goroutine that is in a function, the variable that it receives
// into from channels, until its scope ends.
func watchWaiting(t *testing.T, s *Session, in string) (w *Watchpoint, hits []*Hit, gid int64) {
	t.Helper()
	gid, frame := goroutineIn(t, s, in)
	var r recorder
	w = setWatch(t, s, waitingFor(t, s, gid), Write, Report(r.add), InScope(gid, frame), OnGoroutine(gid))
	stop := stopAt(t, s.Continue, ReasonScopeEnd)
	if len(stop.Ended) != 1 || stop.Ended[0] != w || s.contexts.switches != nil {
		t.Errorf("%+v", stop)
	}
	return w, r.hits, gid
}

// TestChannelsAndOneGoroutine: while there are debug registers for all threads what a channel
// operation writes to the stack of a goroutine that is parked is told of at once, with who did it.
func TestChannelsAndOneGoroutine(t *testing.T) {
	const n = 10
	eachDriver(t, func(t *testing.T) {
		for scenario, c := range map[string]struct {
			in   string
			hits uint64
		}{"receive": {"main.receiver", 2*n - 1}, "select": {"main.selecting", n}} {
			t.Run(scenario, func(t *testing.T) {
				s := atBegin(t, testkit.Optimized, "main.beginParked", scenario, fmt.Sprint(n))
				w, hits, gid := watchWaiting(t, s, c.in)
				channel := 0
				for _, h := range hits {
					if h.Parked || h.Channel == (h.Goroutine.ID == gid) {
						t.Errorf("%v", h)
					}
					if h.Channel {
						channel++
					}
				}
				st := w.Stats()
				if st.Lost > 0 {
					t.Skip("the processor has lost a hit")
				}
				if st.Hits != c.hits || channel == 0 || st.Coverage != Exact || st.Others != 0 || st.Switches != "" {
					t.Errorf("%d by channel operations, %+v", channel, st)
				}
				toTheEnd(t, s, 0)
			})
		}
	})
}

// TestContextLifetimes: a local variable that is watched for its goroutine alone is followed
// with its stack, and ends, as any other does.
func TestContextLifetimes(t *testing.T) {
	swapped := false
	own := func(s *Session) WatchOption {
		s.alwaysSwap = swapped
		id := int64(0)
		if err := s.do(context.Background(), func() error {
			id = s.target.SelectedGoroutine().ID
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return OnGoroutine(id)
	}
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		for _, swap := range []bool{false, true} {
			swapped = swap
			t.Run(fmt.Sprint("moves swapped=", swap), func(t *testing.T) { testLocalMoves(t, testkit.Debug, false, own) })
			t.Run(fmt.Sprint("ends swapped=", swap), func(t *testing.T) { testLocalEnds(t, testkit.Debug, false, own) })
		}
	})
}

// TestOfAnotherGoroutine: a local variable is of one goroutine.
func TestOfAnotherGoroutine(t *testing.T) {
	s := atBegin(t, testkit.Debug, "main.beginParked", "receive", "3")
	gid, frame := goroutineIn(t, s, "main.receiver")
	var ee *ExprError
	for _, opts := range [][]WatchOption{{OnGoroutine(1)}, {OnGoroutine(gid), OnThread(s.pid)}} {
		_, err := s.Watch(context.Background(), "v", Write, append(opts, InScope(gid, frame))...)
		if err == nil || len(opts) == 1 && !errors.As(err, &ee) {
			t.Errorf("%v", err)
		}
	}
	if s.contexts.switches != nil || len(s.Watchpoints()) != 0 {
		t.Error("something is left")
	}
}

// TestSwitchesAndSafety: a program that is to survive the debugger gets no breakpoint
// instructions for the sake of goroutines.
func TestSwitchesAndSafety(t *testing.T) {
	onDriver(t, "perf-safe", func(t *testing.T) {
		s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "handoff", 4, 100*time.Millisecond)
		s.switchWay = glue.SwitchesByHook
		id := numbers(t, s, "main.ids", 1)[0]
		w := setWatch(t, s, "main.cells[0].V", Write, OnGoroutine(id))
		if st := w.Stats(); st.Switches != "" || !strings.Contains(st.Reason, "would not be noticed") {
			t.Errorf("%+v", st)
		}
		setWatch(t, s, "main.others[0]", Write) // two breakpoints have registers too
		_, err := s.Watch(context.Background(), "main.cells[1].V", Write, OnGoroutine(id))
		if err == nil || !strings.Contains(err.Error(), "--safe off") {
			t.Error(err)
		}
	})
}
