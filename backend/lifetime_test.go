package backend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// atBegin launches a scenario of the target about lifetimes, and stops where its variable
// is handed over.
func atBegin(t *testing.T, mode testkit.Mode, where string, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "lifetimes", mode), args...)
	b := setBreak(t, s, where, "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// localEnds are scenarios of a local variable, and what its watchpoint tells.
var localEnds = []struct {
	scenario string
	n        int
	hits     uint64
	last     string
	why      string
	place    string
}{
	{"return", 20, 20, "20", "main.one returned", "main.returns"},
	{"unwound", 20, 20, "20", "a panic ended main.panics, and main.unwound.func1 recovered from it", "main.unwound.func1"},
	{"recovers", 20, 21, "25", "main.recovers returned", "main.init.func1"},
	{"goexit", 20, 21, "25", "its goroutine ended by runtime.Goexit", "runtime.Goexit"},
	{"goroutine", 20, 20, "20", "main.root returned", "main.goroutine"},
	{"closure", 20, 20, "20", "main.closure.func1 returned", "main.closure.func1"},
	{"grow", 2000, 2000, "2000", "main.growing returned", ""},
	{"shrink", 5, 16, "16", "main.shrinking returned", ""},
	{"recursion", 10, 20, "20", "main.recursion returned", "main.recursion"},
	{"many", 50, 50, "50", "main.quietly returned", ""},
	{"nested", 5, 10, "10", "a panic ended main.inner, and main.nested.func1 recovered from it", "main.nested.func1"},
}

// TestLocalEnds: whatever way a function is left, its variable's watchpoint ends there,
// and has seen every write until then and none after.
func TestLocalEnds(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		for _, mode := range testkit.SomeModes() {
			t.Run(string(mode), func(t *testing.T) { testLocalEnds(t, mode, false) })
		}
	})
}

// TestLocalEndsBehindGuards: so it does behind a page guard on its stack, and while threads
// are stopped all the time, because they write to another guarded page.
func TestLocalEndsBehindGuards(t *testing.T) {
	eachDriver(t, func(t *testing.T) { testLocalEnds(t, testkit.Debug, true) })
}

func testLocalEnds(t *testing.T, mode testkit.Mode, guarded bool, more ...func(*Session) WatchOption) {
	for _, c := range localEnds {
		t.Run(c.scenario, func(t *testing.T) {
			s := atBegin(t, mode, "main.begin", c.scenario, fmt.Sprint(c.n))
			if guarded {
				if err := s.process.CanGuard(); err != nil {
					t.Skip(err)
				}
				beside := setWatch(t, s, "main.sink", Write, append(behindGuards, Report(func(*Hit) {}))...)
				defer func() {
					if st := beside.Stats(); st.Coverage != Exact || !st.Guarded || st.Faults == 0 {
						t.Errorf("beside it: %+v", st)
					}
				}()
			}
			beside := len(s.Watchpoints())
			var r recorder
			opts := []WatchOption{Report(r.add)}
			if guarded {
				opts = append(opts, behindGuards...)
			}
			for _, opt := range more {
				opts = append(opts, opt(s))
			}
			w := setWatch(t, s, "*p", Write, opts...)
			stop := stopAt(t, s.Continue, ReasonScopeEnd)
			if len(stop.Ended) != 1 || stop.Ended[0] != w || len(s.Watchpoints()) != beside {
				t.Errorf("ended %v", stop.Ended)
			}
			end := w.End()
			if end == nil || end.Kind != EndScope || end.Reason != c.why || end.Last.String() != c.last {
				t.Errorf("end %+v, want %s, %s", end, c.last, c.why)
			}
			if !strings.HasPrefix(stop.Place.Function, c.place) {
				t.Errorf("stopped in %s", stop.Place)
			}
			check := func() {
				t.Helper()
				if st := w.Stats(); st.Hits != c.hits || st.Coverage != Exact || st.Unseen != 0 || st.Reason != c.why {
					t.Errorf("%+v, want %d hits", st, c.hits)
				}
				if uint64(len(r.hits)) != c.hits {
					t.Errorf("told of %d hits: %v", len(r.hits), r.hits)
				}
			}
			check()
			if n := len(s.process.Breakpoints().M); n != 0 {
				t.Errorf("%d breakpoints of Delve's", n)
			}
			toTheEnd(t, s, 0)
			check()
		})
	}
}

