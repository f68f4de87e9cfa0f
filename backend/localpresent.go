package backend

import (
	"slices"

	"github.com/go-delve/delve/pkg/proc"
)

// watchPresent watches the calls that a function is in already. The program is stopped.
func (s *Session) watchPresent(lw *LocalWatch) error {
	if s.launched && !s.ran {
		return nil
	}
	all, err := s.everyone()
	if err != nil {
		return err
	}
	for _, r := range all.rows {
		if r.Err != nil {
			continue
		}
		stack := s.wholeStack(r.ID)
		for _, fr := range slices.Backward(stack) { // outermost first, as the calls were made
			for _, at := range lw.places {
				if fr.PC < at.fn.Entry || fr.PC >= at.fn.End || fr.Inlined || lw.chosen != nil && !s.meansRow(lw.chosen, r, stack) {
					continue
				}
				if err := s.watchPresentCall(lw, at, r, fr.Index); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// wholeStack are the calls that a goroutine is in, none if that cannot be known.
func (s *Session) wholeStack(id int64) []Frame {
	if stack, ok := s.unwind(id, maxFrames); ok {
		return stack
	}
	found, err := s.stackframes(id, maxFrames)
	if err != nil {
		return nil
	}
	return framesOf(found)
}

func (s *Session) stackframes(id int64, depth int) ([]proc.Stackframe, error) {
	g, err := s.findGoroutine(id)
	if err != nil {
		return nil, err
	}
	return proc.GoroutineStacktrace(s.target, g, depth, 0)
}

// meansRow reports whether a goroutine is one of those that are chosen.
func (s *Session) meansRow(c *chosen, r *row, stack []Frame) bool {
	switch {
	case c.ID != 0 && r.ID != c.ID:
		return false
	case c.key != "" && !s.labelled(c, r.G):
		return false
	case c.name == "" || s.startOf(r.StartPC).Function == c.name:
		return true
	}
	return slices.ContainsFunc(stack, func(f Frame) bool { return f.Function == c.name })
}

// watchPresentCall watches a call in which the variable has been declared. One in which it
// has not comes to the declaration yet, or again.
func (s *Session) watchPresentCall(lw *LocalWatch, at *declaration, r *row, depth int) error {
	stack, err := s.stackframes(r.ID, depth)
	if err != nil || len(stack) <= depth {
		return err
	}
	f := &stack[depth]
	if at.typ == nil && f.Current.PC < at.from {
		return nil // not there yet, as far as can be told
	}
	scope, err := s.scope(r.ID, depth)
	if err != nil {
		return err
	}
	g, err := s.goroutines.One(s.target.Memory(), r.Addr)
	if err != nil {
		return err
	}
	cfa := uint64(f.Regs.CFA)
	w := s.newCall(lw, at, frame{r.Addr, r.ID, g.StackHi - cfa}, &g)
	v, err := s.resolve(w, scope, w.expr)
	if err != nil {
		return nil // not in scope
	}
	if w.typ, w.addr = v.DwarfType, v.Addr; at.typ != nil {
		is := cfa + uint64(at.off)
		if at.escaped {
			if is, err = word(s.target.Memory(), is); err != nil {
				return err
			}
		}
		if is != w.addr {
			return nil // another one of that name
		}
	}
	s.openCall(w, &local{w: w, g: r.Addr, goid: r.ID, fn: at.fn.Name, lo: g.StackLo, hi: g.StackHi, cfa: g.StackHi - cfa,
		fp: g.StackHi - framePointer(f), ret: f.Ret}, nil)
	return nil
}
