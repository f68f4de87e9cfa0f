package main

import "slices"

// spread is a median, and what it lies between.
type spread struct {
	Median, Least, Most float64
	N                   int // of how many; 0: there is nothing
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	return spread{(v[(len(v)-1)/2] + v[len(v)/2]) / 2, v[0], v[len(v)-1], len(v)}
}

// figures are what a tool's turns of a case gave.
type figures struct {
	Tool     tool
	Turns    []*sample // nil where one failed
	Spread   spread
	Other    spread   // of the time that is not compared: elapsed, or processor time
	ToArgus  spread   // how many times Argus's figure it is, turn by turn
	Seen, Of uint64   // of all turns: hits told of, of those that there were; 0 of 0 is not known
	Cannot   string   // why there are none
	Failures []string // of turns
}

// add takes in what a turn gave.
func (f *figures) add(s sample) {
	f.Turns = append(f.Turns, &s)
	f.Seen += s.Seen
	f.Of += s.Of
}

// fail takes in that a turn failed.
func (f *figures) fail(why string) {
	f.Turns = append(f.Turns, nil)
	f.Failures = append(f.Failures, why)
}

// failed reports whether that is a fault of this command, or of Argus: others may fail now
// and then.
func (f *figures) failed() bool {
	return len(f.Failures) > 0 && (f.Tool == argus || f.Tool == argusKernel)
}

// spread is that of the turns that gave a value.
func (f *figures) spread(of func(*sample) float64) spread {
	var v []float64
	for _, t := range f.Turns {
		if t != nil {
			v = append(v, of(t))
		}
	}
	return spreadOf(v)
}

func (s *sample) value() float64 { return s.Value }
func (s *sample) cpu() float64   { return s.CPU }

// ratio is how many times to's figure of a turn is of's.
func ratio(of, to *figures, by func(*sample) float64) spread {
	var v []float64
	for i := range min(len(of.Turns), len(to.Turns)) {
		if a, b := of.Turns[i], to.Turns[i]; a != nil && b != nil && by(b) > 0 {
			v = append(v, by(a)/by(b))
		}
	}
	return spreadOf(v)
}

// outcome is what became of a case.
type outcome struct {
	Case, Title string
	Unit        unit
	CPU         bool // it is processor time that is compared
	Tools       []*figures
	Goals       []reached
}

// reached is what became of a goal.
type reached struct {
	goal
	Ratio spread
	Met   bool
	// By is how far the ratio is from the goal, as a part of that: 0.1 is a tenth.
	By float64
}

func (o *outcome) of(t tool) *figures {
	i := slices.IndexFunc(o.Tools, func(f *figures) bool { return f.Tool == t })
	if i < 0 {
		return nil
	}
	return o.Tools[i]
}

// conclude computes what the turns come to.
func (o *outcome) conclude(goals []goal) {
	by, other := (*sample).value, (*sample).cpu
	if o.CPU {
		by, other = other, by
	}
	own := o.of(argus)
	for _, f := range o.Tools {
		f.Spread, f.Other = f.spread(by), f.spread(other)
		if own != nil {
			f.ToArgus = ratio(f, own, by)
		}
	}
	for _, g := range goals {
		of, to := o.of(g.Of), o.of(g.To)
		if of == nil || to == nil {
			continue
		}
		o.Goals = append(o.Goals, g.judge(ratio(of, to, by)))
	}
}

// judge holds a ratio against the goal.
func (g goal) judge(r spread) reached {
	got := reached{goal: g, Ratio: r}
	switch {
	case r.N == 0:
	case g.AtMost > 0:
		got.Met, got.By = r.Median <= g.AtMost, r.Median/g.AtMost-1
	default:
		got.Met, got.By = r.Median >= g.AtLeast, 1-r.Median/g.AtLeast
	}
	if got.By < 0 {
		got.By = -got.By
	}
	return got
}
