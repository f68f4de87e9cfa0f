package sched

import "errors"

// apply plans and programs, until the PMUs agree or one fails.
func (l *Lane) apply(turn bool) error {
	for {
		if turn {
			l.planTurn()
		} else {
			l.planUpdate()
		}
		short, err := l.program()
		if short {
			// The lane has fewer slots than it had: fewer than were asked for, so
			// that this ends.
			continue
		}
		l.stale = err != nil
		l.report()
		return err
	}
}

// program makes reservations what the plan says, and commits them.
func (l *Lane) program() (short bool, err error) {
	for _, g := range l.leaving {
		l.del(g, len(g.events))
	}
	clear(l.leaving)
	l.leaving = l.leaving[:0]
	for _, seats := range [...][]*Seat{l.pinned, l.flexible} {
		for _, s := range seats {
			if s.on && !s.want {
				s.off()
				l.del(s.group, len(s.group.events))
			}
		}
	}
	for _, seats := range [...][]*Seat{l.pinned, l.flexible} {
		for _, s := range seats {
			if s.on || !s.want {
				continue
			}
			sh, e := l.add(s)
			short = short || sh
			err = errors.Join(err, e)
		}
	}
	if short {
		return true, err
	}
	for i := range l.stocks {
		if !l.stocks[i].dirty {
			continue
		}
		e := l.s.pools[i].pmu.Commit(l)
		switch {
		case e == nil:
			l.stocks[i].dirty = false
		case l.shrink(l.s.pools[i], e):
			short = true
		default:
			err = errors.Join(err, e)
		}
	}
	for _, seats := range [...][]*Seat{l.pinned, l.flexible} {
		for _, s := range seats {
			if s.on && !s.live && l.clean(s.group) {
				s.goLive()
			}
		}
	}
	return short, err
}

// add reserves a group's slots, all of them or none.
func (l *Lane) add(s *Seat) (short bool, err error) {
	for i, e := range s.group.events {
		if err := e.PMU.Add(l, e); err != nil {
			l.del(s.group, i)
			if l.shrink(e.pool, err) {
				return true, nil
			}
			return false, err
		}
		l.stocks[e.pool.index].dirty = true
	}
	s.on = true
	return false, nil
}

// del takes back the reservations of a group's first n events.
func (l *Lane) del(g *Group, n int) {
	for _, e := range g.events[:n] {
		e.PMU.Del(l, e)
		l.stocks[e.pool.index].dirty = true
	}
}

// clean reports whether all PMUs of a group have committed.
func (l *Lane) clean(g *Group) bool {
	for _, n := range g.needs {
		if l.stocks[n.pool.index].dirty {
			return false
		}
	}
	return true
}

// shrink reports whether err is about slots that others hold, and takes them
// from the lane.
func (l *Lane) shrink(p *pool, err error) bool {
	var short *ShortError
	if !errors.As(err, &short) {
		return false
	}
	wanted := 0
	for _, seats := range [...][]*Seat{l.pinned, l.flexible} {
		for _, s := range seats {
			for _, n := range s.group.needs {
				if s.want && n.pool == p {
					wanted += n.slots
				}
			}
		}
	}
	if wanted == 0 {
		return false // it has nothing to refuse
	}
	st := &l.stocks[p.index]
	st.slots = max(min(short.Slots, wanted-1), 0)
	st.why = err
	return true
}

// report tells the observer about groups that failed or came back.
func (l *Lane) report() {
	for _, seats := range [...][]*Seat{l.pinned, l.flexible} {
		for _, s := range seats {
			if s.failed != s.told {
				l.tell(s)
			}
		}
	}
}

// tell tells the observer about one group.
func (l *Lane) tell(s *Seat) {
	s.told = s.failed
	if l.s.observer == nil {
		return
	}
	var why error
	if s.failed {
		why = l.cause(s.group)
	}
	l.s.observer.Changed(l, s.group, l.State(s.group), why)
}

// cause finds the PMU that has too few slots for a group.
func (l *Lane) cause(g *Group) error {
	var most *pool
	for _, n := range g.needs {
		if st := &l.stocks[n.pool.index]; st.slots < n.pool.slots && (most == nil || n.slots > st.base) {
			most = n.pool
		}
	}
	st := &l.stocks[most.index]
	return &ShortError{PMU: most.pmu.Name(), Slots: st.slots, Err: st.why}
}
