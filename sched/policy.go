package sched

// Policy orders the flexible groups of a lane for each turn. Whatever it says,
// the scheduler sees to it that nobody waits longer than the package promises.
type Policy interface {
	// Less reports whether a goes before b. Equals go by [Seat.Ticket].
	Less(a, b *Seat) bool
	// Ran: s was on for d, which is more than 0.
	Ran(s *Seat, d Time)
	// Returned: s is on again after being blind for that long. clean says that
	// all of it was proven clean, for all events of the group.
	Returned(s *Seat, clean bool, blind Time)
}

// RoundRobin lets whoever has waited longest go first, as perf_event rotates.
// Weights do not matter.
type RoundRobin struct{}

// Less is the order of waiting.
func (RoundRobin) Less(a, b *Seat) bool { return a.ticket < b.ticket }

// Ran does nothing.
func (RoundRobin) Ran(*Seat, Time) {}

// Returned does nothing.
func (RoundRobin) Returned(*Seat, bool, Time) {}

// Weighted shares time in proportion to the groups' weights: whoever has run
// least for its weight goes first.
type Weighted struct{}

// Less compares how long the two ran for their weights.
func (Weighted) Less(a, b *Seat) bool { return a.Virtual < b.Virtual }

// Ran adds up the time for the weight.
func (Weighted) Ran(s *Seat, d Time) { s.Virtual += float64(d) / float64(s.Weight()) }

// Returned does nothing.
func (Weighted) Returned(*Seat, bool, Time) {}

// Adaptive is Weighted, and counts a group more while something happens that it has
// not caught: each blind interval that was not clean doubles its weight, up to MaxBoost
// times; each clean one halves that again, and so do calmTurns turns on without a hit.
// A hit ends the boost: what is written all the time is caught anyway. It is for
// writers that come seldom or in bursts, and needs a [Prover].
type Adaptive struct{}

const (
	// MaxBoost is how many times its weight [Adaptive] gives a group at most.
	MaxBoost = 8
	// calmTurns keeps a group that never leaves again, since it is boosted, from
	// staying so for ever: only those that leave can return clean.
	calmTurns = 8
)

// Less compares how long the two ran for their boosted weights.
func (Adaptive) Less(a, b *Seat) bool { return a.Virtual < b.Virtual }

// Ran adds up the time for the boosted weight.
func (Adaptive) Ran(s *Seat, d Time) {
	s.Virtual += float64(d) / float64(s.Weight()*max(s.Boost, 1))
	if s.Hits() > 0 {
		s.Boost, s.Calm = 0, 0
	} else if s.Calm++; s.Calm >= calmTurns {
		s.Boost, s.Calm = s.Boost/2, 0
	}
}

// Returned raises the boost or lowers it.
func (Adaptive) Returned(s *Seat, clean bool, _ Time) {
	s.Calm = 0
	if clean {
		s.Boost /= 2
	} else {
		s.Boost = min(max(s.Boost, 1)*2, MaxBoost)
	}
}
