package sched

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func place(slots int, all ...Candidate) []int {
	chosen := make([]bool, len(all))
	Place(slots, all, chosen)
	var in []int
	for i := range chosen {
		if chosen[i] {
			in = append(in, i)
		}
	}
	return in
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		what  string
		slots int
		all   []Candidate
		want  []int
	}{
		{"nobody", 4, nil, nil},
		{"cold ones stay where they are", 4, []Candidate{{Need: 1}, {Need: 1, In: true}}, []int{1}},
		{"the hottest", 2, []Candidate{{Need: 1, Heat: 3}, {Need: 1, Heat: 1}, {Need: 1, Heat: 2}}, []int{0, 2}},
		{"two against one that is large", 2, []Candidate{{Need: 2, Heat: 5}, {Need: 1, Heat: 3}, {Need: 1, Heat: 3}}, []int{1, 2}},
		{"one that is too large", 2, []Candidate{{Need: 3, Heat: 1000}, {Need: 1, Heat: 1}}, []int{1}},
		{"a little hotter is not enough", 1, []Candidate{{Need: 1, Heat: 10, In: true}, {Need: 1, Heat: 19}}, []int{0}},
		{"much hotter is", 1, []Candidate{{Need: 1, Heat: 10, In: true}, {Need: 1, Heat: 21}}, []int{1}},
		{"unless it is too soon", 1, []Candidate{{Need: 1, In: true, Kept: true}, {Need: 1, Heat: 21}}, []int{0}},
		{"or it has just gone", 1, []Candidate{{Need: 1, In: true}, {Need: 1, Heat: 21, Kept: true}}, []int{0}},
		{"fewer slots than before", 1, []Candidate{{Need: 1, Heat: 1, In: true}, {Need: 1, Heat: 2, In: true}}, []int{1}},
		{"no slots", 0, []Candidate{{Need: 1, Heat: 1, In: true}}, nil},
	} {
		if got := place(c.slots, c.all...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// TestPlaceIsBest: no other choice that fits and keeps who is kept is worth more.
func TestPlaceIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		slots := rapid.IntRange(0, 6).Draw(t, "slots")
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Candidate {
			return Candidate{
				Need: rapid.IntRange(1, 4).Draw(t, "need"), Heat: float64(rapid.IntRange(0, 9).Draw(t, "heat")),
				In: rapid.Bool().Draw(t, "in"),
			}
		}), 0, 9).Draw(t, "all")
		kept := 0
		for i := range all { // who is kept fits, as it is there
			if all[i].In && kept+all[i].Need <= slots && rapid.Bool().Draw(t, "kept") {
				all[i].Kept, kept = true, kept+all[i].Need
			}
		}
		value := func(set int) (worth float64, legal bool) {
			need := 0
			for i, c := range all {
				in := set&(1<<i) != 0
				if c.Kept && in != c.In || in && !c.In && c.Heat == 0 {
					return 0, false
				}
				if in {
					need += c.Need
					if c.In {
						worth += c.Heat
					}
					worth += c.Heat
					if !c.In {
						continue
					}
				}
			}
			return worth, need <= slots
		}
		got := 0
		for _, i := range place(slots, all...) {
			got |= 1 << i
		}
		mine, legal := value(got)
		if !legal {
			t.Fatalf("%b of %+v is not to be had", got, all)
		}
		for set := range 1 << len(all) {
			if v, legal := value(set); legal && v > mine+1e-6 {
				t.Fatalf("%b is worth %v, %b %v", got, mine, set, v)
			}
		}
	})
}

// TestPlaceMany: of more than are weighed the hottest are among the chosen.
func TestPlaceMany(t *testing.T) {
	var all []Candidate
	for i := range 5000 {
		all = append(all, Candidate{Need: 1, Heat: float64(1 + i*7919%5000)})
	}
	for _, i := range place(4, all...) {
		if all[i].Heat < 4997 {
			t.Errorf("chosen: %v", all[i].Heat)
		}
	}
	if n := len(place(4, all...)); n != 4 {
		t.Errorf("%d chosen", n)
	}
}
