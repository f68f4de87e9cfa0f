package sched

// Seat is a group on a lane: what a [Policy] orders. A goroutine's group has one
// seat, which goes with it from lane to lane; other groups have one on each lane.
type Seat struct {
	// Virtual, Boost and Calm are the policy's own. Virtual is how much of its
	// share the seat has had, in whatever unit the policy adds up. A seat that
	// comes to a lane starts at the least Virtual there, or ahead of it by as much
	// as it was when it left, so that nobody saves up turns by being away.
	Virtual     float64
	Boost, Calm int

	group *Group
	lane  *Lane // nil: the goroutine does not run

	want   bool // by the last plan
	on     bool // reserved on the PMUs
	live   bool // and committed: this is what counts as running
	failed bool // by the last plan
	told   bool // failed, and the observer knows

	since     Time // accounted up to
	onAt      Time // when it went live
	ranFrom   Time // up to when the policy knows of its running
	stalled   Time // the lane's, when last accounted
	blindFrom Time // the blind interval not judged yet
	blind     Time // judged since it was last live
	dirty     bool // one of these was

	queued Time   // when it went live, or was renewed since
	ticket uint64 // when the wait began; lower is longer ago
	waited int    // turns that left it off since then
	hits   uint64 // since the policy was told of its running

	stints uint64 // how often it went live
	turns  []turn // by event: the last or present stint
}

func (s *Scheduler) newSeat(g *Group) *Seat {
	return &Seat{group: g, ticket: s.next(), turns: make([]turn, len(g.events))}
}

// Group returns the group that sits there.
func (s *Seat) Group() *Group { return s.group }

// Weight returns the group's weight, at least 1.
func (s *Seat) Weight() int { return s.group.weight }

// On reports whether the group is on.
func (s *Seat) On() bool { return s.live }

// Waited returns how many turns have left the group off since it last ran.
func (s *Seat) Waited() int {
	if s.live {
		return 0
	}
	return s.waited
}

// Ticket is when the wait began, as a number that only grows: whoever has the
// lowest has waited longest. Those that ran in the turn before have the highest.
func (s *Seat) Ticket() uint64 { return s.ticket }

// Hits returns the hits of the group's events here since the policy was last
// told that it ran.
func (s *Seat) Hits() uint64 { return s.hits }

// renew puts a seat behind all that wait. Sorting by ticket is the caller's.
func (s *Seat) renew() {
	s.ticket, s.waited = s.lane.s.next(), 0
	s.queued = s.lane.now
}

// ran reports whether the group is on, and has been for a while since it went on
// or was renewed.
func (s *Seat) ran() bool { return s.live && s.queued < s.lane.now }
