package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// inFrame launches a scenario, and stops it where the function that called main.next has
// its variables.
func inFrame(t *testing.T, scenario string, args ...string) *Session {
	t.Helper()
	s := objects(t, testkit.Debug, append([]string{scenario}, args...)...)
	b := setBreak(t, s, "main.next", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestLocalObjects: an object in a local variable is one like any other, and ends with the
// call that it belongs to.
func TestLocalObjects(t *testing.T) {
	for _, c := range []struct {
		expr, last string
		want       []string
	}{
		{"name", `"10!"`, []string{`name: "10" -> "10!"`}},
		{"items", "[1 5 3 9]", []string{"items[1]: 2 -> 5", "items: append: len 3 -> 4, [3] = 9, moved to other memory"}},
		{"tab", `map["a":2 "b":3]`, []string{`tab["a"]: 1 -> 2`, `tab["b"]: added 3`}},
		{`tab["b"]`, "3", []string{`tab["b"]: added 3`}},
		{"boxed", `string "10!"`, []string{`boxed: int 1 -> string "10!"`}},
		{"o", `{ID:7 Lines:[{SKU:"x" Price:2 Qty:1}] Tags:nil Note:nil Total:0}`, []string{
			"o.ID: 0 -> 7",
			`o.Lines: [] -> [{SKU:"x" Price:1 Qty:1}]`,
			"o.Lines[0].Price: 1 -> 2",
		}},
	} {
		t.Run(c.expr, func(t *testing.T) {
			s := inFrame(t, "frame")
			var r recorder
			w := watchObject(t, s, c.expr, Report(r.add), InScope(-1, 1))
			stop := stopAt(t, s.Continue, ReasonScopeEnd)
			if len(stop.Ended) != 1 || stop.Ended[0] != w || len(s.Watchpoints()) != 0 {
				t.Errorf("ended %v", stop.Ended)
			}
			if end := w.End(); end == nil || end.Kind != EndScope || end.Reason != "main.frame returned" || end.Last.String() != c.last {
				t.Errorf("end %+v", end)
			}
			check := func() {
				t.Helper()
				if got := changes(r.hits); !slices.Equal(got, c.want) {
					t.Errorf("hits %q", got)
				}
				if st := w.Stats(); st.Hits != uint64(len(c.want)) || st.Coverage != Exact || st.Unseen != 0 {
					t.Errorf("%d hits, %d unseen, %s (%s)", st.Hits, st.Unseen, st.Coverage, st.Reason)
				}
			}
			check()
			toTheEnd(t, s, 0)
			check()
		})
	}
}

// TestLocalObjectOfCaller: a pointer leads to one in a frame further out, in optimized code
// as well.
func TestLocalObjectOfCaller(t *testing.T) {
	want := []string{
		"o.Lines[0].Qty: 1 -> 2",
		`o.Lines: append: len 1 -> 2, [1] = {SKU:"b" Price:2 Qty:10}, moved to other memory`,
		"o.Note: nil -> int 1",
	}
	for _, mode := range testkit.Modes {
		t.Run(string(mode), func(t *testing.T) {
			s := objects(t, mode, "lent")
			runTo(t, s, "main.borrow")
			var r recorder
			w := watchObject(t, s, "*o", Report(r.add))
			stop := stopAt(t, s.Continue, ReasonScopeEnd)
			if end := w.End(); len(stop.Ended) != 1 || end == nil || end.Reason != "main.lent returned" {
				t.Errorf("end %+v", end)
			}
			if got := changes(r.hits); !slices.Equal(got, want) {
				t.Errorf("hits %q", got)
			}
			if st := w.Stats(); st.Hits != 3 || st.Coverage != Exact || st.Unseen != 0 {
				t.Errorf("%+v", st)
			}
			toTheEnd(t, s, 0)
		})
	}
}

// TestLocalObjectsMove: one is followed wherever its stack goes, with what lies there of it
// and what lies elsewhere, and no assignment is missed.
func TestLocalObjectsMove(t *testing.T) {
	const n = 60
	s := inFrame(t, "moved", fmt.Sprint(n))
	var r recorder
	var all []*Watchpoint
	for _, expr := range []string{"items", "name", "o"} {
		all = append(all, watchObject(t, s, expr, Report(r.add), InScope(-1, 1)))
	}
	at := all[0].Addr()
	for i := 0; i < len(all); {
		i += len(stopAt(t, s.Continue, ReasonScopeEnd).Ended)
	}
	if all[0].Addr() == at {
		t.Error("the stack has not moved")
	}
	got := map[string]int{}
	for _, h := range r.hits {
		got[h.What()]++
	}
	for left := n; left > 0; left-- {
		was := left + 1
		if left == n {
			was = 0
		}
		if line := fmt.Sprintf("items[1]: %d -> %d", was, left); got[line] != 1 {
			t.Errorf("%q %d times", line, got[line])
		}
		if line := fmt.Sprintf("name: %q -> %q", fmt.Sprint(was), fmt.Sprint(left)); left < n && got[line] != 1 {
			t.Errorf("%q %d times", line, got[line])
		}
	}
	for _, w := range all {
		if st := w.Stats(); st.Hits != n || st.Coverage != Exact || st.Unseen != 0 {
			t.Errorf("%s: %d hits, %d unseen, %s (%s)", w.Expr(), st.Hits, st.Unseen, st.Coverage, st.Reason)
		}
	}
	if t.Failed() {
		t.Logf("%q", changes(r.hits))
	}
	toTheEnd(t, s, 0)
}

// TestLocalObjectByChannel: what another goroutine hands over while the variable's own waits
// is told as a channel operation.
func TestLocalObjectByChannel(t *testing.T) {
	const n = 5
	s := inFrame(t, "handed", fmt.Sprint(n))
	gid, frame := goroutineIn(t, s, "main.receiver")
	expr := strings.Replace(waitingFor(t, s, gid), "*(*int64)", "*(*string)", 1)
	var r recorder
	w := watchObject(t, s, expr, Report(r.add), InScope(gid, frame))
	stopAt(t, s.Continue, ReasonScopeEnd)
	channel := 0
	for _, h := range r.hits {
		if h.Channel {
			if channel++; h.Goroutine.ID == gid || h.Place.Function != "main.handed" {
				t.Errorf("%v", h)
			}
		}
	}
	if st := w.Stats(); channel < n/2 || st.Coverage != Exact || st.Unseen != 0 {
		t.Errorf("%d by channel operations of %q, %+v", channel, changes(r.hits), st)
	}
	toTheEnd(t, s, 0)
}

// TestFreedWhole: an object of the heap that the collector frees ends its watchpoint, with
// all of its last value.
func TestFreedWhole(t *testing.T) {
	s := objects(t, testkit.Debug, "freed")
	b := setBreak(t, s, "main.hand", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	var r recorder
	w := watchObject(t, s, "*o", Report(r.add))
	stop := stopAt(t, s.Continue, ReasonFreed)
	const last = `{ID:1 Lines:[{SKU:"a" Price:5 Qty:1}] Tags:map["x":1] Note:string "10 left" Total:0}`
	if end := w.End(); len(stop.Ended) != 1 || end == nil || end.Kind != EndFreed || end.Last.String() != last || !strings.Contains(end.Reason, "garbage collector") {
		t.Errorf("end %+v", w.End())
	}
	toTheEnd(t, s, 0)
	want := []string{"o.Lines[0].Price: 1 -> 5", `o.Note: nil -> string "10 left"`}
	if got := changes(r.hits); !slices.Equal(got, want) {
		t.Errorf("hits %q", got)
	}
	if st := w.Stats(); st.Coverage != Exact || st.Unseen != 0 {
		t.Errorf("%+v", st)
	}
}

// TestUnusedLocalObject: a variable that is not used any more keeps nothing alive, and what
// becomes of its memory is no hit. It can be used again.
func TestUnusedLocalObject(t *testing.T) {
	s := inFrame(t, "unused", "50")
	var r [2]recorder
	w := watchObject(t, s, "items", Report(r[0].add), InScope(-1, 1))
	tab := watchObject(t, s, "tab", Report(r[1].add), InScope(-1, 1))
	stopAt(t, s.Continue, ReasonScopeEnd)
	if got := changes(r[0].hits); !slices.Equal(got, []string{"items[0]: 0 -> 1", "items: <freed> -> [50]"}) {
		t.Errorf("hits %q", got)
	}
	if got := changes(r[1].hits); len(got) != 0 || tab.End() == nil || tab.End().Last.String() != "<freed>" {
		t.Errorf("hits %q, %+v", got, tab.End())
	}
	for _, w := range []*Watchpoint{w, tab} {
		if st := w.Stats(); st.Coverage != Exact || st.Unseen != 0 {
			t.Errorf("%+v", st)
		}
	}
	toTheEnd(t, s, 0)
}
