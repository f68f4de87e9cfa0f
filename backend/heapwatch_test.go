package backend

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestFreedObject: a watchpoint on an object ends when the collector frees it. It has seen
// every write until then, and none of those that follow to the same memory.
func TestFreedObject(t *testing.T) { eachDriver(t, testFreedObject) }

func testFreedObject(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		for _, c := range []struct {
			scenario string
			hits     uint64
			last     string
		}{
			{"small", 20, "20"},
			{"noscan", 20, "20"},
			{"large", 20, "20"},
			{"interior", 20, "20"},
			{"tiny", 20, "20"},
			{"finalizer", 21, "25"},
			{"cleanup", 20, "20"},
			{"weak", 20, "20"},
		} {
			t.Run(fmt.Sprintf("%s/%s", mode, c.scenario), func(t *testing.T) {
				s := atBegin(t, mode, "main.begin", c.scenario, "20")
				var r recorder
				w := setWatch(t, s, "*p", Write, Report(r.add), EndWhenFreed())
				if w.object == nil || w.addr < w.object.Base || w.addr+8 > w.object.Base+w.object.Size {
					t.Fatalf("object %+v of %#x: %s", w.object, w.addr, w.Stats().Reason)
				}
				if c.scenario == "tiny" { // its neighbour keeps it
					b := setBreak(t, s, "main.atSecond", "")
					stopAt(t, s.Continue, ReasonBreakpoint)
					if err := b.Remove(context.Background()); err != nil {
						t.Fatal(err)
					}
				}
				stop := stopAt(t, s.Continue, ReasonFreed)
				if len(stop.Ended) != 1 || stop.Ended[0] != w || len(s.Watchpoints()) != 0 {
					t.Errorf("ended %v", stop.Ended)
				}
				end := w.End()
				if end == nil || end.Kind != EndFreed || end.Last.String() != c.last || !strings.Contains(end.Reason, "garbage collector") {
					t.Fatalf("end %+v", end)
				}
				toTheEnd(t, s, 0)
				if st := w.Stats(); st.Hits != c.hits || st.Coverage != Exact || st.Unseen != 0 || st.Reason != end.Reason || len(r.hits) != int(c.hits) {
					t.Errorf("%+v, want %d hits", st, c.hits)
				}
			})
		}
	}
}

// TestFreedBehindGuard: one that is behind a page guard ends like any other, and the guard
// goes with it: whoever uses the memory next does not meet it.
func TestFreedBehindGuard(t *testing.T) { eachDriver(t, testFreedBehindGuard) }

func testFreedBehindGuard(t *testing.T) {
	for _, c := range []struct {
		scenario string
		hits     uint64
	}{{"small", 20}, {"noscan", 20}, {"large", 20}, {"interior", 20}, {"finalizer", 21}} {
		for _, mode := range testkit.SomeModes() {
			t.Run(fmt.Sprintf("%s/%s", c.scenario, mode), func(t *testing.T) {
				s := atBegin(t, mode, "main.begin", c.scenario, "20")
				if err := s.process.CanGuard(); err != nil {
					t.Skip(err)
				}
				var r recorder
				w := setWatch(t, s, "*p", Write, append(behindGuards, Report(r.add))...)
				stop := stopAt(t, s.Continue, ReasonFreed)
				if len(stop.Ended) != 1 || stop.Ended[0] != w || w.End().Kind != EndFreed {
					t.Errorf("ended %v", stop.Ended)
				}
				faults := w.Stats().Faults
				toTheEnd(t, s, 0)
				if st := w.Stats(); st.Hits != c.hits || st.Coverage != Exact || st.Unseen != 0 || st.Faults != faults || faults < c.hits || len(r.hits) != int(c.hits) {
					t.Errorf("%+v, want %d hits; %d faults when it ended", st, c.hits, faults)
				}
			})
		}
	}
}

// TestFreedTogether: all that is watched of an object ends with it, and is looked after as
// one.
func TestFreedTogether(t *testing.T) { eachDriver(t, testFreedTogether) }

func testFreedTogether(t *testing.T) {
	ctx := context.Background()
	s := atBegin(t, testkit.Debug, "main.begin", "large", "20")
	if err := s.process.CanGuard(); err != nil {
		t.Skip(err)
	}
	p := setWatch(t, s, "*p", Write, Report(func(*Hit) {}))
	all, err := s.WatchEach(ctx, fmt.Sprintf("*(*[5000]int64)(%#x)", p.object.Base+8), Write, Report(func(*Hit) {}))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.objects.list) != 1 || p.object != all[4999].object || p.object.watches != 5001 {
		t.Errorf("%d objects, %+v", len(s.objects.list), p.object)
	}
	stop := stopAt(t, s.Continue, ReasonFreed)
	if len(stop.Ended) != 5001 || stop.Ended[0] != p || stop.Ended[5000] != all[4999] || len(s.objects.list) != 0 || len(s.objects.hooks) != 0 {
		t.Errorf("%d ended, %d objects, %d hooks", len(stop.Ended), len(s.objects.list), len(s.objects.hooks))
	}
	toTheEnd(t, s, 0)
	if st := p.Stats(); st.Hits != 20 || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
}

// TestLivingObject: nothing ends while the object lives.
func TestLivingObject(t *testing.T) { eachDriver(t, testLivingObject) }

func testLivingObject(t *testing.T) {
	for _, mode := range testkit.SomeModes() {
		t.Run(string(mode), func(t *testing.T) {
			s := atBegin(t, mode, "main.begin", "alive", "20")
			w := setWatch(t, s, "*p", Write, Report(func(*Hit) {}), EndWhenFreed())
			toTheEnd(t, s, 0)
			if st := w.Stats(); st.Hits != 20 || st.Coverage != Exact || w.End() != nil || st.Reason != "" {
				t.Errorf("%+v", st)
			}
		})
	}
}

// TestFreedWhenSafe: a program that is to survive the debugger gets no breakpoint
// instructions for the sake of objects, and the watchpoint says what that means.
func TestFreedWhenSafe(t *testing.T) { eachDriver(t, testFreedWhenSafe) }

func testFreedWhenSafe(t *testing.T) {
	s := atBegin(t, testkit.Optimized, "main.begin", "large", "20")
	w := setWatch(t, s, "*p", Write, Report(func(*Hit) {}))
	safe := s.Driver() == "perf-safe"
	if st := w.Stats(); safe != (len(s.objects.hooks) == 0) || safe != strings.Contains(st.Reason, "will not be noticed") || st.Coverage != Exact {
		t.Errorf("%d hooks, %+v", len(s.objects.hooks), st)
	}
}

// TestKeepWhenFreed: whoever asks for it goes on watching the memory, whoever has it.
func TestKeepWhenFreed(t *testing.T) {
	s := atBegin(t, testkit.Optimized, "main.begin", "large", "20")
	w := setWatch(t, s, "*p", Write, Report(func(*Hit) {}), KeepWhenFreed())
	if len(s.process.Breakpoints().M) != 0 || len(s.objects.hooks) != 0 {
		t.Error("the collector is looked at")
	}
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Hits < 20 || w.End() != nil {
		t.Errorf("%+v", st)
	}
}
