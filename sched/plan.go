package sched

import "slices"

// A plan sets want and failed of every seat of a lane, and reserves nothing.

// planUpdate leaves on who is on and fits, and fills up with those that have
// waited longest.
func (l *Lane) planUpdate() {
	l.planPinned()
	for _, live := range [...]bool{true, false} {
		for _, s := range l.flexible {
			if s.live == live {
				l.place(s)
			}
		}
	}
}

// planTurn chooses anew who is on, in the policy's order where the bound allows
// it and in the order of waiting where it does not. See [Lane.bounded].
func (l *Lane) planTurn() {
	l.planPinned()
	l.order = append(l.order[:0], l.flexible...)
	slices.SortFunc(l.order, l.s.compare)
	l.placeAll(l.order)
	if !l.bounded() {
		l.placeAll(l.flexible)
	}
}

func (s *Scheduler) compare(a, b *Seat) int {
	switch {
	case s.policy.Less(a, b):
		return -1
	case s.policy.Less(b, a):
		return 1
	}
	return byTicket(a, b)
}

// planPinned takes slots for the pinned groups, the process's first, and finds
// out which flexible ones could be on beside them.
func (l *Lane) planPinned() {
	for i := range l.stocks {
		l.stocks[i].free = l.stocks[i].slots
	}
	for _, s := range l.pinned {
		l.place(s)
		s.failed = !s.want
	}
	for i := range l.stocks {
		l.stocks[i].base = l.stocks[i].free
	}
	l.sort()
	for _, s := range l.flexible {
		fits := true
		for _, n := range s.group.needs {
			fits = fits && n.slots <= l.stocks[n.pool.index].base
		}
		if s.failed && fits {
			// Back from the error state: it begins to wait now.
			s.Virtual = max(s.Virtual, l.least())
			s.renew()
			l.unsorted = true
		}
		s.failed = !fits
	}
	l.sort()
}

func (l *Lane) placeAll(seats []*Seat) {
	for i := range l.stocks {
		l.stocks[i].free = l.stocks[i].base
	}
	for _, s := range seats {
		l.place(s)
	}
}

// place takes the slots of a group if all of them are free.
func (l *Lane) place(s *Seat) {
	s.want = true
	for _, n := range s.group.needs {
		s.want = s.want && n.slots <= l.stocks[n.pool.index].free
	}
	if s.want {
		for _, n := range s.group.needs {
			l.stocks[n.pool.index].free -= n.slots
		}
	}
}

// sort restores the order of waiting.
func (l *Lane) sort() {
	if l.unsorted {
		slices.SortFunc(l.flexible, byTicket)
		l.unsorted = false
	}
}

// least is the smallest Virtual on the lane, 0 if nobody is there.
func (l *Lane) least() (v float64) {
	first := true
	for _, s := range l.flexible {
		if s.failed {
			continue
		}
		s.flush()
		if first || s.Virtual < v {
			v, first = s.Virtual, false
		}
	}
	return v
}
