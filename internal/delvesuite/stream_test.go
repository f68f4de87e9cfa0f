package main

import (
	"strings"
	"testing"
)

const sampleStream = `{"Action":"start"}
{"Action":"output","Output":"before any test\n"}
{"Action":"run","Test":"TestA"}
{"Action":"output","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"run","Test":"TestA/sub"}
{"Action":"output","Test":"TestA/sub","Output":"x_test.go:1: wrong\n"}
{"Action":"fail","Test":"TestA/sub","Elapsed":0.25}
{"Action":"fail","Test":"TestA","Elapsed":0.5}
{"Action":"run","Test":"TestB"}
{"Action":"output","Test":"TestB","Output":"quiet please\n"}
{"Action":"pass","Test":"TestB","Elapsed":1}
{"Action":"run","Test":"TestC"}
{"Action":"skip","Test":"TestC","Elapsed":0}
{"Action":"run","Test":"TestD"}
{"Action":"pause","Test":"TestD"}
{"Action":"run","Test":"TestE"}
{"Action":"output","Test":"TestE","Output":"panic: oh no"}
{"Action":"fail","Elapsed":2}
`

func collect(t *testing.T, stream string) *collector {
	t.Helper()
	c := newCollector()
	if err := readEvents(strings.NewReader(stream), func(ev event) { c.add(ev) }); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCollectorResults(t *testing.T) {
	c := collect(t, sampleStream)
	c.abandon("ended early")
	want := []testResult{
		{Name: "TestA/sub", Outcome: failed, Seconds: 0.25, Output: "x_test.go:1: wrong"},
		{Name: "TestA", Outcome: failed, Seconds: 0.5, Output: "=== RUN   TestA"},
		{Name: "TestB", Outcome: passed, Seconds: 1},
		{Name: "TestC", Outcome: skipped},
		// TestD waited for its parallel turn: it has no result.
		{Name: "TestE", Outcome: failed, Output: "panic: oh no", Note: "ended early"},
	}
	if len(c.results) != len(want) {
		t.Fatalf("got %d results %+v, want %d", len(c.results), c.results, len(want))
	}
	for i, w := range want {
		if c.results[i] != w {
			t.Errorf("result %d: got %+v, want %+v", i, c.results[i], w)
		}
	}
	if got := (suiteResult{Tests: c.results}).counts(); got != (counts{Passed: 1, Skipped: 1, Failed: 2}) {
		t.Errorf("counts %+v: subtests must not be counted", got)
	}
}

func TestCollectorProgress(t *testing.T) {
	c := newCollector()
	for _, tc := range []struct {
		ev   event
		want bool
	}{
		{event{Action: "output", Output: "x"}, false},
		{event{Action: "run", Test: "T"}, true},
		{event{Action: "output", Test: "T", Output: "x"}, false},
		{event{Action: "bench", Test: "T"}, false},
		{event{Action: "pass", Test: "T"}, true},
		{event{Action: "pass"}, false},
	} {
		if _, got := c.add(tc.ev); got != tc.want {
			t.Errorf("%+v is progress: %v, want %v", tc.ev, got, tc.want)
		}
	}
}

func TestAbandonShowsStrayOutput(t *testing.T) {
	c := collect(t, `{"Action":"run","Test":"T"}
{"Action":"output","Output":"SIGQUIT: quit\n"}
`)
	c.abandon("hung")
	if len(c.results) != 1 || c.results[0].Output != "SIGQUIT: quit" {
		t.Errorf("got %+v, want the output that belongs to no test", c.results)
	}
}

func TestCollectorCutsOutput(t *testing.T) {
	c := newCollector()
	c.add(event{Action: "run", Test: "T"})
	c.add(event{Action: "output", Test: "T", Output: "the start\n"})
	for range 1000 {
		c.add(event{Action: "output", Test: "T", Output: "noise\n"})
	}
	c.add(event{Action: "output", Test: "T", Output: "the end\n"})
	res, _ := c.add(event{Action: "fail", Test: "T"})
	if n := strings.Count(res.Output, "\n") + 1; n != firstOutput+lastOutput+1 ||
		!strings.HasPrefix(res.Output, "the start\n") || !strings.HasSuffix(res.Output, "\nthe end") {
		t.Errorf("kept %d lines:\n%s", n, res.Output)
	}
}

func TestExcerpt(t *testing.T) {
	for in, want := range map[string]string{
		"":                "",
		"a\nb\nc\n":       "a\nb\nc",
		"a\nb\nc\nd":      "a\n[1 lines left out]\nc\nd",
		"a\nb\nc\nd\ne\n": "a\n[2 lines left out]\nd\ne",
	} {
		if got := excerpt(in, 1, 2); got != want {
			t.Errorf("of %q: got %q, want %q", in, got, want)
		}
	}
}

func TestReadEventsLongLine(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	var got string
	err := readEvents(strings.NewReader(`{"Action":"output","Output":"`+long+`"}`), func(ev event) { got = ev.Output })
	if err != nil || got != long {
		t.Errorf("a line of 1 MB without an end: got %d bytes, error %v", len(got), err)
	}
}

func TestReadEventsRefusesOtherText(t *testing.T) {
	for _, stream := range []string{"ok  \tpkg\n", "\n", `{"Action":"run"`} {
		if err := readEvents(strings.NewReader(stream), func(event) {}); err == nil {
			t.Errorf("%q was taken for a test2json stream", stream)
		}
	}
}
