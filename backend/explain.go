package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/argusdbg/argus/internal/cond"
)

// Evaluation says how a condition is evaluated at one place in the code.
type Evaluation struct {
	Condition string
	Place     Place
	Times     uint64 // how often it was evaluated there
	ByDelve   uint64 // how often of these by Delve's evaluator, which takes far longer
	// Why is the reason that it is not compiled there, "" if it is. Delve still decides
	// about a condition that is compiled when it is first evaluated, and when it meets a
	// nil pointer or the like.
	Why string
	// InKernel: from the first access there on the kernel decides, and Times does not count
	// what it has decided: see [Stats.Unstopped] and [Watchpoint.InKernel].
	InKernel bool
}

// Compiled reports whether the condition is compiled to a program there.
func (e Evaluation) Compiled() bool { return e.Why == "" }

// String is one line.
func (e Evaluation) String() string {
	switch {
	case e.InKernel:
		return fmt.Sprintf("%s: compiled at %s, and left to the kernel", e.Condition, e.Place)
	case e.Compiled():
		return fmt.Sprintf("%s: compiled at %s", e.Condition, e.Place)
	}
	return fmt.Sprintf("%s: left to Delve's evaluator at %s: %s", e.Condition, e.Place, e.Why)
}

// Explain says how the watchpoint's condition is evaluated at each of the places that
// accesses were made from until now. It works when the session has ended, too.
func (w *Watchpoint) Explain(ctx context.Context) ([]Evaluation, error) {
	var list []Evaluation
	err := w.s.explain(ctx, func() { list = evaluations(w.of, w.when, 1, w.learned) })
	return list, err
}

// Explain says how the breakpoint's condition is evaluated at each of its places that was
// reached until now. It works when the session has ended, too.
func (b *Breakpoint) Explain(ctx context.Context) ([]Evaluation, error) {
	var list []Evaluation
	err := b.s.explain(ctx, func() {
		for d, c := range b.when {
			list = append(list, evaluations(d, c, 0, nil)...)
		}
	})
	slices.SortStableFunc(list, func(a, b Evaluation) int { return int(int64(a.Place.PC - b.Place.PC)) })
	return list, err
}

// explain runs fn, which only looks at what is kept.
func (s *Session) explain(ctx context.Context, fn func()) error {
	err := s.do(ctx, func() error { fn(); return nil })
	if errors.Is(err, ErrEnded) {
		fn() // nobody changes anything any more
		return nil
	}
	return err
}

// evaluations lists them. At an access the thread is behind the instruction that made it,
// to which back bytes lead.
func evaluations(d *debuggee, c *cond.Condition, back uint64, learned map[uint64]bool) []Evaluation {
	if c == nil {
		return nil
	}
	var list []Evaluation
	for _, p := range c.Places() {
		list = append(list, Evaluation{Condition: c.Text(), Place: Place(d.lines.Outer(p.PC - back)), Times: p.Times, ByDelve: p.Asked, Why: p.Why, InKernel: learned[p.PC]})
	}
	return list
}
