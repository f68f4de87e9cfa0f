package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/testkit"
)

// about is a condition about how often a worker of the target tasks has written its own cell,
// and what it means.
type about struct {
	text  string
	holds func(n int64) bool
	every uint64
	count string
	meets func(m uint64) bool // what count means
}

var always = about{holds: func(int64) bool { return true }, meets: func(uint64) bool { return true }}

// drawAbout draws one.
func drawAbout(t *rapid.T) about {
	a := always
	const n = "(new & 0xffffffffff)"
	k := rapid.Int64Range(0, 40).Draw(t, "k")
	mod := rapid.Int64Range(2, 9).Draw(t, "mod")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		a.text, a.holds = fmt.Sprintf("%s %% %d == %d", n, mod, k%mod), func(n int64) bool { return n%mod == k%mod }
	case 1:
		a.text, a.holds = fmt.Sprintf("%s < %d || %s %% %d == 0", n, k, n, mod), func(n int64) bool { return n < k || n%mod == 0 }
	case 2:
		a.text, a.holds = fmt.Sprintf("!(%s > %d) && runtime.curg.goid > 0", n, k), func(n int64) bool { return n <= k }
	case 3:
		a.text, a.holds = "runtime.curg.goid < 0", func(int64) bool { return false }
	}
	if rapid.Bool().Draw(t, "every") {
		a.every = uint64(rapid.IntRange(2, 7).Draw(t, "each"))
	}
	m := uint64(rapid.IntRange(1, 60).Draw(t, "m"))
	switch rapid.IntRange(0, 3).Draw(t, "count") {
	case 0:
		a.count, a.meets = fmt.Sprintf(">= %d", m), func(n uint64) bool { return n >= m }
	case 1:
		a.count, a.meets = fmt.Sprintf("%% %d", m), func(n uint64) bool { return n%m == 0 }
	case 2:
		a.count, a.meets = fmt.Sprintf("!= %d", m), func(n uint64) bool { return n != m }
	}
	return a
}

// wanted is which of so many writes are reported.
func (a *about) wanted(wrote int64) (list []int64) {
	var matched uint64
	for n := int64(1); n <= wrote; n++ {
		if !a.holds(n) {
			continue
		}
		if matched++; (a.every <= 1 || matched%a.every == 0) && a.meets(matched) {
			list = append(list, n)
		}
	}
	return list
}

func (a *about) options() []WatchOption {
	return []WatchOption{If(a.text), Every(a.every), WithHitCondition(a.count)}
}

// oneOfMany watches what one of several goroutines does with what all of them write, and compares
// what is told of that with what is known of it.
// stopped is how many others have stopped for that.
func oneOfMany(t testing.TB, a about, opts ...WatchOption) (st Stats, w *Watchpoint, stopped uint64) {
	t.Helper()
	const workers, at = 4, 2
	s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", workers, 20*time.Millisecond)
	id := numbers(t, s, "main.ids", workers)[at]
	var got []int64
	wrong := ""
	opts = append(append(a.options(), opts...), OnGoroutines(Selector{ID: id}), Report(func(h *Hit) {
		v, _ := h.New.Int()
		n := v & (1<<40 - 1)
		if v>>40 != at || uint64(n) != h.Number || h.Goroutine.ID != id || h.CondErr != nil {
			wrong = fmt.Sprintf("hit %d: %v, %v", h.Number, h, h.CondErr)
		}
		got = append(got, n)
	}))
	w = setWatch(t, s, fmt.Sprintf("main.cells[%d].V", at), Write, opts...)
	stopAt(t, s.Continue, ReasonBreakpoint)
	wrote, others := numbers(t, s, "main.wrote", workers)[at], numbers(t, s, "main.others", workers)[at-1]
	st = w.Stats()
	if st.Lost > 0 {
		t.Skip("the processor has lost a hit")
	}
	want := a.wanted(wrote)
	if wrong != "" || !slices.Equal(got, want) {
		t.Errorf("%+v: %s; %d are told of, want %d: %v, %v", a, wrong, len(got), len(want), got, want)
	}
	if st.Hits != uint64(wrote) || st.Others != uint64(others) || st.Reported != uint64(len(want)) || st.Unseen != 0 || st.Coverage != Exact || st.Switches != "" {
		t.Errorf("%+v: %+v, want %d hits and %d others", a, st, wrote, others)
	}
	if wrote == 0 || others == 0 {
		t.Error("nothing was written")
	}
	w.mu.Lock()
	stopped = w.others
	w.mu.Unlock()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return st, w, stopped
}

