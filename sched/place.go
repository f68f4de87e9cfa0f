package sched

import (
	"cmp"
	"slices"
)

// Candidate is something that could hold slots instead of being behind a guard, which costs
// something whenever it is touched: a page, with all that is watched on it.
type Candidate struct {
	Need int     // slots that it takes, at least 1; one that needs too many never gets any
	Heat float64 // what its guard costs, or did when it was last there: faults a second
	In   bool    // it holds slots now
	Kept bool    // it has come or gone too short a time ago to do so again
}

const (
	// placeStay is how many times hotter than who holds a slot a candidate has to be: what
	// changes places all the time costs more than it saves.
	placeStay = 2
	// placeMost bounds how many candidates are weighed against each other: the hottest.
	placeMost = 64
)

// Place chooses who is to hold slots, so that the guards of all the others cost least, and
// sets chosen, which is as long as the candidates. What is needed by none of those is free.
// Who holds slots keeps them unless the others are [placeStay] times hotter; who is kept
// stays where it is. Candidates without heat get no slots that they do not hold.
func Place(slots int, all []Candidate, chosen []bool) {
	var weighed []int
	for i, c := range all {
		chosen[i] = c.Kept && c.In
		switch {
		case chosen[i]:
			slots -= c.Need
		case !c.Kept && c.Need <= slots && (c.In || c.Heat > 0):
			weighed = append(weighed, i)
		}
	}
	worth := func(i int) float64 {
		if all[i].In {
			// More than nothing: a slot that nobody asks for is not left.
			return max(all[i].Heat*placeStay, 1e-9)
		}
		return all[i].Heat
	}
	if len(weighed) > placeMost {
		slices.SortFunc(weighed, func(a, b int) int {
			return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b))
		})
		weighed = weighed[:placeMost]
	}
	slots = max(slots, 0)
	// The knapsack with slots for its size: best[n] is the most that the first of the
	// weighed are worth in n slots, took[k][n] whether the k-th is among them.
	best := make([]float64, slots+1)
	took := make([][]bool, len(weighed))
	for k, i := range weighed {
		took[k] = make([]bool, slots+1)
		for n := slots; n >= all[i].Need; n-- {
			if v := best[n-all[i].Need] + worth(i); v > best[n] {
				best[n], took[k][n] = v, true
			}
		}
	}
	for k, n := len(weighed)-1, slots; k >= 0; k-- {
		if took[k][n] {
			chosen[weighed[k]] = true
			n -= all[weighed[k]].Need
		}
	}
}
