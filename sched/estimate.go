package sched

import "math"

// Estimate is how often an event would have been hit, had it been on all the time.
type Estimate struct {
	Hits float64
	// Err is the half-width of the bound: the true number is within Hits-Err and
	// Hits+Err with a confidence of about 99.7 % (three standard errors).
	Err float64
	// Known is false if the event had fewer than three turns, too few to tell how
	// much they differ, or if hits slowed the program so much, and so unevenly, that
	// nothing can be said. Err means nothing then.
	Known bool
}

// Estimate projects the hits of the time running to the time enabled. If nothing
// is blind there is nothing to estimate: Hits is exact and Err is 0.
//
// With n turns of length t(i) and h(i) hits, T = sum t(i), H = sum h(i), E the time
// enabled, r = H/T and f = T/E, it is the ratio estimator H E/T, with the variance
//
//	(E/T)^2 (1-f) n/(n-1) S,  S = sum (h(i) - r t(i))^2
//
// (Cochran, Sampling Techniques, 3rd edition, chapter 6 on ratio estimators, where
// our E/T is N/n). Err is that variance's root times Student's t for n-1 degrees of
// freedom at the confidence of three standard errors. It is at least what counting
// itself leaves open, 3 times the root of
//
//	(E/T)^2 (1-f) H
//
// the variance of a Poisson count's projection. Seeing little does not prove that
// there is little: so each has half of 3^2 more hits than were seen, in the second
// single ones, in the first bunches of S/H as they were seen.
//
// To that comes what no spread shows: half a hit for each turn (no more turns than hits),
// times E/T (1-f). A turn begins and ends between two hits, and where hits take much of
// the time it does so near one more often than not. Measured: with 9 hits a turn the
// estimate was 5 % too high.
//
// Hits slow the program ([Lane.Stall]). Where a part a of the time running went to them
// and a part b of the time enabled, the program got (1-b)/(1-a) times as far in each of
// the latter: by so much the estimate may be wrong, and Err is the wider. An event that is
// hit all the time, among others that are not, is off while the program is fast: nothing
// can then be said of how often it would have been hit, and Known is false.
//
// The bound supposes that turns fall by chance on what the program does. A program that
// writes in step with the turns is beyond it, and so is a lane whose share of time and
// rate of hits both differ much from other lanes'. And where hits take all of the time
// they take the same part of every turn, whoever is on, but not the same part of the
// program's work. Measured: six watchpoints on four slots, one of them never hit, were
// estimated up to a seventh apart, though all others were written equally often.
func (e *Event) Estimate() Estimate {
	t := e.Times()
	if t.Blind == 0 {
		return Estimate{Hits: float64(t.Hits), Known: true}
	}
	all := e.turns
	e.group.eachSeat(func(s *Seat) {
		for i := range s.turns {
			if s.group.events[i] == e {
				all.add(s.stint(i))
			}
		}
	})
	est := all.estimate(float64(t.Hits), float64(t.Running), float64(t.Enabled))
	if part := t.uneven(); part <= 1 {
		est.Err += est.Hits * part
	} else {
		est.Known = false
	}
	return est
}

// uneven is the part of an estimate by which it may be wrong since hits take another part
// of the time running than of the time enabled.
func (t *Times) uneven() float64 {
	if t.Running == 0 || t.Enabled == 0 {
		return 0
	}
	on, all := float64(t.StalledOn)/float64(t.Running), float64(t.Stalled)/float64(t.Enabled)
	// What a hit takes is not known to a tenth: the program always gets on a little.
	const most = 0.9
	if top := max(on, all); top > most {
		on, all = on*most/top, all*most/top
	}
	return math.Abs((1-all)/(1-on) - 1)
}

// turn is one stint of an event on a lane.
type turn struct {
	time Time
	hits uint64
}

// sums are what an estimate needs of the turns, in place of the turns: n, and the
// sums of t, t^2, h, h^2 and t h.
type sums struct{ n, t, tt, h, hh, th float64 }

func (s *sums) add(x turn) {
	if x == (turn{}) {
		return
	}
	t, h := float64(x.time), float64(x.hits)
	s.n++
	s.t += t
	s.tt += t * t
	s.h += h
	s.hh += h * h
	s.th += t * h
}

func (s *sums) estimate(hits, run, enabled float64) Estimate {
	if run == 0 {
		return Estimate{Hits: hits}
	}
	scale := enabled / run
	e := Estimate{Hits: hits * scale}
	if s.n < 3 {
		return e
	}
	r := s.h / s.t
	residual := max(s.hh-2*r*s.th+r*r*s.tt, 0)
	bunch := residual / max(s.h, 1)
	sampling := student(s.n-1) * math.Sqrt(s.n/(s.n-1)*residual+4.5*bunch*bunch)
	counting := 3 * math.Sqrt(hits+4.5)
	edges := min(s.n, hits) / 2
	e.Err = math.Sqrt(scale*(scale-1))*max(sampling, counting) + (scale-1)*edges
	e.Known = true
	return e
}

// student returns the quantile of Student's distribution that three standard
// errors are of the normal one (two-sided 99.73 %), for df >= 2 degrees of freedom,
// within 7 % and never too small. The series is that of Abramowitz and Stegun,
// 26.7.5, its tail gathered in the last coefficient.
func student(df float64) float64 {
	x := 1 / df
	return 3 + x*(7.5+x*(17.25+x*66))
}
