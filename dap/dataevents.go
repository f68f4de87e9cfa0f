package dap

import (
	"slices"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// shownData describes a data breakpoint to the client: if it is set its message says how.
func (s *session) shownData(p *dataPoint) dap.Breakpoint {
	b := dap.Breakpoint{Id: p.id, Verified: p.armed()}
	switch {
	case p.trace != nil:
		b.Message = s.traceText(p)
		p.said = b.Message
	case p.set != nil:
		st := p.set.Stats()
		b.Message = p.coverage(&st)
		p.said, p.saidMode, p.saidHow = b.Message, st.Mode, st.Coverage
	case p.err != nil:
		b.Message = p.err.Error()
		p.said = b.Message
	}
	return b
}

// refreshData tells the client of data breakpoints that have come to cover less, or more.
// Figures alone are worth an event if all is to be told, when the program has stopped.
func (s *session) refreshData(all bool) {
	for _, p := range slices.Clone(s.stops.allData()) {
		if p.trace != nil {
			s.refreshTrace(p, all)
			continue
		}
		if p.set == nil {
			continue
		}
		st := p.set.Stats()
		if st.Mode != p.saidMode || st.Coverage != p.saidHow || all && p.coverage(&st) != p.said {
			s.breakpointEvent("changed", s.shownData(p))
		}
	}
}

// tookHit takes note of a hit that stops the program, and describes it.
func (s *session) tookHit(h *backend.Hit) string {
	name := h.Watchpoint.Expr()
	p := s.stops.dataOf(h.Watchpoint)
	if p != nil {
		name = p.on.name()
	}
	note := noteOf(name, h)
	if p != nil {
		p.last.Store(note)
	}
	return note.text
}

// endData ends a data breakpoint that has become meaningless, and says so.
func (s *session) endData(p *dataPoint, why string) string {
	text := p.on.name() + ": " + why
	s.dropTrace(p)
	if p.set != nil {
		st := p.set.Stats()
		s.console("data breakpoint %d on %s has ended: %s (%s; %s)", p.id, p.on.name(), why, counted(st.Hits, "hit", "hits"), coverageText(&st))
	} else {
		s.console("data breakpoint %d on %s has ended: %s", p.id, p.on.name(), why)
	}
	p.set = nil
	s.stops.forget(p)
	s.breakpointEvent("removed", dap.Breakpoint{Id: p.id, Message: why})
	return text
}

func (s *stops) forget(p *dataPoint) {
	is := func(o *dataPoint) bool { return o == p }
	s.data = slices.DeleteFunc(s.data, is)
	s.watched = slices.DeleteFunc(s.watched, is)
}

// tellLast says what data breakpoints have missed of a program that has ended: no other
// event will.
func (s *session) tellLast() {
	s.lines.finish()
	for _, p := range s.stops.allData() {
		if p.set == nil {
			continue
		}
		if st := p.set.Stats(); st.Coverage != backend.Exact {
			s.console("data breakpoint %d on %s: %s; %s", p.id, p.on.name(), counted(st.Hits, "hit", "hits"), coverageText(&st))
		}
	}
}

// restoreData sets data breakpoints in a new process: those on package variables. The
// others have ended.
func (s *session) restoreData() {
	s.stops.turns = turns{}
	list := slices.Clone(s.stops.allData())
	for _, p := range list {
		s.dropTrace(p)
	}
	for _, p := range list {
		p.set = nil
		if !p.on.Package {
			s.endData(p, "it was memory of the process that has ended")
			continue
		}
		p.last.Store(nil)
		p.err = s.armData(s.ctx, p)
		s.breakpointEvent("changed", s.shownData(p))
	}
}
