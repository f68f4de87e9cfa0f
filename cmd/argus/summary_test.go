package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/argusdbg/argus/backend"
)

func sampleFigures(expr string, st backend.Stats) figures {
	if st.Coverage == "" {
		st.Coverage = backend.Exact
	}
	return figures{watchArg{expr: expr, access: backend.Write}, "int64", st}
}

func summaryText(watches ...figures) string {
	return string(newTextLines(false, &options{}).summary(nil, watches))
}

const second = time.Second

// TestSummaryPlain: what was on all the time has no columns for turns.
func TestSummaryPlain(t *testing.T) {
	got := summaryText(
		sampleFigures("main.a", backend.Stats{Hits: 12, Reported: 12, Enabled: second, Running: second, Estimate: 12, EstimateKnown: true}),
		sampleFigures("main.long", backend.Stats{Hits: 3, Reported: 1, Coverage: backend.Partial, Unseen: 2, Reason: "the value changed without a hit: why"}),
	)
	const want = `WATCHPOINT  HITS  REPORTED  COVERAGE  UNSEEN  LOST
main.a        12        12  exact          0     0
main.long      3         1  partial        2     0
partial: the value changed without a hit: why
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSummaryOfGuards: who is behind a guard, and what that costs.
func TestSummaryOfGuards(t *testing.T) {
	got := summaryText(
		sampleFigures("main.a", backend.Stats{Hits: 12, Reported: 12, Enabled: second, Running: second}),
		sampleFigures("main.b", backend.Stats{Hits: 3, Reported: 3, Enabled: second, Running: second, Guarded: true, Faults: 40, Idle: 37}),
		sampleFigures("main.c", backend.Stats{Hits: 900, Reported: 900, Enabled: second, Running: second, Moves: 1, Faults: 36}),
	)
	const want = `WATCHPOINT  HITS  COVERAGE  WATCHED BY  FAULTS  IDLE  LOST
main.a        12  exact     slot                         0
main.b         3  exact     guard           40    37     0
main.c       900  exact     slot            36           0
A guard misses nothing, and costs something at every write to its page. FAULTS are these
  writes, IDLE those of them that hit nothing which is watched. The pages that cost most
  are given slots, the debug registers; those of whole objects are not.
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSummaryOfTurns is a table with all its columns, and each reason once.
func TestSummaryOfTurns(t *testing.T) {
	turns := func(expr string, hits uint64, running, clean time.Duration, st backend.Stats) figures {
		st.Hits, st.Reported = hits, hits
		st.Enabled, st.Running, st.Clean = 3*second, running, clean
		st.Blind = st.Enabled - running - clean
		if st.Coverage == backend.Partial {
			st.Reason = fmt.Sprintf("it was off for %v and written", st.Blind) + st.Reason
		}
		return sampleFigures(expr, st)
	}
	group := turns("main.c", 1, second, 2*second, backend.Stats{Coverage: backend.Covered, Reason: "all clean", Estimate: 1, EstimateKnown: true})
	group.group = 2
	got := summaryText(
		turns("main.a", 4310, second, 0, backend.Stats{Coverage: backend.Partial, Estimate: 12934.4, EstimateError: 511, EstimateKnown: true}),
		turns("main.b", 7, second/2, second/1000, backend.Stats{Coverage: backend.Partial, Reason: "; the value changed without a hit", Unseen: 1}),
		group,
		turns("main.d", 0, 0, 0, backend.Stats{Coverage: backend.Void, Reason: "never on"}),
	)
	const want = `WATCHPOINT  GROUP  HITS  COVERAGE   ON  OF  CLEAN  BLIND  ESTIMATE  +/-  UNSEEN  LOST
main.a             4310  partial   33%  3s     0s     2s     12930  520       0     0
main.b                7  partial   17%  3s    1ms   2.5s         ?    ?       1     0
main.c          2     1  covered   33%  3s     2s     0s         1    0       0     0
main.d                0  void       0%  3s     0s     3s         ?    ?       0     0
partial: it was off for a time and written
covered: all clean
void: never on
`
	if table, legend, _ := strings.Cut(got, "OF is the time"); table != want || strings.Count(legend, "\n") != 4 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(line); n > textWidth+1 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestSummaryColors: what may have missed something stands out.
func TestSummaryColors(t *testing.T) {
	lines := newTextLines(true, &options{})
	got := string(lines.summary(nil, []figures{
		sampleFigures("main.a", backend.Stats{}),
		sampleFigures("main.b", backend.Stats{Coverage: backend.Covered}),
		sampleFigures("main.c", backend.Stats{Coverage: backend.Partial}),
		sampleFigures("main.d", backend.Stats{Coverage: backend.Void}),
	}))
	if strings.Count(got, "\x1b[31m") != 2 || !strings.Contains(got, "\x1b[31mmain.c") || !strings.Contains(got, "\x1b[31mmain.d") {
		t.Errorf("got %q", got)
	}
}

// TestNotes: reasons that differ within a coverage go by names.
func TestNotes(t *testing.T) {
	partial := func(expr, reason string) figures {
		return sampleFigures(expr, backend.Stats{Coverage: backend.Partial, Reason: reason})
	}
	for _, tc := range []struct {
		watches []figures
		want    string
	}{
		{[]figures{sampleFigures("a", backend.Stats{})}, ""},
		{[]figures{partial("a", "x")}, "a: x"},
		{[]figures{partial("a", "x"), partial("b", "x")}, "partial: x"},
		{[]figures{partial("a", "x"), partial("b", "y"), partial("c", "x")}, "a, c: x|b: y"},
		{[]figures{sampleFigures("a", backend.Stats{Reason: "its function returned"}), partial("b", "y")}, "a: its function returned|partial: y"},
	} {
		if got := strings.Join(notes(tc.watches), "|"); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestPercent(t *testing.T) {
	for part, want := range map[float64]string{0: "0%", 1e-9: "<0.1%", 0.0012: "0.1%", 0.0731: "7.3%", 0.0949: "9.5%", 0.1: "10%",
		0.3333: "33%", 0.985: "98%", 0.9949: "99.5%", 0.9999999: ">99.9%", 1: "100%"} {
		if got := percent(part); got != want {
			t.Errorf("%v: %s, want %s", part, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", 999: "999ns", 4983 * time.Millisecond: "4.98s", 83456 * time.Millisecond: "1m23.5s",
		1234567: "1.23ms", 2 * time.Hour: "2h0m0s"} {
		if got := short(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

// TestEstimateText: the bound never shrinks by being rounded.
func TestEstimateText(t *testing.T) {
	for _, tc := range []struct {
		hits, bound float64
		want        string
	}{
		{12934.4, 511, "12930 520"}, {12936, 98.2, "12936 99"}, {5, 0, "5 0"}, {0, 3.9, "0 4"}, {1e6, 99.5, "1000000 100"}, {1234567, 99001, "1230000 100000"},
	} {
		hits, bound := estimate(&backend.Stats{Estimate: tc.hits, EstimateError: tc.bound, EstimateKnown: true})
		if got := hits + " " + bound; got != tc.want {
			t.Errorf("%v, %v: %s, want %s", tc.hits, tc.bound, got, tc.want)
		}
	}
	if hits, bound := estimate(&backend.Stats{Estimate: math.Inf(1), EstimateKnown: true}); hits+bound != "??" {
		t.Errorf("got %s %s", hits, bound)
	}
}
