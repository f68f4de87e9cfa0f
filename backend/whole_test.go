package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// objects launches the target whose variables are watched as a whole, stopped in its main
// function.
func objects(t *testing.T, mode testkit.Mode, args ...string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "objects", mode), args...)
	if _, err := s.Break(context.Background(), "main.main", ""); err != nil {
		t.Fatal(err)
	}
	stopAt(t, s.Continue, ReasonBreakpoint)
	return s
}

// watchObject watches an object, and skips the test where page guards are not to be had.
func watchObject(t *testing.T, s *Session, expr string, opts ...WatchOption) *Watchpoint {
	t.Helper()
	w, err := s.Watch(context.Background(), expr, Write, opts...)
	var not *ObjectError
	var full *GuardError // of what is merely large
	if errors.As(err, &not) || errors.As(err, &full) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// changes are what hits tell, a line each.
func changes(hits []*Hit) (list []string) {
	for _, h := range hits {
		list = append(list, h.What())
	}
	return list
}

var wholes = []struct {
	scenario, expr string
	follow         int
	want           []string
}{
	{"text", "main.text", 0, []string{
		`main.text: "hello" -> "HELLO"`,
		`main.text: "HELLO" -> "HELLO!"`,
		`main.text: "HELLO!" -> ""`,
		`main.text: "" -> ""`,
	}},
	{"list", "main.list", 0, []string{
		"main.list[1]: 2 -> 5",
		"main.list: append: len 3 -> 4, [3] = 7, moved to other memory",
		"main.list: append: len 4 -> 5, [4] = 8",
		"main.list: len 5 -> 4, now [1:5] of what it was",
		"main.list[0]: 5 -> 6",
		"main.list: [6 3 7 8] -> []",
	}},
	{"table", "main.table", 0, []string{
		`main.table["a"]: 1 -> 3`,
		`main.table["c"]: added 5`,
		`main.table["b"]: deleted, was 2`,
		`main.table["a"]: 3 -> 3`,
		`main.table: cleared: len 2 -> 0`,
	}},
	{"entry", `main.table["a"]`, 0, []string{
		`main.table["a"]: 1 -> 9`,
		`main.table["a"]: 9 -> 10`,
		`main.table["a"]: deleted, was 10`,
		`main.table["a"]: added 11`,
	}},
	{"entry", "main.table[main.key]", 0, []string{
		`main.table["b"]: 2 -> 7`,
		`main.table["b"]: 7 -> 8`,
	}},
	{"inner", `main.inner["o"].ID`, 0, []string{
		`main.inner["o"].ID: 1 -> 2`,
		`main.inner["o"].ID: 2 -> 2`,
		`main.inner["o"]: deleted, was {ID:2 Lines:[] Tags:nil Note:nil Total:5}`,
		`main.inner["o"]: added {ID:3 Lines:[] Tags:nil Note:nil Total:0}`,
		`main.inner["o"].ID: 3 -> 3`,
	}},
	{"inner", `main.inner["o"].Lines`, 0, []string{
		`main.inner["o"].Lines: [] -> []`,
		`main.inner["o"].Lines: [] -> []`,
		`main.inner["o"]: deleted, was {ID:2 Lines:[] Tags:nil Note:nil Total:5}`,
		`main.inner["o"]: added {ID:3 Lines:[] Tags:nil Note:nil Total:0}`,
		`main.inner["o"].Lines: [] -> [{SKU:"a" Price:1 Qty:1}]`,
		`main.inner["o"].Lines[0].Qty: 1 -> 2`,
	}},
	{"shape", "main.shape[main.point]", 0, []string{`main.shape[[1 2]]: 3 -> 4`}},
	{"any", "main.any1", 0, []string{
		`main.any1: nil -> int 3`,
		`main.any1: int 3 -> string "x"`,
		`main.any1: string "x" -> main.line {SKU:"c" Price:30 Qty:3}`,
		`main.any1: main.line {SKU:"c" Price:30 Qty:3} -> nil`,
	}},
	{"pipe", "main.pipe", 0, []string{
		`main.pipe: sent 1: len 0 -> 1`,
		`main.pipe: sent 2: len 1 -> 2`,
		`main.pipe: received 1: len 2 -> 1`,
		`main.pipe: closed`,
	}},
	{"order", "*main.ordr", 0, []string{
		`main.ordr.Lines[1].Price: 20 -> 12`,
		`main.ordr.Lines[0].SKU: "a" -> "zz"`,
		`main.ordr.Lines: append: len 2 -> 3, [2] = {SKU:"c" Price:30 Qty:3}, moved to other memory`,
		`main.ordr.Lines[2].Qty: 3 -> 4`,
		`main.ordr.Tags["x"]: 1 -> 2`,
		`main.ordr.Note: nil -> string "paid"`,
		`main.ordr.ID: 1 -> 2`,
		`main.ordr.Total: 0 -> 1.5`,
	}},
	{"order", "main.ordr.Lines[0].SKU", 0, []string{`main.ordr.Lines[0].SKU: "a" -> "zz"`}},
	{"order", "main.ordr.Lines[1]", 0, []string{`main.ordr.Lines[1].Price: 20 -> 12`}},
	{"follow", "*main.head", 1, []string{
		`main.head.Value: 1 -> 2`,
		`main.head: ADDR &{Value:2 Next:nil} -> ADDR &{Value:3 Next:nil}`,
		`main.head.Value: 3 -> 4`,
		`main.head.Next: nil -> ADDR`,
	}},
	{"follow", "main.head", -1, []string{
		`main.head.Value: 1 -> 2`,
		`main.head: ADDR &{Value:2 Next:nil} -> ADDR &{Value:3 Next:nil}`,
		`main.head.Value: 3 -> 4`,
		`main.head.Next: nil -> ADDR &{Value:5 Next:nil}`,
		`main.head.Next.Value: 5 -> 6`,
	}},
}

// TestWholeObjects: one hit for one assignment, which names what has changed.
func TestWholeObjects(t *testing.T) {
	for _, mode := range testkit.Modes {
		for _, c := range wholes {
			t.Run(fmt.Sprintf("%s/%s", mode, c.expr), func(t *testing.T) {
				s := objects(t, mode, c.scenario)
				var r recorder
				w := watchObject(t, s, c.expr, Report(r.add), Follow(c.follow))
				toTheEnd(t, s, 0)
				got := hexadecimal.ReplaceAllString(strings.Join(changes(r.hits), "\n"), "ADDR")
				if want := strings.Join(c.want, "\n"); got != want {
					t.Errorf("hits:\n%s\nwant\n%s", got, want)
				}
				st := w.Stats()
				if st.Hits != uint64(len(c.want)) || st.Coverage != Exact || st.Unseen != 0 || !st.Guarded {
					t.Errorf("%d hits, %d unseen, %s (%s)", st.Hits, st.Unseen, st.Coverage, st.Reason)
				}
				for _, h := range r.hits {
					if h.Goroutine.ID != 1 || !strings.HasPrefix(h.Place.Function, "main.init.func") || h.Place.Line == 0 || h.PlaceErr != nil {
						t.Errorf("%v by %v", h, h.Goroutine)
					}
				}
			})
		}
	}
}

// TestObjectsOnDrivers: beside whatever holds the debug registers.
func TestObjectsOnDrivers(t *testing.T) {
	for _, d := range []string{"perf", "ptrace"} {
		t.Run(d, func(t *testing.T) {
			onDriver(t, d, func(t *testing.T) {
				s := objects(t, testkit.Debug, "list")
				w := watchObject(t, s, "main.list", Report(count))
				var all []*Watchpoint
				for _, expr := range []string{"main.n", "main.pair.N", "main.large[7]", "main.list[1]"} {
					all = append(all, setWatch(t, s, expr, Write, InMode(ModePinned), Report(count)))
				}
				toTheEnd(t, s, 0)
				if st := w.Stats(); st.Hits != 6 || st.Coverage != Exact || st.Driver != d {
					t.Errorf("%+v", st)
				}
				if st := all[3].Stats(); st.Hits != 1 || st.Coverage != Exact {
					t.Errorf("the element in a register: %+v", st)
				}
			})
		})
	}
}

// TestManyElements: a hit costs what was written, however large the object is, and an
// append of a million elements is followed.
func TestManyElements(t *testing.T) {
	const n = 50
	for _, c := range []struct {
		scenario, expr string
		hits           uint64
		last           string
	}{
		{"large", "main.large", n, "main.large[4900]: 0 -> 50"},
		{"many", "main.many", n + 2, "main.many[1048576]: 5 -> 6"},
		{"grow", "main.table", n, `main.table["49"]: added 49`},
	} {
		t.Run(c.expr, func(t *testing.T) {
			s := objects(t, testkit.Debug, c.scenario, fmt.Sprint(n))
			var r recorder
			w := watchObject(t, s, c.expr, Report(r.add))
			toTheEnd(t, s, 0)
			st := w.Stats()
			if st.Hits != c.hits || st.Coverage != Exact || st.Unseen != 0 || len(r.hits) == 0 || r.hits[len(r.hits)-1].What() != c.last {
				t.Errorf("%d hits, %s (%s): %v", st.Hits, st.Coverage, st.Reason, changes(r.hits))
			}
		})
	}
}

// TestConcurrentWriters: every assignment of several goroutines is one hit, also while the
// collector runs.
func TestConcurrentWriters(t *testing.T) {
	const n = 30
	for scenario, writers := range map[string]int{"writers": 4, "collected": 2} {
		for _, mode := range testkit.Modes {
			t.Run(fmt.Sprintf("%s/%s", scenario, mode), func(t *testing.T) {
				t.Setenv("GOGC", "50")
				s := objects(t, mode, scenario, fmt.Sprint(n))
				values := map[string]int{}
				var all []*Watchpoint
				for _, expr := range []string{"main.shared", "main.list", "main.text"} {
					all = append(all, watchObject(t, s, expr, Report(func(h *Hit) {
						for _, c := range h.Changes {
							values[c.Path+" "+c.New]++
						}
						if h.PlaceErr != nil || h.Place.Function != "main.write" {
							t.Errorf("%v", h)
						}
					})))
				}
				toTheEnd(t, s, 0)
				for _, w := range all {
					if st := w.Stats(); st.Hits != uint64(n*writers) || st.Coverage != Exact || st.Unseen != 0 {
						t.Errorf("%s: %d hits, %d unseen, %s (%s)", w.Expr(), st.Hits, st.Unseen, st.Coverage, st.Reason)
					}
				}
				for i := range n * writers {
					if key := fmt.Sprintf("main.shared[%d] %d", i, i%n); values[key] != 1 {
						t.Errorf("%s: %d times", key, values[key])
					}
					if key := fmt.Sprintf("main.list [%d] = %d", 3+i, i%n); writers == 1 && values[key] != 1 {
						t.Errorf("%s: %d times", key, values[key])
					}
					if key := fmt.Sprintf("main.text %q", fmt.Sprint(i%n)+"of"); values[key] != writers {
						t.Errorf("%s: %d times", key, values[key])
					}
				}
			})
		}
	}
}

// TestRaw: single stores are told of, the words of a string by themselves.
func TestRaw(t *testing.T) {
	s := objects(t, testkit.Debug, "text")
	var r recorder
	w := watchObject(t, s, "main.text", Report(r.add), Raw())
	toTheEnd(t, s, 0)
	got := hexadecimal.ReplaceAllString(strings.Join(changes(r.hits[:2]), "\n"), "ADDR")
	want := []string{"main.text.str: ADDR -> ADDR", "main.text.len: 5 -> 5"}
	slices.Sort(want)
	lines := strings.Split(got, "\n")
	slices.Sort(lines)
	if !slices.Equal(lines, want) {
		t.Errorf("stores:\n%s", got)
	}
	if st := w.Stats(); st.Hits != 8 || st.Coverage != Exact {
		t.Errorf("%d stores, %s", st.Hits, st.Coverage)
	}
}

// TestStopAtObject: a hit stops the program behind the statement, with everything that it
// wrote, and the program can be stepped and changed there.
func TestStopAtObject(t *testing.T) {
	ctx := context.Background()
	s := objects(t, testkit.Debug, "list")
	w := watchObject(t, s, "main.list", WithStack(4))
	other := setWatch(t, s, "main.pair.N", Write)
	for i, want := range []string{"main.list[1]: 2 -> 5", "main.list: append: len 3 -> 4, [3] = 7, moved to other memory"} {
		stop := stopAt(t, s.Continue, ReasonWatchpoint)
		if len(stop.Hits) != 1 || stop.Hits[0].What() != want || stop.Hits[0].Number != uint64(i+1) || stop.Hits[0].CondErr != nil {
			t.Fatalf("stop %d: %v", i, stop.Hits)
		}
		if st := stop.Hits[0].Stack; len(st) != 4 || st[0].Line != stop.Place.Line || !strings.HasPrefix(st[1].Function, "main.main") {
			t.Errorf("stack %v", st)
		}
	}
	if err := s.Set(ctx, "main.list[0]", "100"); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(ctx, "main.pair.N", "1"); err != nil {
		t.Fatal(err)
	}
	stopAt(t, s.Continue, ReasonWatchpoint)
	stop := stopAt(t, s.Continue, ReasonWatchpoint)
	if got := stop.Hits[0].What(); got != "main.list: len 5 -> 4, now [1:5] of what it was" {
		t.Errorf("%s", got)
	}
	if err := w.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Hits != 4 || st.Unseen != 0 || st.Coverage != Exact {
		t.Errorf("%d hits, %d unseen, %s (%s)", st.Hits, st.Unseen, st.Coverage, st.Reason)
	}
	if st := other.Stats(); st.Hits != 0 || st.Unseen != 0 {
		t.Errorf("%+v", st)
	}
}

// TestObjectBesideOthers: what a statement writes besides an object is not lost on the way
// to its end, though the page is open.
func TestObjectBesideOthers(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		s := objects(t, testkit.Debug, "beside")
		w := watchObject(t, s, "main.pair.Text", Report(count))
		byGuard := func(o *watchOptions) { o.guarded = guarded }
		beside := setWatch(t, s, "main.pair.N", Write, Report(count), byGuard)
		again := watchObject(t, s, "main.pair.Text", Report(count))
		toTheEnd(t, s, 0)
		for _, w := range []*Watchpoint{w, beside, again} {
			if st := w.Stats(); st.Hits != 1 || st.Unseen != 0 || st.Coverage != Exact {
				t.Errorf("%s, guarded %v: %d hits, %d unseen, %s", w.Expr(), guarded, st.Hits, st.Unseen, st.Coverage)
			}
		}
	}
}