// causeless is more debug exceptions than come without their cause in a test: at those the kernel
// runs no program (FACTS A12).
const causeless = 40

// TestOneGoroutine: what the goroutine does is told, all of it, and what others do is counted,
// all of it, whoever looks who it was. Where the kernel does nobody else stops.
func TestOneGoroutine(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			opts     []WatchOption
			selected string
		}{"kernel": {nil, SelectedInKernel}, "stop": {[]WatchOption{ByStop()}, SelectedByStop}} {
			t.Run(name, func(t *testing.T) {
				want := c.selected
				switch {
				case testOptions().Driver == "ptrace":
					want = SelectedByStop
				case want == SelectedInKernel:
					needBPF(t)
				}
				st, w, stopped := oneOfMany(t, always, c.opts...)
				if st.Selected != want {
					t.Errorf("selected by %q, want %q", st.Selected, want)
				}
				if in, why := w.InKernel(); in != (want == SelectedInKernel) || in != (why == "") {
					t.Errorf("%v, %s", in, why)
				}
				if want == SelectedInKernel && stopped > causeless {
					t.Errorf("%d of %d others have stopped", stopped, st.Others)
				}
			})
		}
	})
}

// TestOneGoroutineDrawn: conditions and counts are the goroutine's own, and the kernel answers as
// who stops at each hit does.
func TestOneGoroutineDrawn(t *testing.T) {
	drawn := 8
	if testing.Short() {
		drawn = 3
	}
	eachDriver(t, func(t *testing.T) {
		if testOptions().Driver != "ptrace" {
			needBPF(t)
		}
		var unstopped uint64
		for seed := range drawn {
			a := rapid.Custom(drawAbout).Example(seed)
			st, _, _ := oneOfMany(t, a)
			unstopped += st.Unstopped
			oneOfMany(t, a, ByStop())
		}
		if (unstopped > 0) != (testOptions().Driver != "ptrace") {
			t.Errorf("the kernel has decided about %d hits", unstopped)
		}
	})
}

// TestOneGoroutineUndecided: with a condition that the kernel cannot evaluate it lets others pass
// nevertheless.
func TestOneGoroutineUndecided(t *testing.T) {
	eachFilteringDriver(t, func(t *testing.T) {
		a := always
		a.text, a.holds = "float64(new & 0xffffffffff) < 10.5", func(n int64) bool { return n <= 10 }
		st, w, stopped := oneOfMany(t, a)
		in, why := w.InKernel()
		if st.Selected != SelectedInKernel || in || why == "" || st.Unstopped != 0 {
			t.Errorf("%+v, %v, %s", st, in, why)
		}
		if stopped > causeless {
			t.Errorf("%d of %d others have stopped", stopped, st.Others)
		}
	})
}

// numbered watches a worker's cell for it, and looks whether its writes come in order, from the
// first that is seen on. The program stops at the one with the number halt.
func numbered(t testing.TB, s *Session, i int, halt int64) *watchedWorker {
	t.Helper()
	id := numbers(t, s, "main.ids", i+1)[i]
	x := &watchedWorker{}
	x.w = setWatch(t, s, fmt.Sprintf("main.cells[%d].V", i), Write, OnGoroutine(id), Report(func(h *Hit) {
		v, _ := h.New.Int()
		n := v & (1<<40 - 1)
		if x.wrong == "" && (v>>40 != int64(i) || x.next > 0 && n != x.next || h.Goroutine.ID != id) {
			x.wrong = fmt.Sprintf("%v: write %d of worker %d, want %d", h, n, v>>40, x.next)
		}
		if x.next = n + 1; n == halt {
			h.StopHere()
		}
	}))
	return x
}

