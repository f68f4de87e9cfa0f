package backend

import (
	"context"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// scenarioLine is the location of a line of the common target.
func scenarioLine(t testing.TB, text string) string {
	t.Helper()
	return fmt.Sprintf("%s:%d", source, lineNumber(t, "../internal/testkit/targets/"+source, text))
}

// passed runs the program with breakpoints and counts where it stops.
func passed(t *testing.T, s *Session) map[*Breakpoint]int {
	t.Helper()
	stops := map[*Breakpoint]int{}
	for ev, err := range s.Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if stop, ok := ev.(*Stop); ok {
			if stop.Err != nil {
				t.Fatal(stop.Err)
			}
			for _, b := range stop.Breakpoints {
				stops[b]++
			}
		} else if exit, ok := ev.(*Exit); !ok || exit.Status != 0 {
			t.Fatalf("ended with %v", ev)
		}
	}
	return stops
}

// TestPassExactly: what a condition lets pass is counted, and what it does not stops,
// each time.
func TestPassExactly(t *testing.T) {
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			const rounds = 500
			s := launch(t, mode, "twice", fmt.Sprint(rounds))
			never := setBreakWith(t, s, scenarioLine(t, "x = a // first"), "main.x == 1 << 40")
			seldom := setBreakWith(t, s, scenarioLine(t, "x = b // second"), "main.x % 100 == 0")
			counted := setBreakWith(t, s, scenarioLine(t, "x = b // second"), "", HitCondition("% 250"))
			both := setBreakWith(t, s, scenarioLine(t, "x = a // first"), "main.x <= 0", HitCondition("== 400"))
			other := setBreakWith(t, s, scenarioLine(t, "x = b // second"), "", InGoroutine(99))
			stops := passed(t, s)
			for b, want := range map[*Breakpoint][2]int{never: {0, 0}, seldom: {5, 5}, counted: {2, rounds}, both: {1, rounds}, other: {0, 0}} {
				if got := [2]int{stops[b], int(b.logical.TotalHitCount)}; got != want {
					t.Errorf("%s if %s: %d stops, %d hits, want %v", b.Location, b.cond, got[0], got[1], want)
				}
			}
		})
	}
}

// everywhere sets a breakpoint that counts and never stops at each instruction of a
// function.
func everywhere(t *testing.T, s *Session, function string) []*Breakpoint {
	t.Helper()
	fns, err := s.target.BinInfo().FindFunction(function)
	if err != nil || len(fns) != 1 {
		t.Fatalf("%s: %v, %v", function, fns, err)
	}
	code, err := s.Disassemble(context.Background(), fns[0].Entry, 0, 200)
	if err != nil {
		t.Fatal(err)
	}
	var list []*Breakpoint
	for _, i := range code {
		if i.Valid() && i.Function == function && i.Addr < fns[0].End {
			list = append(list, setBreakWith(t, s, fmt.Sprintf("*%#x", i.Addr), "", HitCondition("% 1000000000")))
		}
	}
	return list
}

// TestPassEveryInstruction: breakpoints on all instructions of a function change nothing
// about what it does, however each of them is stepped over, and watchpoints see all.
func TestPassEveryInstruction(t *testing.T) {
	const rounds = 40
	for _, mode := range testkit.Modes {
		for _, watched := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, watched %v", mode, watched), func(t *testing.T) {
				s := launch(t, mode, "twice", fmt.Sprint(rounds))
				var w *Watchpoint
				if watched {
					w = setWatch(t, s, "main.x", Write, Report(func(*Hit) {}))
				}
				list := everywhere(t, s, "main.twice")
				if stops := passed(t, s); len(stops) != 0 {
					t.Errorf("it stops: %v", stops)
				}
				// More than once if the runtime had it give way at its entry: it begins anew then.
				entered := list[0].logical.TotalHitCount
				inLoop := 0
				for _, b := range list {
					switch n := b.logical.TotalHitCount; {
					case n == rounds:
						inLoop++
					case n <= entered, n == rounds+1: // before the loop and after, its condition
					default:
						t.Errorf("%s is reached %d times", b.Location, n)
					}
				}
				if inLoop < 5 || entered < 1 || entered > rounds/4 {
					t.Errorf("%d instructions are reached each round, the first %d times", inLoop, entered)
				}
				if w != nil {
					if st := w.Stats(); st.Hits != 2*rounds || st.Lost != 0 || st.Coverage != Exact {
						t.Errorf("%+v", st)
					}
				}
			})
		}
	}
}

// TestPassThreads: threads come to a breakpoint at the same time, begin and end meanwhile.
func TestPassThreads(t *testing.T) {
	const threads = 60
	s := launch(t, testkit.Debug, "storm", fmt.Sprint(threads))
	b := setBreakWith(t, s, scenarioLine(t, "counter.Add(1)"), "counter.v < 0")
	counted := setBreakWith(t, s, "main.storm.func1", "", HitCondition("% 1000000000"))
	if stops := passed(t, s); len(stops) != 0 {
		t.Errorf("it stops: %v", stops)
	}
	if n := counted.logical.TotalHitCount; n != threads {
		t.Errorf("reached %d times, want %d", n, threads)
	}
	if n := b.logical.TotalHitCount; n != 0 {
		t.Errorf("%d hits of a false condition", n)
	}
}

