package backend

import (
	"context"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

// Watchability is what Watch would do for an expression.
type Watchability struct {
	Expr     string
	Type     string
	Addr     uint64
	Size     int      // bytes
	Accesses []Access // what can be watched; never empty

	// Package: it is a package variable, or lies in one. Qualified is an expression
	// that means the same from anywhere, and after a restart.
	Package   bool
	Qualified string
	// Local: it is on a stack. The watchpoint ends with its scope, and sees writes only.
	Local bool

	Slots     int      // debug registers that it takes for the first of Accesses; 0: no thread has so many, or it is watched by guards alone
	FreeSlots int      // how many could be its own, always
	Holders   []string // the watchpoints that hold the others

	// Whole: it is an object, see [Watchpoint.Whole]. Moves: it has no address of its own,
	// as an entry of a map, or what a pointer points to that is followed, and Addr is that of
	// the variable that leads to it.
	Whole, Moves bool

	// Guarded: in ModeExact page guards would watch it, since debug registers are in use or
	// too few. Guard is why they could not, for which there are no debug registers.
	Guarded bool
	Guard   error

	shared int // how many it could have in turns
}

// WouldFit reports whether Watch would find room in a mode, as far as watchpoints of this
// session hold debug registers. Other users of the processor may too, on some threads: only
// Watch finds that out.
func (w *Watchability) WouldFit(m Mode) bool {
	switch {
	case m == ModeExact && w.Guard == nil:
		return true
	case w.Slots == 0:
		return false
	case m == ModeSampled:
		return w.Slots <= w.shared
	}
	return w.Slots <= w.FreeSlots
}

// Watchable tells what Watch would do, without setting anything. Of the options
// [InScope] and [OnThread] matter.
//
// The errors are those of Watch, but for debug registers that are taken now: see
// [Watchability.WouldFit].
func (s *Session) Watchable(ctx context.Context, expr string, opts ...WatchOption) (*Watchability, error) {
	w, err := s.newWatchpoint(expr, Write, opts)
	if err != nil {
		return nil, err
	}
	var r *Watchability
	err = s.do(ctx, func() error {
		r, err = s.watchability(w)
		return err
	})
	return r, err
}

func (s *Session) watchability(w *Watchpoint) (*Watchability, error) {
	scope, err := s.prepare(w)
	if err != nil {
		return nil, err
	}
	r := &Watchability{Expr: w.expr, Type: w.Type(), Addr: w.addr, Size: w.size}
	_, _, r.Local = s.onStack(w, scope)
	if r.Qualified, r.Package = w.expr, w.global; !w.global {
		r.Qualified, r.Package = inPackage(scope, w.expr, w.addr, w.size)
	}
	board := s.process.Board()
	r.FreeSlots, r.Holders = board.Free(w.thread, true)
	r.shared, _ = board.Free(w.thread, false)
	accesses := []Access{Write, ReadWrite, Read}
	if w.whole != nil {
		not, inParts := w.inParts()
		switch r.Guard = s.process.CanGuardPages(); {
		case r.Guard == nil:
			r.Accesses, r.Guarded, r.Whole, r.Moves = accesses[:1], true, true, w.whole.moves
			return r, nil
		case inParts:
			return nil, newObjectError(w, not, r.Guard)
		}
	}
	var refusal error
	for _, a := range accesses {
		points, err := hwbp.Cover(ptrace.Limits(), w.addr, uint64(w.size), a)
		if slots := ptrace.Limits().Slots(a); err == nil && len(points) > slots {
			err = &SlotsError{Name: w.expr, Want: len(points), Free: r.FreeSlots, Slots: slots, Holders: r.Holders}
		}
		switch {
		case err == nil:
			if r.Accesses = append(r.Accesses, a); r.Slots == 0 {
				r.Slots = len(points)
			}
		case refusal == nil:
			refusal = err
		}
	}
	if r.Slots == 0 || r.Slots > r.FreeSlots {
		// Guards see writes. Who has them gives debug registers to who can be nowhere else.
		if r.Guard = s.process.CanGuard(); r.Guard == nil {
			r.Guarded = true
			yielding := board.Yielding(w.thread)
			r.FreeSlots, r.shared = r.FreeSlots+yielding, r.shared+yielding
			if len(r.Accesses) == 0 {
				r.Accesses = accesses[:1]
			}
		}
	}
	if len(r.Accesses) == 0 {
		return nil, &GuardError{Slots: refusal, Guard: r.Guard}
	}
	return r, nil
}
