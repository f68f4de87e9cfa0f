package backend

import "slices"

// Watchpoints of calls are everybody's while there are debug registers for all of them: that
// costs nothing where goroutines are switched. When they run out those on stacks become their
// goroutines' own (FACTS E3: nobody else writes there but for channel operations, which are
// found when the goroutine goes on), since goroutines that run at the same time are on
// different threads, each with registers of its own. When the last call is over it begins anew.

// share has the watchpoint of a call share debug registers with those of other goroutines, if
// there are too few. All threads are stopped.
func (s *Session) share(w *Watchpoint) {
	d := w.of
	if len(d.locals.list) == 0 {
		d.locals.crowded = false
	}
	if !w.sharable() || d.locals.alone {
		return
	}
	if !d.locals.crowded {
		s.makeRoom(d, w.entry)
		others := func(l *local) bool { return l.goid != w.local.goid }
		if s.free(d) >= len(w.entry.Points) || !slices.ContainsFunc(d.locals.list, others) {
			return
		}
		d.locals.crowded = true
		for _, l := range slices.Clone(d.locals.list) {
			if l.w.call != nil && l.w.sharable() && !l.w.ending() && s.enterContext(l.w, l.g, l.goid) == nil {
				s.moveToContext(l.w)
			}
		}
	}
	err := s.enterContext(w, w.local.g, w.local.goid)
	if err == nil {
		err = s.swapIn(w)
	}
	if err != nil {
		d.locals.alone = true // a runtime that is not known: page guards are left
	}
}

// sharable reports whether a watchpoint may be its goroutine's own.
func (w *Watchpoint) sharable() bool {
	return !w.away() && w.mode != ModeSampled && w.thread == 0 && len(w.entry.Points) > 0 && w.own == 0
}
