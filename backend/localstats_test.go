package backend

import (
	"testing"

	"pgregory.net/rapid"
)

// TestJoin: whatever the calls are and in whatever order they come, figures are added up, and
// the coverage is the worst that one of them has, with how many have it.
func TestJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coverages := []Coverage{Exact, Covered, Partial, Void}
		calls := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Stats {
			n := rapid.Uint64Range(0, 1<<20)
			return Stats{Hits: n.Draw(t, "hits"), Others: n.Draw(t, "others"), Lost: n.Draw(t, "lost"), EstimateKnown: rapid.Bool().Draw(t, "known"),
				Coverage: rapid.SampledFrom(coverages).Draw(t, "coverage")}
		})).Draw(t, "calls")
		var sum Stats
		sum.Coverage = Exact
		var want Stats
		of := map[Coverage]uint64{}
		spoilt, known := uint64(0), true
		for _, c := range calls {
			c.Reason = string(c.Coverage)
			spoilt = sum.join(c, spoilt)
			want.Hits, want.Others, want.Lost = want.Hits+c.Hits, want.Others+c.Others, want.Lost+c.Lost
			of[c.Coverage]++
			known = known && c.EstimateKnown
		}
		worst := Exact
		for _, c := range coverages {
			if of[c] > 0 {
				worst = c
			}
		}
		if sum.Hits != want.Hits || sum.Others != want.Others || sum.Lost != want.Lost || sum.unestimated == known || sum.Coverage != worst {
			t.Fatalf("%+v, want %+v and %s", sum, want, worst)
		}
		if worst != Exact && (spoilt != of[worst] || sum.Reason != string(worst)) {
			t.Fatalf("%d of %v, because of %q", spoilt, of, sum.Reason)
		}
	})
}
