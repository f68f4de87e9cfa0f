package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/proc"
)

// Change gives the watchpoint other conditions, "" for none. What it has counted stays.
// The errors are those of Watch for the options [If] and [WithHitCondition].
func (w *Watchpoint) Change(ctx context.Context, cond, hitCondition string) error {
	count, err := conditions(cond, hitCondition)
	if err != nil {
		return err
	}
	s := w.s
	return s.do(ctx, func() error {
		var scope *proc.EvalScope
		if cond != "" {
			if scope, err = s.scope(w.goroutine, w.frame); err == nil {
				if err := s.tryCondition(scope, cond); err != nil {
					return err
				}
			}
		}
		w.cond, w.hit, w.count = cond, hitCondition, count
		w.when = newCondition(cond, w.valueType())
		if !slices.Contains(s.watches, w) {
			return nil
		}
		return s.refilter(w, scope)
	})
}

// SetMode gives watchpoints another mode, all of them or none: one that has its debug
// registers to itself gives way to others in [ModeSampled], and the other way round. They
// are off only while the whole program is stopped, and keep their figures. What there is
// of watchpoints in the list that have ended, or are in groups, is left as it is.
//
// The errors are those of Watch: a [*SlotsError] if it does not fit.
func (s *Session) SetMode(ctx context.Context, m Mode, list ...*Watchpoint) error {
	if _, err := newOptions([]WatchOption{InMode(m)}); err != nil {
		return err
	}
	return s.do(ctx, func() error {
		var move []*Watchpoint
		for _, w := range list {
			if w.whole != nil && m != ModeExact {
				return newObjectError(w, nil, fmt.Errorf("in mode %s there are only debug registers", m))
			}
			if w.mode != m && w.group == nil && slices.Contains(s.watches, w) && !slices.Contains(move, w) {
				move = append(move, w)
			}
		}
		was := make([]Mode, len(move))
		for i, w := range move {
			was[i] = w.mode
			if err := s.disarm(w); err != nil {
				return errors.Join(err, s.rearm(move[:i], was))
			}
		}
		modes := slices.Repeat([]Mode{m}, len(move))
		err := s.rearm(move, modes)
		if err == nil {
			return s.refilterAll(move)
		}
		for _, w := range move {
			err = errors.Join(err, s.disarm(w))
		}
		return errors.Join(err, s.rearm(move, was))
	})
}

// refilterAll has the kernel decide about watchpoints, or no longer, as their modes have it.
func (s *Session) refilterAll(list []*Watchpoint) (err error) {
	for _, w := range list {
		if w.whole != nil || w.cond == "" && !w.counted() && !w.alone() {
			continue
		}
		scope, _ := s.scope(w.goroutine, w.frame) // without one its condition stays here
		err = errors.Join(err, s.refilter(w, scope))
	}
	return err
}

// disarm frees the debug registers of a watchpoint, which stays one of the session's.
func (s *Session) disarm(w *Watchpoint) error { return w.takeOff() }

// rearm arms what was disarmed, in these modes.
func (s *Session) rearm(list []*Watchpoint, modes []Mode) error {
	for i, w := range list {
		w.mu.Lock()
		w.mode = modes[i]
		w.mu.Unlock()
		if err := w.armAt(w.addr); err != nil {
			return err
		}
	}
	return nil
}

// armAt arms a watchpoint that is disarmed, at an address. What it has counted stays.
func (w *Watchpoint) armAt(addr uint64) error {
	e, err := w.entryAt(addr)
	if err != nil {
		return err
	}
	if err := w.of.process.AddWatch(w.config(e)); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.former, w.addr, w.entry = append(w.former, w.entry), addr, e
	return nil
}
