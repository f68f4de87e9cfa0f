package sched

// Advance accounts up to now without changing who is on.
func (l *Lane) Advance(now Time) {
	// A seat is accounted when its state changes, or somebody asks: whoever is
	// not concerned costs nothing.
	if !l.closed {
		l.now = max(l.now, now)
	}
}

// Stall tells that d of the lane's time went to a hit, during which the program
// stood still: [Event.Estimate] has to know how unevenly that slowed it.
func (l *Lane) Stall(d Time) {
	if !l.closed {
		l.stalled += d
	}
}

// Now returns the last time the lane was told.
func (l *Lane) Now() Time { return l.now }

// Settle accounts everything up to now: also the blind intervals, which are
// judged so far, and begin anew at now.
func (l *Lane) Settle(now Time) {
	l.Advance(now)
	for _, s := range l.pinned {
		s.judge()
	}
	for _, s := range l.flexible {
		s.judge()
	}
}

// account adds the time since the last account. Blind time counts as blind until
// it is proven clean.
func (s *Seat) account() {
	if s.lane == nil {
		return
	}
	d, stalled := s.lane.now-s.since, s.lane.stalled-s.stalled
	s.since, s.stalled = s.lane.now, s.lane.stalled
	for _, e := range s.group.events {
		e.times.Enabled += d
		e.times.Stalled += stalled
		if s.live {
			e.times.Running += d
			e.times.StalledOn += stalled
		} else {
			e.times.Blind += d
		}
	}
}

// judge ends a blind interval, and asks whether it was clean.
func (s *Seat) judge() {
	s.account()
	l, from := s.lane, s.blindFrom
	d := l.now - from
	if s.live || d == 0 {
		return
	}
	s.blindFrom = l.now
	s.blind += d
	for _, e := range s.group.events {
		if l.s.prover != nil && l.s.prover.Clean(l, e, from, l.now) {
			e.times.Blind -= d
			e.times.Clean += d
		} else {
			e.times.Dirty++
			s.dirty = true
		}
	}
}

// goLive is for a seat that the hardware has now.
func (s *Seat) goLive() {
	s.judge()
	s.close()
	s.live = true
	s.onAt, s.ranFrom, s.queued = s.lane.now, s.lane.now, s.lane.now
	s.stints++
	for _, e := range s.group.events {
		e.times.Turns++
	}
	if s.blind > 0 && !s.group.pinned {
		s.lane.s.policy.Returned(s, !s.dirty, s.blind)
	}
	s.blind, s.dirty = 0, false
}

// off is for a seat that the hardware has no longer. One that has run goes
// behind all that wait; one that was pushed off before it ran keeps its place.
func (s *Seat) off() {
	s.account()
	if s.live {
		s.flush()
		s.blindFrom = s.lane.now
		for i := range s.turns {
			s.turns[i].time = s.lane.now - s.onAt
		}
		if s.ran() {
			s.renew()
			s.lane.unsorted = true
		}
	}
	s.on, s.live = false, false
}

// flush tells the policy how long a flexible group ran.
func (s *Seat) flush() {
	if d := s.lane.now - s.ranFrom; s.live && d > 0 && !s.group.pinned {
		s.ranFrom = s.lane.now
		s.lane.s.policy.Ran(s, d)
		s.hits = 0
	}
}

// close adds the last stint to the events' sums: no hit can be late any more.
func (s *Seat) close() {
	if s.stints == 0 {
		return
	}
	for i, e := range s.group.events {
		e.turns.add(s.turns[i])
		s.turns[i] = turn{}
	}
}

// stint returns an event's last turn, or the present one so far.
func (s *Seat) stint(event int) turn {
	x := s.turns[event]
	if s.live {
		x.time = s.lane.now - s.onAt
	}
	return x
}