// TestCrowdedGoroutines: when debug registers run out watchpoints become their goroutines' own,
// while the program is amid everything, and none of these misses a write of its goroutine's.
func TestCrowdedGoroutines(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		const workers, halt = 8, 40
		s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", workers, 200*time.Millisecond)
		free := 0
		if err := s.do(t.Context(), func() error { free = s.free(s.debuggee); return nil }); err != nil {
			t.Fatal(err)
		}
		var list []*watchedWorker
		for i := range free {
			list = append(list, numbered(t, s, i, halt*int64(max(0, 1-i))))
		}
		for i, x := range list {
			if st := x.w.Stats(); st.Switches != "" {
				t.Errorf("worker %d: %+v", i, st)
			}
		}
		stopAt(t, s.Continue, ReasonWatchpoint)
		for i := free; i < workers; i++ {
			list = append(list, numbered(t, s, i, 0))
		}
		stopAt(t, s.Continue, ReasonBreakpoint)
		wrote := numbers(t, s, "main.wrote", workers)
		for i, x := range list {
			st := x.w.Stats()
			if st.Lost > 0 {
				t.Skip("the processor has lost a hit")
			}
			if x.wrong != "" || x.next != wrote[i]+1 || i < free && st.Hits != uint64(wrote[i]) || st.Hits == 0 || st.Unseen != 0 {
				t.Errorf("worker %d: %s; told of %d writes of %d, %+v", i, x.wrong, x.next-1, wrote[i], st)
			}
			in, why := x.w.InKernel()
			if st.Coverage != Exact || st.Enabled != st.Running || st.Switches == "" || st.Selected != SelectedByStop || in || why == "" {
				t.Errorf("worker %d: %+v; %v, %s", i, st, in, why)
			}
		}
	})
}

// TestRoomForAll: watchpoints for one goroutine make room for one that is for all.
func TestRoomForAll(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", 4, 50*time.Millisecond)
		list := watchWorkers(t, s, 4, 1)
		w := setWatch(t, s, "main.marks[0]", Write, Report(func(*Hit) {}))
		stopAt(t, s.Continue, ReasonBreakpoint)
		wrote := numbers(t, s, "main.wrote", 4)
		for i, x := range list {
			if x.w.Stats().Lost > 0 {
				t.Skip("the processor has lost a hit")
			}
			x.check(t, i, wrote[i], true)
		}
		made := uint64(0)
		for i, n := range numbers(t, s, "main.marked", 4*8) {
			if i%8 == 0 {
				made += uint64(n)
			}
		}
		if st := w.Stats(); st.Hits != made || made == 0 || st.Coverage != Exact || st.Guarded {
			t.Errorf("%+v, want %d hits", st, made)
		}
	})
}

// TestCrowdedForNothing: five watchpoints for the same goroutine are on all threads, as far as
// there are debug registers: the fifth is behind a page guard, or refused.
func TestCrowdedForNothing(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", 3, 30*time.Millisecond)
		id := numbers(t, s, "main.ids", 3)[1]
		var list []*Watchpoint
		for i := range 5 {
			w, err := s.Watch(t.Context(), fmt.Sprintf("main.marks[%d]", i), Write, OnGoroutine(id), Report(func(*Hit) {}))
			var full *GuardError
			if i >= 2 && errors.As(err, &full) {
				break // there are no page guards, and breakpoints can have two of the registers
			}
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, w)
		}
		stopAt(t, s.Continue, ReasonBreakpoint)
		made := numbers(t, s, "main.marked", 3*8)
		for i, w := range list {
			st := w.Stats()
			if st.Lost > 0 {
				t.Skip("the processor has lost a hit")
			}
			if st.Hits != uint64(made[8+i]) || st.Others != uint64(made[i]+made[16+i]) || st.Switches != "" || st.Guarded != (i == 4) || st.Coverage != Exact {
				t.Errorf("%d: %+v, want %d hits, %d others", i, st, made[8+i], made[i]+made[16+i])
			}
		}
		if len(list) < 2 {
			t.Error("there was no room for two")
		}
	})
}

