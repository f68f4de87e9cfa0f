package dap

import (
	"context"
	"errors"

	"github.com/argusdbg/argus/backend"
)

// turns says whether data breakpoints take turns. Those for which the client has asked for
// no mode are exact as long as all of them can be, and take turns, all of them, when there
// are more: so no one has to choose which are to be gone without.
type turns struct {
	on   bool
	many int // so many debug registers were too many
}

// armData sets a data breakpoint that is not: if it logs so that nothing stops for it, where
// that can be.
func (s *session) armData(ctx context.Context, p *dataPoint) error {
	message, err := parseLogMessage(p.log)
	if err != nil { // it was refused before, and is after a restart
		return err
	}
	p.message.Store(message)
	p.byStop = nil
	if p.log != "" {
		if p.byStop = s.armTrace(ctx, p, nil); p.byStop == nil {
			return nil
		}
	}
	if p.on.Mode == backend.ModeSampled {
		s.demote(ctx)
	}
	return s.armStops(ctx, p)
}

// armStops sets a data breakpoint that stops a thread at each hit.
func (s *session) armStops(ctx context.Context, p *dataPoint) error {
	expr, in, err := p.on.place(ctx, s.target)
	if err != nil {
		return err
	}
	mode := p.on.Mode
	switch {
	case mode != "":
	case s.stops.turns.on:
		mode = backend.ModeSampled
	default:
		mode = backend.ModeExact
	}
	err = s.watch(ctx, p, expr, mode, in)
	if err != nil && !s.stops.turns.on && s.demote(ctx) { // they may hold the room that it lacks
		return s.armStops(ctx, p)
	}
	var whole *backend.ObjectError
	if p.on.Mode == "" && mode == backend.ModeSampled && errors.As(err, &whole) { // an object has no part in the turns
		return s.watch(ctx, p, expr, backend.ModeExact, in)
	}
	var foreign *backend.ForeignError
	if p.on.Mode == "" && errors.As(err, &foreign) { // it goes on whenever the other user leaves room
		return s.watch(ctx, p, expr, backend.ModeSampled, in)
	}
	var full *backend.SlotsError
	others, _ := s.stops.sharing()
	if s.stops.turns.on || !errors.As(err, &full) || s.target.SetMode(ctx, backend.ModeSampled, others...) != nil {
		return err
	}
	if p.on.Mode == "" {
		mode = backend.ModeSampled
	}
	s.stops.turns = turns{on: true, many: s.stops.wanted() + full.Want}
	if err := s.watch(ctx, p, expr, mode, in); err != nil {
		s.relax(ctx)
		return err
	}
	return nil
}

// fits reports whether there would be room for a data breakpoint, in its turn at least.
func (s *stops) fits(m backend.Mode, w *backend.Watchability) bool {
	_, room := s.sharing() // what can be made
	if s.turns.on {
		room = 0
	}
	switch {
	case w.WouldFit(m) || m == "" && (w.WouldFit(backend.ModeExact) || w.WouldFit(backend.ModeSampled)):
		return true
	case w.Slots == 0:
		return false
	}
	return w.Slots <= w.FreeSlots+room
}

// sharing are the data breakpoints without a mode, but for those on objects, and how many debug registers they
// would need.
func (s *stops) sharing() (list []*backend.Watchpoint, registers int) {
	for _, p := range s.allData() {
		if p.set != nil && p.on.Mode == "" && !p.set.Whole() {
			list, registers = append(list, p.set), registers+p.registers
		}
	}
	return list, registers
}

// wanted is how many debug registers all data breakpoints together would need.
func (s *stops) wanted() (registers int) {
	for _, p := range s.allData() {
		if p.set != nil {
			registers += p.registers
		}
	}
	return registers
}

// relax ends the turns if there is room for all again.
func (s *session) relax(ctx context.Context) {
	t := &s.stops.turns
	if !t.on {
		return
	}
	used := s.stops.wanted()
	if used >= t.many {
		return
	}
	if list, _ := s.stops.sharing(); len(list) > 0 {
		if err := s.target.SetMode(ctx, backend.ModeExact, list...); err != nil {
			t.many = used
			return
		}
	}
	*t = turns{}
}
