package backend

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestParseSelector(t *testing.T) {
	for text, want := range map[string]Selector{
		"id=18":               {ID: 18},
		" func = main.worker": {},
		"func=main.worker":    {Func: "main.worker"},
		"func= main.(*T).run": {Func: "main.(*T).run"},
		"label=job=7":         {Label: "job=7"},
		"label=job":           {Label: "job"},
		"id=0":                {},
		"id=-3":               {},
		"id=x":                {},
		"id=":                 {},
		"18":                  {},
		"":                    {},
		"thread=4":            {},
	} {
		got, err := ParseSelector(text)
		var bad *SelectorError
		if got != want || (err == nil) != (want != Selector{}) || err != nil && (!errors.As(err, &bad) || bad.Selector != text) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if err != nil {
			continue
		}
		if again, err := ParseSelector(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %+v, %v", text, got, again, err)
		}
	}
	if got := (Selector{ID: 3, Func: "f", Label: "k=v"}).String(); got != "id=3 and func=f and label=k=v" {
		t.Error(got)
	}
}

// FuzzParseSelector: what is accepted means the same when it has been written down.
func FuzzParseSelector(f *testing.F) {
	for _, text := range []string{"id=18", "func=main.worker", "label=k=v", "label==", "id=+1", " func = \x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := ParseSelector(text)
		if err != nil {
			if sel != (Selector{}) {
				t.Errorf("%q: %+v, %v", text, sel, err)
			}
			return
		}
		if again, err := ParseSelector(sel.String()); err != nil || again != sel {
			t.Errorf("%q: %+v is written %q, which is %+v, %v", text, sel, sel, again, err)
		}
	})
}

// TestOnGoroutines: what the goroutines do that are meant are hits, what others do is counted.
func TestOnGoroutines(t *testing.T) { eachDriver(t, testOnGoroutines) }

func testOnGoroutines(t *testing.T) {
	const n, each = 5, 20
	for _, c := range []struct {
		sel   Selector
		hits  uint64
		start string // in the name of the function that they began with
	}{
		{Selector{Label: "job=2"}, each, "main.shared.func"},
		{Selector{Label: "job"}, n * each, "main.shared.func"},
		{Selector{Label: "job=77"}, 0, ""},
		{Selector{Func: "main.oddly"}, 2 * each, "main.shared.func"},
		{Selector{Func: "main.shared.func1"}, n * each, "main.shared.func1"},
		{Selector{Func: "main.evenly", Label: "job=4"}, each, "main.shared.func"},
		{Selector{Func: "main.evenly", Label: "job=3"}, 0, ""},
	} {
		for _, mode := range testkit.Modes {
			t.Run(c.sel.String()+"/"+string(mode), func(t *testing.T) {
				s := launchWorkers(t, mode, "shared", n, each)
				var r recorder
				w := setWatch(t, s, "main.total", Write, OnGoroutines(c.sel), Report(r.add))
				toTheEnd(t, s, 0)
				st := w.Stats()
				if st.Hits != c.hits || st.Others != n*each-c.hits || st.Reported != c.hits || st.Coverage != Exact || st.Unseen != 0 {
					t.Errorf("%+v, want %d hits", st, c.hits)
				}
				for i, h := range r.hits {
					was, _ := h.Old.Int()
					is, _ := h.New.Int()
					if is != was+1 || h.Number != uint64(i+1) || !strings.HasPrefix(h.Goroutine.Start, c.start) {
						t.Errorf("%v", h)
					}
				}
			})
		}
	}
}

// TestOnGoroutinesID: by its id one goroutine is meant, and its conditions and counts are its
// own.
func TestOnGoroutinesID(t *testing.T) { eachDriver(t, testOnGoroutinesID) }

func testOnGoroutinesID(t *testing.T) {
	const n, each = 4, 20
	s := launchWorkers(t, testkit.Debug, "shared", n, each)
	b := setBreak(t, s, "main.oddly", "")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	id := stop.Goroutine.ID
	var r recorder
	w := setWatch(t, s, "main.total", Write, OnGoroutines(Selector{ID: id}), Every(5), Report(r.add))
	ev, err := s.Continue(context.Background())
	if stop, ok := ev.(*Stop); ok { // the goroutine may end before the program does
		if stop.Reason != ReasonGoroutineEnded || len(stop.Ended) != 1 || stop.Ended[0] != w {
			t.Errorf("%+v", stop)
		}
		ev, err = s.Continue(context.Background())
	}
	if exit, ok := ev.(*Exit); !ok || err != nil || exit.Status != 0 {
		t.Fatalf("%v, %v", ev, err)
	}
	if st := w.Stats(); st.Hits != each || st.Reported != each/5 || st.Others > (n-2)*each || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
	for _, h := range r.hits {
		if h.Goroutine.ID != id {
			t.Errorf("%v", h)
		}
	}
}