// TestLocalMoves: a variable is followed wherever its stack goes, larger or smaller, and
// none of its writes is missed.
func TestLocalMoves(t *testing.T) {
	eachDriver(t, func(t *testing.T) {
		for _, mode := range testkit.SomeModes() {
			t.Run(string(mode), func(t *testing.T) { testLocalMoves(t, mode, false) })
		}
	})
}

// TestLocalMovesBehindGuards: the guard goes with it.
func TestLocalMovesBehindGuards(t *testing.T) {
	eachDriver(t, func(t *testing.T) { testLocalMoves(t, testkit.Debug, true) })
}

func testLocalMoves(t *testing.T, mode testkit.Mode, guarded bool, more ...func(*Session) WatchOption) {
	for _, c := range []struct {
		scenario string
		n        int
		hits     uint64
		moves    int // at least
	}{
		{"grow", 3000, 3000, 5},
		{"shrink", 5, 16, 5},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			s := atBegin(t, mode, "main.begin", c.scenario, fmt.Sprint(c.n))
			var r recorder
			opts := []WatchOption{Report(r.add)}
			if guarded {
				if err := s.process.CanGuard(); err != nil {
					t.Skip(err)
				}
				opts = append(opts, behindGuards...)
			}
			for _, opt := range more {
				opts = append(opts, opt(s))
			}
			w := setWatch(t, s, "*p", Write, opts...)
			first := w.Addr()
			stopAt(t, s.Continue, ReasonScopeEnd)
			if len(w.former) < c.moves || w.Addr() == first {
				t.Errorf("moved %d times, from %#x to %#x", len(w.former), first, w.Addr())
			}
			for i, h := range r.hits {
				if want := fmt.Sprint(i + 1); h.New.String() != want || h.Old.String() != fmt.Sprint(i) || h.PlaceErr != nil {
					t.Fatalf("hit %d: %v", i, h)
				}
			}
			if st := w.Stats(); st.Hits != c.hits || st.Coverage != Exact || st.Enabled != st.Running {
				t.Errorf("%+v", st)
			}
			toTheEnd(t, s, 0)
		})
	}
}

// TestLocalIsNotTheCopy: what the runtime reads when it copies a stack is no access to the
// variable, and a pointer into the stack that it changes is no write.
func TestLocalIsNotTheCopy(t *testing.T) { eachDriver(t, testLocalIsNotTheCopy) }

func testLocalIsNotTheCopy(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		t.Run(string(mode), func(t *testing.T) {
			s := atBegin(t, mode, "main.beginPointer", "pointer", "10")
			var r recorder
			w := setWatch(t, s, "*p", ReadWrite, Report(r.add))
			stopAt(t, s.Continue, ReasonScopeEnd)
			if len(w.former) == 0 {
				t.Error("the stack did not move")
			}
			writes := 0
			for _, h := range r.hits {
				if !strings.HasPrefix(h.Place.Function, "main.") {
					t.Errorf("%v", h)
				}
				if h.Access == Write {
					writes++
				}
			}
			if st := w.Stats(); writes != 10 || st.Coverage != Exact {
				t.Errorf("%d writes, %+v", writes, st)
			}
			toTheEnd(t, s, 0)
		})
	}
}

// TestEscapedIsNoLocal: a variable that outlives its function is on the heap.
func TestEscapedIsNoLocal(t *testing.T) { eachDriver(t, testEscapedIsNoLocal) }