// TestSingleStepsAtObject: who executes single instructions gets no further than that.
func TestSingleStepsAtObject(t *testing.T) {
	ctx := context.Background()
	s := objects(t, testkit.Debug, "beside")
	w := watchObject(t, s, "main.pair.Text", Report(count))
	runTo(t, s, "main.both")
	for range 400 {
		before := s.PID()
		ev, err := s.StepInstruction(ctx, true)
		if _, stopped := ev.(*Stop); err != nil || !stopped || before != s.PID() {
			t.Fatalf("%v, %v", ev, err)
		}
		if w.Stats().Hits > 0 {
			break
		}
	}
	if text, err := s.Eval(ctx, "main.pair.N"); err != nil || text != "0" {
		t.Errorf("beside is %s already: %v", text, err)
	}
	toTheEnd(t, s, 0)
}

// TestNextOverObject: a step by lines ends where it would without the watchpoint.
func TestNextOverObject(t *testing.T) {
	s := objects(t, testkit.Debug, "beside")
	w := watchObject(t, s, "main.pair.Text", Report(count))
	at := runTo(t, s, "main.both").Place
	for i := 1; i <= 2; i++ {
		stop := stopAt(t, s.Next, ReasonStep)
		if stop.Place.Function != at.Function || stop.Place.Line != at.Line+i {
			t.Fatalf("step %d is at %v, the first was at %v", i, stop.Place, at)
		}
	}
	if st := w.Stats(); st.Hits != 1 || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
	toTheEnd(t, s, 0)
}

