package backend

import (
	"context"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func lastOf(t *testing.T, w *Writers) (list []string) {
	t.Helper()
	for _, r := range w.Last() {
		if r.Place.Function != "main.twice" || r.Goroutine.ID != 1 || !r.GoroutineKnown || len(r.Stack) != 2 {
			t.Errorf("%v, %v, %d frames", r, r.Goroutine, len(r.Stack))
		}
		list = append(list, r.Old.String()+">"+r.New.String())
	}
	return list
}

// TestWriters: the last writers are kept, and the others counted, with and without a trace.
func TestWriters(t *testing.T) {
	for _, c := range []struct {
		name, expr, cond, want string
		last                   int
		writes                 uint64
	}{
		{"all", "main.x", "", "[-47>48 48>-48 -48>49 49>-49]", 4, 100},
		{"some", "main.x", "new > 0", "[-46>47 -47>48 -48>49]", 3, 49},
		{"fewer", "main.x", "new == 7", "[-6>7]", 9, 1},
		{"by hits", "main.x", "new > 0 && i < 30", "[-28>29]", 1, 29},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			s := launch(t, testkit.Debug, "twice", "50")
			w, err := s.Writers(ctx, c.expr, WritersOptions{Last: c.last, If: c.cond, Stack: 2})
			if err != nil {
				t.Fatal(err)
			}
			if ev, err := s.Continue(ctx); err != nil {
				t.Fatalf("%v, %v", ev, err)
			}
			got, st := lastOf(t, w), w.Stats()
			if st.Lost > 0 {
				t.Skip("the processor has lost a hit")
			}
			if fmt.Sprint(got) != c.want || st.Writes != c.writes || st.ByTrace != (st.Why == nil) || c.name == "by hits" && st.ByTrace {
				t.Errorf("%v, %+v", got, st)
			}
			if w.Expr() != c.expr || w.Type() != "int64" {
				t.Errorf("%s %s", w.Expr(), w.Type())
			}
			if err := w.Close(ctx); err != nil && !st.ByTrace {
				return // the watchpoint has ended with the session
			} else if err != nil {
				t.Error(err)
			}
			if again := lastOf(t, w); fmt.Sprint(again) != c.want {
				t.Errorf("%v when it is closed", again)
			}
		})
	}
}

// TestWritersUnseen: the last writer may be none of those that are known, which is said; but
// not when others have written since, and nothing has stopped meanwhile.
func TestWritersUnseen(t *testing.T) {
	for name, cond := range map[string]string{"by trace": "", "by hits": "i < 100"} {
		for _, since := range []uint64{0, 10} {
			t.Run(fmt.Sprint(name, ", ", since), func(t *testing.T) {
				ctx := context.Background()
				s := launch(t, testkit.Debug, "twice", "5")
				runTo(t, s, "main.twice")
				w, err := s.Writers(ctx, "main.x", WritersOptions{Last: 1, If: cond})
				if err != nil {
					t.Fatal(err)
				}
				x, err := s.Evaluate(ctx, Selected, "main.x", Load{})
				if err != nil {
					t.Fatal(err)
				}
				writeUnseen(t, s, x.Addr, 77)
				want := uint64(1)
				if since > 0 {
					want = 0
					toTheEnd(t, s, 0)
				} else if err := s.Kill(ctx); err != nil {
					t.Fatal(err)
				}
				if st := w.Stats(); st.Unseen != want || st.Writes+st.Lost != since {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

// TestWritersRunning: the writers of a program that runs can be asked for, and it goes on.
func TestWritersRunning(t *testing.T) {
	s := launch(t, testkit.Optimized, "forever")
	ctx, cancel := context.WithCancel(context.Background())
	w, err := s.Writers(ctx, "main.x", WritersOptions{Last: 5})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan Event)
	go func() {
		ev, _ := s.Continue(ctx) // the context's error
		ended <- ev
	}()
	for len(w.Last()) < 5 {
		select {
		case ev := <-ended:
			t.Fatal(ev)
		default:
		}
	}
	for _, r := range w.Last() {
		if r.Place.Function != "main.forever" {
			t.Errorf("%v", r)
		}
	}
	cancel()
	if stop, ok := (<-ended).(*Stop); !ok || stop.Reason != ReasonHalted {
		t.Errorf("got %v", stop)
	}
	if err := w.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestWritersErrors: what cannot be watched is refused.
func TestWritersErrors(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "1")
	for _, c := range []struct {
		expr string
		o    WritersOptions
	}{{"main.x", WritersOptions{}}, {"main.nosuch", WritersOptions{Last: 1}}, {"main.x", WritersOptions{Last: 1, If: "new <"}}} {
		if w, err := s.Writers(context.Background(), c.expr, c.o); err == nil || w != nil {
			t.Errorf("%s, %+v: %v", c.expr, c.o, err)
		}
	}
}
