package sched

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestHeatRate: what happens so often a second, for long enough, has that rate.
func TestHeatRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Int64Range(1e3, 1e7).Draw(t, "every")
		half := rapid.Int64Range(100*every, 1000*every).Draw(t, "half")
		var h Heat
		now := Time(0)
		for range 20 * half / every {
			now += every
			h.Add(1, now, half)
		}
		want := 1e9 / float64(every)
		if got := h.Rate(now, half); math.Abs(got-want) > want/50 {
			t.Errorf("%v a second, want %v", got, want)
		}
		if got := h.Rate(now+3*half, half); math.Abs(got-want/8) > want/400 {
			t.Errorf("after three half-lives %v, want %v", got, want/8)
		}
		if h.Rate(now-half, half) != h.Rate(now, half) {
			t.Error("time that runs backwards makes it hotter")
		}
	})
}