// TestWatchLocalOfGoroutines: calls of other goroutines are not watched.
func TestWatchLocalOfGoroutines(t *testing.T) { eachDriver(t, testWatchLocalOfGoroutines) }

func testWatchLocalOfGoroutines(t *testing.T) {
	const n, each = 6, 4
	for _, c := range []struct {
		sel   Selector
		in    string
		expr  string
		calls uint64
	}{
		{Selector{Label: "job=1"}, "main.oddly", "each", 1},
		{Selector{Label: "job=1"}, "main.evenly", "each", 0},
		{Selector{Func: "main.labelled"}, "main.evenly", "each", n / 2},
		{Selector{Func: "main.worker"}, "main.evenly", "each", 0},
	} {
		s := launchWorkers(t, testkit.Debug, "shared", n, each)
		lw := watchLocal(t, s, c.in, c.expr, OnGoroutines(c.sel), Report(func(*Hit) {}))
		toTheEnd(t, s, 0)
		if st := lw.Stats(); st.Calls != c.calls || st.Coverage != Exact {
			t.Errorf("%s in %s of %s: %+v, want %d calls", c.expr, c.in, c.sel, st, c.calls)
		}
	}
}

// TestPresentOfGoroutines: of the calls that the function is in already those count that are
// of goroutines that are meant.
func TestPresentOfGoroutines(t *testing.T) {
	const n, each = 3, 10
	s := launchWorkers(t, testkit.Debug, "present", n, each)
	stopAt(t, func(ctx context.Context) (Event, error) { setBreak(t, s, "main.begin", ""); return s.Continue(ctx) }, ReasonBreakpoint)
	list, err := s.Goroutines(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(g GoroutineInfo) bool { return strings.HasPrefix(g.Start, "main.present.func") })
	lw := watchLocal(t, s, "main.waits", "mine", OnGoroutines(Selector{ID: list[i].ID}), Report(func(*Hit) {}))
	all := watchLocal(t, s, "main.waits", "mine", OnGoroutines(Selector{Func: "main.waits"}), InMode(ModeSampled), Report(func(*Hit) {}))
	toTheEnd(t, s, 0)
	if st := lw.Stats(); st.Calls != 1 || st.Hits != each {
		t.Errorf("%+v", st)
	}
	if st := all.Stats(); st.Calls != n+1 {
		t.Errorf("%+v", st)
	}
}

// TestInGoroutines: a breakpoint stops the goroutines that are meant, and lets others pass.
func TestInGoroutines(t *testing.T) {
	const n, each = 4, 3
	for _, c := range []struct {
		sel  Selector
		want uint64
	}{
		{Selector{Label: "job=2"}, each},
		{Selector{Func: "main.oddly"}, 2 * each},
		{Selector{ID: 1}, 0},
	} {
		s := launchWorkers(t, testkit.Debug, "shared", n, each)
		b, err := s.Break(context.Background(), "main.add", "", InGoroutines(c.sel))
		if err != nil {
			t.Fatal(err)
		}
		for range c.want {
			stopAt(t, s.Continue, ReasonBreakpoint)
		}
		if hits := hitsOf(t, b); hits != c.want {
			t.Errorf("%s: %d hits, want %d", c.sel, hits, c.want)
		}
		toTheEnd(t, s, 0)
	}
}

// TestSelectorErrors: a selector that means nothing here is refused.
func TestSelectorErrors(t *testing.T) {
	ctx := context.Background()
	s := launchWorkers(t, testkit.Debug, "shared", 1, 1)
	refused := func(err error, want string) {
		t.Helper()
		var bad *SelectorError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	nowhere := Selector{Func: "main.nowhere"}
	_, err := s.Watch(ctx, "main.total", Write, OnGoroutines(nowhere))
	refused(err, `goroutines "func=main.nowhere": location "main.nowhere" not found`)
	_, err = s.WatchLocal(ctx, "main.add", "x", Write, OnGoroutines(nowhere))
	refused(err, "not found")
	_, err = s.Break(ctx, "main.add", "", InGoroutines(nowhere))
	refused(err, "not found")
	_, err = s.Watch(ctx, "main.total", Write, OnGoroutines(Selector{ID: -1}))
	refused(err, "numbers from 1")
	s = launchPath(t, testkit.Target(t, "lifetimes", testkit.Debug), "return", "1")
	_, err = s.Watch(ctx, "main.sink", Write, OnGoroutines(Selector{Label: "job=1"}))
	refused(err, "does not use the labels")
}