// TestConditionOnObject: conditions and counts are judged at the end of the statement.
func TestConditionOnObject(t *testing.T) {
	s := objects(t, testkit.Debug, "list")
	var r recorder
	w := watchObject(t, s, "main.list", Report(r.add), If("len(main.list) > 4"))
	toTheEnd(t, s, 0)
	if got := changes(r.hits); len(got) != 1 || got[0] != "main.list: append: len 4 -> 5, [4] = 8" {
		t.Errorf("%q", got)
	}
	if st := w.Stats(); st.Hits != 6 || st.Reported != 1 {
		t.Errorf("%+v", st)
	}
}

// TestObjectsRefused: what cannot be watched as a whole says why, and what can.
func TestObjectsRefused(t *testing.T) {
	ctx := context.Background()
	s := objects(t, testkit.Debug, "local")
	runTo(t, s, "main.next")
	for _, c := range []struct {
		expr   string
		access Access
		opts   []WatchOption
		says   string
	}{
		{"main.text", ReadWrite, nil, "page guards see writes only: watch writes; watch one word of it by its address, *(*uintptr)(0x"},
		{"main.list", ReadWrite, nil, "or watch an element, v[0]"},
		{"main.table", ReadWrite, nil, "sees the variable get another map"},
		{`main.table["a"]`, ReadWrite, nil, `main.table["a"] (an entry of map[string]int) is watched as a whole`},
		{`main.inner["o"].ID`, Write, []WatchOption{InMode(ModePinned)}, "the map moves it"},
		{"main.text", Write, []WatchOption{InMode(ModePinned)}, "mode pinned"},
		{"main.list", Write, []WatchOption{InMode(ModeSampled)}, "or watch an element, v[0]"},
		{"main.ordr", Write, []WatchOption{Follow(1), InMode(ModePinned)}, "without following"},
	} {
		_, err := s.Watch(ctx, c.expr, c.access, c.opts...)
		var not *ObjectError
		if !errors.As(err, &not) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", c.expr, err)
		}
	}
	var bad *ExprError
	for expr, says := range map[string]string{
		`main.inner["o"].Nothing`:      "main.order has no field Nothing",
		`main.inner["none"].Nothing`:   "main.order has no field Nothing",
		`main.inner["none"].Lines[0]`:  `can be watched before it is there: watch main.inner["none"]`,
		`main.inner["none"].Lines[:1]`: `can be watched before it is there: watch main.inner["none"]`,
	} {
		if _, err := s.Watch(ctx, expr, Write); !errors.As(err, &bad) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", expr, err)
		}
	}
	if _, err := s.NewGroup(ctx, []Item{{Expr: "main.text"}, {Expr: "main.pair.N"}}); err == nil || !strings.Contains(err.Error(), "group") {
		t.Errorf("a group: %v", err)
	}
	w := watchObject(t, s, "main.text")
	var not *ObjectError
	if err := s.SetMode(ctx, ModeSampled, w); !errors.As(err, &not) {
		t.Errorf("turns for an object: %v", err)
	}
	if w.Slots() != 0 || w.Type() != "string" || w.Size() != 16 {
		t.Errorf("%d slots, %s, %d bytes", w.Slots(), w.Type(), w.Size())
	}
}

