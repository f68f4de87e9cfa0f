package backend

import (
	"slices"

	"github.com/argusdbg/argus/internal/glue"
)

// Passes is called by the event loop for a thread that has come to a breakpoint. It lets
// it run on if none of those that are there has a reason to stop: that is judged here,
// where only this thread waits, and not by way of Delve with the whole program stopped.
func (o *observer) Passes(th *glue.Thread, addr uint64) bool {
	s := (*Session)(o)
	s.useOf(th.Process())
	st := s.sites[addr]
	if st == nil {
		return s.passesStep(th, addr)
	}
	e, err := s.evaluatorOn(th)
	if err != nil || !s.begun(e) {
		return false
	}
	asks := false
	for _, b := range st.breaks {
		b.counts, b.asks = false, false
		if b.off {
			continue
		}
		if !s.means(s.choiceOf(b), th) {
			continue
		}
		if b.cond != "" {
			ok, err := e.holds(s.conditionOf(b))
			if err != nil {
				return false
			}
			if !ok {
				continue
			}
		}
		b.counts = true
		if b.count.holds(b.logical.TotalHitCount + 1) {
			if b.reach == nil {
				return false
			}
			b.asks, asks = true, true
		}
	}
	if asks && !s.askAll(st, th) {
		return false
	}
	for _, b := range st.breaks {
		if b.counts {
			b.logical.TotalHitCount++
		}
	}
	return true
}

// askAll has the functions of breakpoints decide that a thread has come to, and reports
// whether none of them stops. If one does, what they have said is kept for when Delve asks.
func (s *Session) askAll(st *site, th *glue.Thread) (pass bool) {
	pass = true
	for _, b := range st.breaks {
		if !b.asks {
			continue
		}
		stop, known := b.answered(th) // it has been here before, and was not heard
		if !known {
			stop = s.ask(b, th, s.goroutineOn(th), b.logical.TotalHitCount+1)
		}
		b.answers = append(b.answers, answer{th, stop})
		pass = pass && !stop
	}
	if pass {
		for _, b := range st.breaks {
			b.answered(th)
		}
	}
	return pass
}

// answer is what the function of a breakpoint has said of a thread that waits there.
type answer struct {
	th   *glue.Thread
	stop bool
}

// answered takes back what was said of a thread; known is whether anything was.
func (b *Breakpoint) answered(th *glue.Thread) (stop, known bool) {
	for i, a := range b.answers {
		if a.th == th {
			b.answers = slices.Delete(b.answers, i, i+1)
			return a.stop, true
		}
	}
	return false, false
}

// begun reports whether the program has begun to run Go code: what it was started with is
// not executed any more then.
func (s *Session) begun(e *evaluator) bool {
	if !s.debuggee.started {
		s.debuggee.started = s.gPointer(e.held) != 0
	}
	return s.debuggee.started
}
