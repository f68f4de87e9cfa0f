package backend

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
)

// local ties a watchpoint to a call of a function, in whose frame the variable is.
//
// Everything is kept as a distance from the upper end of the goroutine's stack, which a
// move of the stack does not change (runtime.copystack).
type local struct {
	w    *Watchpoint
	g    uint64 // its runtime.g
	goid int64
	fn   string // the function
	lo   uint64 // the stack, when it was last looked at
	hi   uint64
	off  uint64 // hi - address
	cfa  uint64 // hi - stack pointer before the call
	fp   uint64 // hi - frame pointer in the function
	ret  uint64 // where the call returns to

	hooks   []*glue.Hook
	unwound string // by which panic, if by any
}

// onStack returns the goroutine of a scope, and where its runtime.g is, if what is to be
// watched is on its stack.
func (s *Session) onStack(w *Watchpoint, scope *proc.EvalScope) (g goroutine.G, at uint64, ok bool) {
	if w.global {
		return g, 0, false
	}
	curg, err := scope.EvalExpression("runtime.curg", proc.LoadConfig{})
	if err != nil || curg.Unreadable != nil || curg.Addr == 0 {
		return g, 0, false // a thread without a goroutine
	}
	g, err = s.goroutines.One(s.target.Memory(), curg.Addr)
	return g, curg.Addr, err == nil && w.addr >= g.StackLo && w.addr < g.StackHi
}

// localOf finds the frame that the watched variable is in; nil: it is on no stack.
func (s *Session) localOf(w *Watchpoint, scope *proc.EvalScope) (*local, error) {
	g, at, ok := s.onStack(w, scope)
	if !ok {
		return nil, nil
	}
	l := &local{w: w, g: at, goid: g.ID, lo: g.StackLo, hi: g.StackHi, off: g.StackHi - w.addr}
	f, err := s.frameWith(scope, g.ID, w)
	if err != nil {
		return nil, fmt.Errorf("watch %s: the frame that it is in: %w", w.expr, err)
	}
	cfa := uint64(f.Regs.CFA)
	if f.Current.Fn == nil || cfa > l.hi || f.Ret == 0 {
		return nil, &ExprError{Expr: w.expr, Reason: fmt.Sprintf("%s is on the stack of goroutine %d, but in no frame of a function there: it has no scope to follow", w.expr, g.ID)}
	}
	l.fn, l.ret, l.cfa = f.Current.Fn.Name, f.Ret, l.hi-cfa
	l.fp = l.hi - framePointer(&f)
	return l, nil
}

// frameWith finds the frame that a variable on the stack of the scope's goroutine is in.
func (s *Session) frameWith(scope *proc.EvalScope, goid int64, w *Watchpoint) (f proc.Stackframe, err error) {
	g, err := s.findGoroutine(goid)
	if err != nil {
		return f, err
	}
	argument := isArgument(scope, w.addr)
	for depth := 64; ; depth *= 4 {
		stack, err := proc.GoroutineStacktrace(s.target, g, depth, 0)
		if err != nil {
			return f, err
		}
		for _, f := range stack {
			if f.Err != nil {
				return f, f.Err
			}
			switch cfa := f.Regs.CFA; {
			case f.SystemStack:
			case argument && cfa == scope.Regs.CFA, !argument && uint64(cfa) > w.addr:
				return f, nil // if it is one of several that are inlined, all have the same
			}
		}
		if len(stack) <= depth {
			return f, errNoFrame
		}
	}
}

var errNoFrame = errors.New("no frame of the stack holds it")

// isArgument reports whether addr is in an argument or result of the scope's function:
// those that are passed in memory lie in the caller's frame.
func isArgument(scope *proc.EvalScope, addr uint64) bool {
	if addr < uint64(scope.Regs.CFA) {
		return false
	}
	args, err := scope.FunctionArguments(proc.LoadConfig{})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(args, func(a *proc.Variable) bool {
		return a.RealType != nil && addr >= a.Addr && addr < a.Addr+uint64(max(a.RealType.Size(), 1))
	})
}

// scopeEnd notes that the frame is gone, and what the variable held last. The program is
// about to stop, and [Session.stop] ends the watchpoint.
func (s *Session) scopeEnd(l *local, last []byte, why string) {
	l.w.finish(EndScope, why, last)
}