// TestNoObjectsWithoutGuards: where the program must survive the debugger there are no page
// guards.
func TestNoObjectsWithoutGuards(t *testing.T) {
	onDriver(t, "perf-safe", func(t *testing.T) {
		s := objects(t, testkit.Debug, "text")
		var not *ObjectError
		if _, err := s.Watch(context.Background(), "main.text", Write); !errors.As(err, &not) || !strings.Contains(err.Error(), "--safe auto") {
			t.Errorf("%v", err)
		}
		if n := len(s.Watchpoints()); n != 0 {
			t.Errorf("%d watchpoints", n)
		}
	})
}

// TestObjectsOfLibraries: what encoding/json writes by package reflect is told as any other
// assignment, with the line of the library that made it.
func TestObjectsOfLibraries(t *testing.T) {
	const n = 40
	s := objects(t, testkit.Optimized, "json", fmt.Sprint(n))
	var r recorder
	for _, expr := range []string{"main.doc.Name", "main.doc.Tags", "main.doc.List"} {
		watchObject(t, s, expr, Report(r.add))
	}
	toTheEnd(t, s, 0)
	told := map[string]int{}
	for _, h := range r.hits {
		for _, c := range h.Changes {
			told[c.String()]++
		}
		if h.PlaceErr != nil || h.Place.Line == 0 || strings.HasPrefix(h.Place.Function, "runtime.") {
			t.Errorf("%v", h)
		}
	}
	for i := 1; i < n; i++ {
		for _, want := range []string{
			fmt.Sprintf(`main.doc.Name: "number %d" -> "number %d"`, i-1, i),
			fmt.Sprintf(`main.doc.Tags["a"]: %d -> %d`, i, i+1),
			fmt.Sprintf(`main.doc.List[0]: %d -> %d`, i-1, i),
		} {
			if told[want] != 1 {
				t.Errorf("%s: %d times", want, told[want])
			}
		}
	}
	for _, w := range s.Watchpoints() {
		if st := w.Stats(); st.Coverage != Exact || st.Unseen != 0 {
			t.Errorf("%s: %+v", w.Expr(), st)
		}
	}
	if t.Failed() {
		t.Logf("%q", changes(r.hits[:min(len(r.hits), 40)]))
	}
}
