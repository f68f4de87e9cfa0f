package backend

import (
	"errors"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// Reached is a breakpoint that a thread has come to, with all of its conditions true,
// and that nobody has been told of yet. It is valid while the function runs that
// [OnReach] was given.
type Reached struct {
	Breakpoint *Breakpoint
	Goroutine  Goroutine
	Thread     int
	Place      Place
	Hits       uint64 // how often the breakpoint was reached with its condition true, this time included

	s  *Session
	th *glue.Thread // nil: it is over
}

// OnReach has fn decide what becomes of it when the breakpoint is reached and its
// conditions are true: the program stops if fn returns true. If not it runs on, in the
// midst of a step too, and nobody who waits for it is told.
//
// fn is called while the thread that has come there waits; others may be running. It must be
// quick, and must not call methods of the Session, which would wait for themselves.
func OnReach(fn func(*Reached) bool) BreakOption { return func(o *breakOptions) { o.reach = fn } }

var errReachedOver = errors.New("the program has left the place: evaluate before the function returns")

// Evaluate evaluates a Go expression in the function that the program has reached.
func (r *Reached) Evaluate(expr string, l Load) (*Variable, error) {
	if r.th == nil {
		return nil, errReachedOver
	}
	return r.s.evaluateOn(r.th, expr, l)
}

// Eval is Evaluate, with the value as text.
func (r *Reached) Eval(expr string) (string, error) { return text(r.Evaluate(expr, results)) }

// Evaluate evaluates a Go expression in the function that made the access. It is for
// functions given to [Report], before they return.
func (h *Hit) Evaluate(expr string, l Load) (*Variable, error) {
	if h.th == nil {
		return nil, errReachedOver
	}
	return h.Watchpoint.s.evaluateOn(h.th, expr, l)
}

// Eval is Evaluate, with the value as text.
func (h *Hit) Eval(expr string) (string, error) { return text(h.Evaluate(expr, results)) }

func text(v *Variable, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return v.Plain, nil
}

// evaluateOn evaluates an expression where a stopped thread is, during a run.
func (s *Session) evaluateOn(th *glue.Thread, expr string, l Load) (*Variable, error) {
	defer s.forget(th)
	scope, err := s.threadScope(th)
	if err != nil {
		return nil, err
	}
	v, err := scope.EvalExpression(expr, l.config())
	if err != nil {
		return nil, s.explainExpr(scope, expr, err)
	}
	return s.shown(scope, v, "("+expr+")", l), nil
}

// threadScope is the innermost frame of the goroutine on a thread, or of the thread.
func (s *Session) threadScope(th proc.Thread) (*proc.EvalScope, error) {
	if g, err := proc.GetG(th); err != nil || g == nil { // GoroutineScope fails on nil
		return proc.ThreadScope(s.target, th)
	}
	return proc.GoroutineScope(s.target, th)
}
