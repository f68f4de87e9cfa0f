package backend

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestParseGoroutineFilter(t *testing.T) {
	for text, want := range map[string][]goroutineFilter{
		"":                                     nil,
		"  ":                                   nil,
		"-u -r -g -s -l -t -t 5":               nil,
		"-group label key -exec -with nothing": nil,
		"-group userloc -w user":               {{kind: "user"}},
		"-with user -wo startloc pkg.f":        {{kind: "user"}, {kind: "startloc", arg: "pkg.f", negated: true}},
		"-without running -w label a=b":        {{kind: "running", negated: true}, {kind: "label", arg: "a=b"}},
		"-chan main.ch":                        {{kind: "chan", arg: "main.ch"}},
	} {
		if got, err := parseGoroutineFilter(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"user", "-with", "-with nothing", "-with curloc", "-wx user", "-chan", "-group", "-group chan", "-w user x"} {
		var bad *FilterError
		if _, err := parseGoroutineFilter(text); !errors.As(err, &bad) || bad.Filter != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzGoroutineFilter(f *testing.F) {
	f.Add("-with user -without label x=y -t 3 -group goloc -chan a.b -exec p x")
	f.Fuzz(func(t *testing.T, text string) {
		filters, err := parseGoroutineFilter(text)
		if err != nil && filters != nil {
			t.Fatalf("%q: %v and %v", text, filters, err)
		}
		for _, f := range filters {
			if f.kind != "chan" && !isFilterKind(f.kind) {
				t.Fatalf("%q: kind %q", text, f.kind)
			}
		}
	})
}

// TestGoroutineFilters: a filter keeps exactly those that it says.
func TestGoroutineFilters(t *testing.T) {
	s := parked(t, testkit.Debug, "100", "2")
	ctx := context.Background()
	all, _, err := s.GoroutinePage(ctx, GoroutineQuery{Labels: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    GoroutineQuery
		keep func(GoroutineInfo) bool
	}{
		{GoroutineQuery{HideSystem: true}, func(g GoroutineInfo) bool { return !g.System }},
		{GoroutineQuery{Filter: "-with user"}, func(g GoroutineInfo) bool { return !g.System }},
		{GoroutineQuery{Filter: "-without user"}, func(g GoroutineInfo) bool { return g.System }},
		{GoroutineQuery{Filter: "-with running"}, func(g GoroutineInfo) bool { return g.Thread != 0 }},
		{GoroutineQuery{Filter: "-with startloc main.lock"}, func(g GoroutineInfo) bool { return strings.Contains(g.Start, "main.lock") }},
		{GoroutineQuery{Filter: "-with userloc main.receive"}, func(g GoroutineInfo) bool { return strings.Contains(g.Place.Function, "main.receive") }},
		{GoroutineQuery{Filter: "-with curloc runtime.gopark -without userloc main."},
			func(g GoroutineInfo) bool {
				return g.Current.Function == "runtime.gopark" && !strings.Contains(g.Place.Function, "main.")
			}},
		{GoroutineQuery{Filter: "-with goloc main.labelled"}, func(g GoroutineInfo) bool { return strings.Contains(g.Created.Function, "main.labelled") }},
		{GoroutineQuery{Filter: "-with label way"}, func(g GoroutineInfo) bool { return g.Labels["way"] != "" }},
		{GoroutineQuery{Filter: "-with label way=labelled -without running"}, func(g GoroutineInfo) bool { return g.Labels["way"] == "labelled" && g.Thread == 0 }},
		{GoroutineQuery{Filter: "-with label way=other"}, func(GoroutineInfo) bool { return false }},
		{GoroutineQuery{Filter: "-chan main.never"}, func(g GoroutineInfo) bool {
			// whoever receives from it: see the target
			return g.Status == "waiting" && slices.Contains([]string{"main.receive", "main.rangeOver", "main.choose", "main.down", "main.inDefer.func1",
				"main.whilePanicking.func1", "main.inOnce.func1", "main.labelled.func1", "main.later", "main.coroutine.func1", "main.locked"}, g.Place.Function)
		}},
	} {
		want := 0
		for _, g := range all {
			if c.keep(g) {
				want++
			}
		}
		got, total, err := s.GoroutinePage(ctx, c.q)
		if err != nil || total != len(got) || len(got) != want || slices.ContainsFunc(got, func(g GoroutineInfo) bool {
			g.Labels = all[slices.IndexFunc(all, func(o GoroutineInfo) bool { return o.ID == g.ID })].Labels
			return !c.keep(g)
		}) {
			t.Errorf("%+v: %d goroutines of %d, %v; want %d", c.q, len(got), total, err, want)
		}
	}
	var bad *FilterError
	if _, _, err := s.GoroutinePage(ctx, GoroutineQuery{Filter: "nonsense"}); !errors.As(err, &bad) {
		t.Errorf("nonsense: %v", err)
	}
	if _, _, err := s.GoroutinePage(ctx, GoroutineQuery{Filter: "-chan main.nothing"}); err == nil {
		t.Error("a channel that is not there")
	}
}