// TestEachOfOneGoroutine: elements of an array that all goroutines write are watched for one of
// them, in debug registers and behind page guards.
func TestEachOfOneGoroutine(t *testing.T) {
	for _, driver := range []string{"perf", "ptrace"} { // with safe stops there are no page guards
		t.Run(driver, func(t *testing.T) {
			onDriver(t, driver, func(t *testing.T) {
				s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", 3, 30*time.Millisecond)
				room, err := s.Watchable(t.Context(), "main.marked") // more than all registers hold
				var denied *GuardError
				if errors.As(err, &denied) {
					t.Skip(err)
				}
				if err != nil || !room.Guarded {
					t.Fatalf("%+v, %v", room, err)
				}
				id := numbers(t, s, "main.ids", 3)[1]
				list, err := s.WatchEach(context.Background(), "main.marks", Write, OnGoroutine(id), Report(func(*Hit) {}))
				if err != nil {
					t.Fatal(err)
				}
				stopAt(t, s.Continue, ReasonBreakpoint)
				made := numbers(t, s, "main.marked", 3*8)
				for i, w := range list {
					st := w.Stats()
					if st.Lost > 0 {
						t.Skip("the processor has lost a hit")
					}
					if st.Hits != uint64(made[8+i]) || st.Others != uint64(made[i]+made[16+i]) || st.Selected != SelectedByStop || st.Coverage != Exact {
						t.Errorf("%d: %+v, want %d hits, %d others", i, st, made[8+i], made[i]+made[16+i])
					}
				}
			})
		})
	}
}

// TestGroupOfOneGoroutine: a group is its goroutine's own.
func TestGroupOfOneGoroutine(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		unlessHooked(t)
		s := tasks(t, testkit.Target(t, "tasks", testkit.Optimized), "busy", 3, 30*time.Millisecond)
		id := numbers(t, s, "main.ids", 3)[1]
		g, err := s.NewGroup(context.Background(), []Item{{Expr: "main.cells[1].V"}, {Expr: "main.wrote[1]"}}, OnGoroutine(id), InMode(ModePinned), Report(func(*Hit) {}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.NewGroup(context.Background(), []Item{{Expr: "main.marks[0]", Options: []WatchOption{OnGoroutine(id)}}}); err == nil {
			t.Error("a goroutine that is not the group's")
		}
		stopAt(t, s.Continue, ReasonBreakpoint)
		wrote := numbers(t, s, "main.wrote", 3)[1]
		for _, w := range g.Watchpoints() {
			st := w.Stats()
			if st.Lost > 0 {
				t.Skip("the processor has lost a hit")
			}
			if st.Hits != uint64(wrote) || st.Switches == "" || st.Selected != SelectedByStop {
				t.Errorf("%s: %+v, want %d hits", w.Expr(), st, wrote)
			}
		}
	})
}

// TestGoroutineToCome: a goroutine that is not there yet is waited for.
func TestGoroutineToCome(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		s := launch(t, testkit.Optimized, "twice", "100") // the runtime has not begun
		var r recorder
		w := setWatch(t, s, "main.x", Write, OnGoroutine(1), Every(10), Report(r.add))
		other := setWatch(t, s, "main.x", Write, OnGoroutine(1<<40), Report(r.add))
		if st := w.Stats(); !strings.Contains(st.Reason, "goroutine 1 was not there") {
			t.Errorf("%+v", st)
		}
		toTheEnd(t, s, 0)
		st, rest := w.Stats(), other.Stats()
		if st.Lost+rest.Lost > 0 {
			t.Skip("the processor has lost a hit")
		}
		if st.Hits != 200 || st.Reported != 20 || len(r.hits) != 20 || st.Others != 0 || rest.Hits != 0 || rest.Others != 200 || st.Coverage != Exact {
			t.Errorf("%+v\n%+v, %d hits", st, rest, len(r.hits))
		}
	})
}

// TestSelectorOfThread: a goroutine and a thread are not chosen both.
func TestSelectorOfThread(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "1")
	_, err := s.Watch(context.Background(), "main.x", Write, OnGoroutine(1), OnThread(s.pid))
	if !errors.Is(err, errContexts) {
		t.Error(err)
	}
}
