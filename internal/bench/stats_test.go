package main

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestSpreadOf(t *testing.T) {
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("nothing: %+v", got)
	}
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{3}, spread{3, 3, 3, 1}},
		{[]float64{5, 1, 2}, spread{2, 1, 5, 3}},
		{[]float64{4, 1, 2, 9}, spread{3, 1, 9, 4}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: got %+v, want %+v", c.values, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e12), 1, 20).Draw(t, "values")
		before := slices.Clone(values)
		s := spreadOf(values)
		below, above := 0, 0
		for _, v := range values {
			if v <= s.Median {
				below++
			}
			if v >= s.Median {
				above++
			}
		}
		if s.Least != slices.Min(values) || s.Most != slices.Max(values) || 2*below < len(values) || 2*above < len(values) {
			t.Fatalf("%+v of %v", s, values)
		}
		if !slices.Equal(values, before) {
			t.Fatal("it has sorted its argument")
		}
	})
}

// turnsOf makes figures of values; a negative one is a turn that failed.
func turnsOf(t tool, values ...float64) *figures {
	f := &figures{Tool: t}
	for _, v := range values {
		if v < 0 {
			f.fail("it fell")
		} else {
			f.add(sample{Value: v, CPU: v / 10, Seen: 1, Of: 2})
		}
	}
	return f
}

// TestRatio: ratios are made turn by turn, of those in which both have a figure.
func TestRatio(t *testing.T) {
	of, to := turnsOf(delve, 10, -1, 90, 80), turnsOf(argus, 1, 2, 3, -1)
	if got, want := ratio(of, to, (*sample).value), (spread{20, 10, 30, 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := ratio(of, turnsOf(argus, -1, 5, 0, 0), (*sample).value); got.N != 0 {
		t.Errorf("no turn has both figures, and the ratio is %+v", got)
	}
	if of.Seen != 3 || of.Of != 6 || len(of.Failures) != 1 {
		t.Errorf("got %+v", of)
	}
}

func TestFailed(t *testing.T) {
	for _, c := range []struct {
		f    *figures
		want bool
	}{
		{turnsOf(argus, 1, 2), false}, {turnsOf(argus, 1, -1), true}, {turnsOf(gdb, 1, -1), false}, {turnsOf(gdb, -1, -1), false}, {&figures{Tool: gdb}, false},
	} {
		if got := c.f.failed(); got != c.want {
			t.Errorf("%s, %d of %d: got %v", c.f.Tool, len(c.f.Failures), len(c.f.Turns), got)
		}
	}
}

func TestConclude(t *testing.T) {
	o := outcome{Unit: nanoseconds, CPU: true, Tools: []*figures{turnsOf(argus, 10, 20, 30), turnsOf(floor, 20, 40, 60), {Tool: gdb, Cannot: "not here"}}}
	o.conclude([]goal{{Of: argus, To: floor, AtMost: 1.3}, {Of: gdb, To: argus, AtLeast: 2}, {Of: delve, To: argus, AtLeast: 2}})
	own, bare := o.of(argus), o.of(floor)
	if own.Spread != (spread{2, 1, 3, 3}) || own.Other != (spread{20, 10, 30, 3}) {
		t.Errorf("of processor time: %+v, elapsed: %+v", own.Spread, own.Other)
	}
	if bare.ToArgus != (spread{2, 2, 2, 3}) {
		t.Errorf("got %+v", bare.ToArgus)
	}
	if len(o.Goals) != 2 || !o.Goals[0].Met || o.Goals[1].Ratio.N != 0 || o.Goals[1].Met {
		t.Errorf("goals: %+v", o.Goals)
	}
	o.CPU = false
	if o.conclude(nil); own.Spread.Median != 20 {
		t.Errorf("elapsed: %+v", own.Spread)
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		goal  goal
		ratio float64
		met   bool
		by    float64
	}{
		{goal{AtMost: 2}, 1, true, 0.5},
		{goal{AtMost: 2}, 2, true, 0},
		{goal{AtMost: 2}, 3, false, 0.5},
		{goal{AtLeast: 20}, 30, true, 0.5},
		{goal{AtLeast: 20}, 20, true, 0},
		{goal{AtLeast: 20}, 15, false, 0.25},
	} {
		got := c.goal.judge(spread{Median: c.ratio, N: 1})
		if got.Met != c.met || math.Abs(got.By-c.by) > 1e-9 {
			t.Errorf("%+v, %g: got %v by %g, want %v by %g", c.goal, c.ratio, got.Met, got.By, c.met, c.by)
		}
	}
	if got := (goal{AtLeast: 1}).judge(spread{}); got.Met {
		t.Error("what was not measured is met")
	}
}
