package dap

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestThreadName(t *testing.T) {
	g := backend.GoroutineInfo{Goroutine: backend.Goroutine{ID: 7}, Place: backend.Place{Function: "example.org/a/b.(*T).M"}}
	labelled := g
	labelled.Labels = map[string]string{"k2": "v2", "k1": "v1", "empty": ""}
	running := g
	running.Selected, running.Thread = true, 123
	unknown := g
	unknown.Place.Function = ""
	for _, test := range []struct {
		g      backend.GoroutineInfo
		labels []string
		want   string
	}{
		{g, nil, "[Go 7] b.(*T).M"},
		{running, nil, "* [Go 7] b.(*T).M (Thread 123)"},
		{unknown, nil, "[Go 7] ???"},
		{labelled, nil, "[Go 7] b.(*T).M"},
		{labelled, []string{"k1"}, "[Go 7 v1] b.(*T).M"},
		{labelled, []string{"k3"}, "[Go 7] b.(*T).M"},
		{labelled, []string{"k2", "k1"}, "[Go 7 k2:v2 k1:v1] b.(*T).M"},
		{labelled, []string{"*"}, "[Go 7 k1:v1 k2:v2] b.(*T).M"},
		{backend.GoroutineInfo{Unreadable: errors.New("torn")}, nil, " Unreadable goroutine: torn"},
	} {
		if got := threadName(&test.g, test.labels); got != test.want {
			t.Errorf("%q with labels %v, want %q", got, test.labels, test.want)
		}
	}
}

func TestShortName(t *testing.T) {
	for name, want := range map[string]string{
		"main.main": "main.main", "": "",
		"example.org/a/b.F":                    "b.F",
		"example.org/a/b.(*T).M":               "b.(*T).M",
		"example.org/a/b.F[example.org/c/d.T]": "b.F[example.org/c/d.T]",
		"b.(*T[example.org/c/d.T]).M":          "b.(*T[example.org/c/d.T]).M",
		"gopkg.in/yaml%2ev3.Unmarshal":         "yaml%2ev3.Unmarshal",
	} {
		if got := shortName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestThreads(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	list := ed.threads()
	if len(list) < 4 {
		t.Fatalf("threads %+v: main and three workers at least", list)
	}
	if want := fmt.Sprintf("* [Go %d] main.look (Thread ", thread); list[0].Id != thread || !strings.HasPrefix(list[0].Name, want) {
		t.Errorf("the first thread is %+v, want the one that stopped: %s", list[0], want)
	}
	system := func(list []dap.Thread) (n int) {
		for _, th := range list {
			if strings.Contains(th.Name, "] runtime.") {
				n++
			}
		}
		return n
	}
	if system(list) == 0 {
		t.Errorf("no goroutine of the runtime's among %+v", list)
	}

	page := ask[threadsBody](ed, "threads", with{"startThread": 1, "levels": 2})
	if len(page.Threads) != 2 || page.Threads[0] != list[1] || page.Total != len(list) {
		t.Errorf("page %+v: want 2 of %d, from the second on", page, len(list))
	}

	ed.evaluate("argus config hideSystemGoroutines true", 0)
	if list := ed.threads(); system(list) != 0 || len(list) != 4 {
		t.Errorf("without the runtime's: %+v, want 4", list)
	}
	ed.evaluate("argus config goroutineFilters -with userloc main.worker", 0)
	ed.evaluate("argus config showPprofLabels job", 0)
	list = ed.threads()
	if len(list) != 3 {
		t.Fatalf("filtered: %+v, want the workers", list)
	}
	for i, th := range list {
		if !regexp.MustCompile(`^\[Go \d+ j[012]\] main\.worker( \(Thread \d+\))?$`).MatchString(th.Name) {
			t.Errorf("worker %d is %q", i, th.Name)
		}
	}
	ed.evaluate("argus config goroutineFilters -with nonsense", 0)
	if list := ed.threads(); len(list) != 4 {
		t.Errorf("with a filter that is none: %+v, want 4", list)
	}
	ed.output("console", "-with")
	ed.evaluate("argus config goroutineFilters -with userloc main.nobody", 0)
	if list := ed.threads(); len(list) != 1 || list[0] != dummyThread {
		t.Errorf("with a filter that fits none: %+v", list)
	}
}

// TestManyThreads: all goroutines are listed, and the user is told once how many there
// are.
func TestManyThreads(t *testing.T) {
	const count = 3000
	ed := newEditor(t)
	ed.launch(testkit.Target(t, "parked", testkit.Debug), with{"args": []string{fmt.Sprint(count)}})
	ed.breakIn("main.settled")
	ed.configured()
	stop := ed.stopped()
	list := ed.threads()
	if len(list) < count || list[0].Id != stop.ThreadId {
		t.Errorf("%d threads, the first %+v: want at least %d, and %d first", len(list), list[0], count, stop.ThreadId)
	}
	seen := map[int]bool{}
	for _, th := range list {
		if seen[th.Id] {
			t.Errorf("%+v is listed twice", th)
		}
		seen[th.Id] = true
	}
	if said := ed.output("console", "goroutines"); !strings.Contains(said, fmt.Sprint(len(list))) {
		t.Errorf("the user is told %q, want how many: %d", said, len(list))
	}
	ed.threads()
	for _, m := range ed.came("output") {
		if strings.Contains(string(m.Body), "goroutines:") {
			t.Errorf("the user is told again: %s", m.Body)
		}
	}
}