func testEscapedIsNoLocal(t *testing.T) {
	s := atBegin(t, testkit.Debug, "main.begin", "escapes", "20")
	var r recorder
	w := setWatch(t, s, "*p", Write, Report(r.add))
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Hits != 20 || w.End() != nil || len(s.debuggees) > 0 && len(s.debuggees[0].locals.list) > 0 {
		t.Errorf("%+v", st)
	}
}

// TestChannelWrites: a channel operation of another goroutine with a waiting one's variable
// is a hit that says so.
func TestChannelWrites(t *testing.T) { eachDriver(t, testChannelWrites) }

func testChannelWrites(t *testing.T) {
	const n = 10
	for _, mode := range testkit.SomeModes() {
		for _, c := range []struct {
			scenario, in, by string
			channel          int // hits of that kind
			hits             uint64
		}{
			{"receive", "main.receiver", "main.receives", n, 2*n - 1}, // it is zeroed in between
			{"closed", "main.closing", "main.closed", 1, 1},
			{"select", "main.selecting", "main.selects", n, n},
			{"timer", "main.waiter", "", 1, 2},
		} {
			t.Run(fmt.Sprintf("%s/%s", mode, c.scenario), func(t *testing.T) {
				s := atBegin(t, mode, "main.beginParked", c.scenario, fmt.Sprint(n))
				gid, frame := goroutineIn(t, s, c.in)
				var r recorder
				w := setWatch(t, s, waitingFor(t, s, gid), Write, Report(r.add), InScope(gid, frame))
				stopAt(t, s.Continue, ReasonScopeEnd)
				channel := 0
				for _, h := range r.hits {
					if !h.Channel {
						if h.Goroutine.ID != gid {
							t.Errorf("%v", h)
						}
						continue
					}
					channel++
					if h.Goroutine.ID == gid || !strings.HasPrefix(h.Place.Function, c.by) || !strings.Contains(h.String(), "written by a channel operation of ") {
						t.Errorf("%v", h)
					}
				}
				// If the program is slow the receiver may come too late now and then, and take
				// the value by itself.
				if st := w.Stats(); channel < (c.channel+1)/2 || st.Hits != c.hits || st.Coverage != Exact {
					t.Errorf("%d hits by channel operations, %+v", channel, st)
				}
				toTheEnd(t, s, 0)
			})
		}
	}
}

// waitingFor is what a channel operation is to write for a goroutine that waits: not the
// variable that it is assigned to, but one that the compiler has made for it.
func waitingFor(t *testing.T, s *Session, gid int64) string {
	t.Helper()
	for _, expr := range []string{"runtime.curg.waiting.elem.vu", "runtime.curg.waiting.elem"} { // Go 1.26, and before
		v, err := s.Evaluate(context.Background(), Scope{Goroutine: gid}, expr, Load{})
		if err == nil {
			_, addr, _ := strings.Cut(v.Value, "0x")
			return fmt.Sprintf("*(*int64)(0x%s)", strings.TrimSuffix(addr, ")"))
		}
		t.Logf("%s: %v", expr, err)
	}
	t.Fatal("it waits for nothing")
	return ""
}

// goroutineIn finds a goroutine that is in a function, and the frame of that.
func goroutineIn(t *testing.T, s *Session, function string) (id int64, frame int) {
	t.Helper()
	list, err := s.Goroutines(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range list {
		stack, err := s.Stack(context.Background(), g.ID, 20)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range stack {
			if f.Function == function {
				return g.ID, f.Index
			}
		}
	}
	t.Fatalf("no goroutine is in %s", function)
	return 0, 0
}

// TestLocalWithoutGoexit: of a program that cannot call runtime.Goexit, since the linker has
// left it out, nothing is said about ends by it.
func TestLocalWithoutGoexit(t *testing.T) {
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "calls", testkit.Debug))
	runTo(t, s, "main.recovers")
	if w := setWatch(t, s, "v", Write); w.Stats().Reason != "" {
		t.Error(w.Stats().Reason)
	}
}
