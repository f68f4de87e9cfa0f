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

	Slots     int      // debug registers that it takes for the first of Accesses, 1 or more
	FreeSlots int      // how many could be its own, always
	Holders   []string // the watchpoints that hold the others

	shared int // how many it could have in turns
}

// WouldFit reports whether Watch would find debug registers in a mode, as far as
// watchpoints of this session hold them. Other users of the processor may too, on some
// threads: only Watch finds that out.
func (w *Watchability) WouldFit(m Mode) bool {
	if m == ModeSampled {
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
	r := &Watchability{Expr: w.expr, Type: w.Type(), Addr: w.addr, Size: w.size, Local: s.onStack(scope, w.addr)}
	r.Qualified, r.Package = inPackage(scope, w.expr, w.addr, w.size)
	board := s.process.Board()
	r.FreeSlots, r.Holders = board.Free(w.thread, true)
	r.shared, _ = board.Free(w.thread, false)
	accesses := []Access{Write, ReadWrite, Read}
	if r.Local {
		accesses = accesses[:1] // the runtime reads a stack when it moves it
	}
	var refusal error
	for _, a := range accesses {
		points, err := hwbp.Cover(ptrace.Limits(), w.addr, uint64(w.size), a)
		if slots := ptrace.Limits().Slots(a); err == nil && len(points) > slots {
			err = &SlotsError{Name: w.expr, Want: len(points), Free: r.FreeSlots, Slots: slots, Holders: r.Holders}
		}
		if err != nil {
			if refusal == nil {
				refusal = err
			}
			continue
		}
		if r.Accesses = append(r.Accesses, a); r.Slots == 0 {
			r.Slots = len(points)
		}
	}
	if len(r.Accesses) == 0 {
		return nil, refusal
	}
	return r, nil
}
