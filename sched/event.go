package sched

// Event is one schedulable thing: a set of points wanted together on one PMU. It
// belongs to one group for good; to schedule the same thing again, make another.
type Event struct {
	Name string
	PMU  PMU
	Need int // slots, at least 1
	Data any // the owner's

	group *Group
	pool  *pool
	times Times
	turns sums // of the turns that are over, for [Event.Estimate]
}

// Times is what an event went through, summed over all lanes there are and were.
// Enabled = Running + Clean + Blind, to the nanosecond, always.
type Times struct {
	Enabled Time // on lanes whose contexts had it
	Running Time // really on
	Clean   Time // off, and proven that nothing was missed
	Blind   Time // off, and not proven: not judged yet, or not clean

	// What hits took, of this event or of others: of Enabled, and of Running
	// ([Lane.Stall]).
	Stalled, StalledOn Time

	Turns uint64 // how often it went on
	Dirty uint64 // judged intervals that were not proven clean
	Hits  uint64
	// Unplaced are those of Hits that were reported for a lane on which the event
	// has never been on, or that is closed. They count, and no turn has them.
	Unplaced uint64
}

// Add returns the sum of two accounts.
func (t Times) Add(o Times) Times {
	return Times{Enabled: t.Enabled + o.Enabled, Running: t.Running + o.Running, Clean: t.Clean + o.Clean, Blind: t.Blind + o.Blind,
		Stalled: t.Stalled + o.Stalled, StalledOn: t.StalledOn + o.StalledOn,
		Turns: t.Turns + o.Turns, Dirty: t.Dirty + o.Dirty, Hits: t.Hits + o.Hits, Unplaced: t.Unplaced + o.Unplaced}
}

// Sub returns what an account has got since it was o.
func (t Times) Sub(o Times) Times {
	return Times{Enabled: t.Enabled - o.Enabled, Running: t.Running - o.Running, Clean: t.Clean - o.Clean, Blind: t.Blind - o.Blind,
		Stalled: t.Stalled - o.Stalled, StalledOn: t.StalledOn - o.StalledOn,
		Turns: t.Turns - o.Turns, Dirty: t.Dirty - o.Dirty, Hits: t.Hits - o.Hits, Unplaced: t.Unplaced - o.Unplaced}
}

// Group returns the group that the event is or was in, nil before
// [Scheduler.NewGroup] accepted it.
func (e *Event) Group() *Group { return e.group }

// Hit counts one hit on a lane: of the turn that is on there, or of the last one
// if it is over, since a hit may be reported late.
func (e *Event) Hit(l *Lane) {
	e.times.Hits++
	s := e.seat(l)
	if s == nil || s.stints == 0 {
		e.times.Unplaced++
		return
	}
	s.hits++
	for i := range s.turns {
		if s.group.events[i] == e {
			s.turns[i].hits++
		}
	}
}

// On reports whether the event is on there.
func (e *Event) On(l *Lane) bool {
	s := e.seat(l)
	return s != nil && s.lane == l && s.live
}

// Times returns the account up to the time that each lane was told last.
func (e *Event) Times() Times {
	if e.group != nil {
		e.group.eachSeat((*Seat).account)
	}
	return e.times
}

func (e *Event) seat(l *Lane) *Seat {
	if e.group == nil {
		return nil
	}
	return e.group.seat(l)
}