// behindGuard watches a variable for which there is no debug register, and counts its hits.
func behindGuard(t *testing.T, s *Session, expr string, told func(*Hit)) *Watchpoint {
	t.Helper()
	needGuards(t, s)
	for _, quiet := range []string{"main.quiet", "main.ready", "main.big[0]", "main.big[1]"} {
		setWatch(t, s, quiet, Write, InMode(ModePinned), Report(count))
	}
	w := setWatch(t, s, expr, Write, Report(told))
	if !w.Stats().Guarded {
		t.Fatalf("%s is not behind a guard", expr)
	}
	return w
}

// allSeen checks that a watchpoint behind a guard was told of every write.
func allSeen(t *testing.T, w *Watchpoint, writes uint64) {
	t.Helper()
	st := w.Stats()
	if st.Hits != writes || st.Coverage != Exact || st.Lost != 0 || st.Unseen != 0 || st.Faults < writes {
		t.Errorf("%d hits of %d, %s (%s), %d faults", st.Hits, writes, st.Coverage, st.Reason, st.Faults)
	}
}

// TestPassBehindGuard: a statement that writes behind a page guard is passed without a hang,
// and the write is told of, with its values.
func TestPassBehindGuard(t *testing.T) { eachDriver(t, testPassBehindGuard) }

func testPassBehindGuard(t *testing.T) {
	const rounds = 200
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			s := launch(t, mode, "twice", fmt.Sprint(rounds))
			last, writes := int64(0), int64(0)
			w := behindGuard(t, s, "main.x", func(h *Hit) {
				want := writes / 2
				if writes++; writes%2 == 0 {
					want = -want
				}
				old, _ := h.Old.Int()
				now, _ := h.New.Int()
				if now != want || old != last || h.PlaceErr != nil || h.Place.Function != "main.twice" {
					t.Errorf("%v (%v), want %d -> %d", h, h.PlaceErr, last, want)
				}
				last = now
			})
			never := setBreakWith(t, s, scenarioLine(t, "x = a // first"), "main.x == 1 << 40")
			seldom := setBreakWith(t, s, scenarioLine(t, "x = b // second"), "main.x % 100 == 0")
			stops := passed(t, s)
			if len(stops) != 1 || stops[seldom] != 2 || never.logical.TotalHitCount != 0 {
				t.Errorf("it stops: %v", stops)
			}
			allSeen(t, w, 2*rounds)
		})
	}
}

// TestPassEveryInstructionBehindGuard: each of them writes behind a guard, beside it, or not
// at all, while other threads do the same.
func TestPassEveryInstructionBehindGuard(t *testing.T) {
	const rounds, threads = 20, 4
	for _, c := range []struct {
		name, function, watched string
		args                    []string
		writes                  uint64
	}{
		{"one thread", "main.twice", "main.x", []string{"twice", fmt.Sprint(rounds)}, 2 * rounds},
		{"threads", "main.atomics.func1", "main.counter.v", []string{"atomics", fmt.Sprint(rounds), fmt.Sprint(threads)}, rounds * threads},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := launch(t, testkit.Debug, c.args...)
			w := behindGuard(t, s, c.watched, count)
			list := everywhere(t, s, c.function)
			if stops := passed(t, s); len(stops) != 0 {
				t.Errorf("it stops: %v", stops)
			}
			most := uint64(0)
			for _, b := range list {
				most = max(most, b.logical.TotalHitCount)
			}
			if n := c.writes; most < n/2 || most > n+threads {
				t.Errorf("an instruction is reached %d times", most)
			}
			allSeen(t, w, c.writes)
		})
	}
}

// TestPassAsked: functions are asked once each time that their breakpoint is reached, whoever
// else is there, and whether the program stops for it or not.
func TestPassAsked(t *testing.T) {
	const rounds = 300
	s := launch(t, testkit.Debug, "twice", fmt.Sprint(rounds))
	asked := map[string][]uint64{}
	ask := func(name string, stop func(r *Reached) bool) BreakOption {
		return OnReach(func(r *Reached) bool {
			asked[name] = append(asked[name], r.Hits)
			return stop(r)
		})
	}
	line := scenarioLine(t, "x = a // first")
	logged := setBreakWith(t, s, line, "", ask("logged", func(*Reached) bool { return false }))
	some := setBreakWith(t, s, line, "i % 2 == 1", ask("some", func(r *Reached) bool { return r.Hits%50 == 0 }))
	plain := setBreakWith(t, s, line, "i % 100 == 7")
	stops := passed(t, s)
	if stops[logged] != 0 || stops[some] != 3 || stops[plain] != 3 {
		t.Errorf("%d, %d, %d stops", stops[logged], stops[some], stops[plain])
	}
	for name, n := range map[string]int{"logged": rounds, "some": rounds / 2} {
		for i, hits := range asked[name] {
			if hits != uint64(i+1) {
				t.Fatalf("%s is asked about hit %d at the %dth time", name, hits, i+1)
			}
		}
		if len(asked[name]) != n {
			t.Errorf("%s is asked %d times, of %d", name, len(asked[name]), n)
		}
	}
	for _, b := range []*Breakpoint{logged, some, plain} {
		if len(b.answers) != 0 {
			t.Errorf("%d answers are left", len(b.answers))
		}
	}
}
