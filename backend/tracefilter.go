package backend

import (
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/record"
)

// errDoubtful is why a record is there of which the condition is not known to be true.
var errDoubtful = errors.New("the kernel could not evaluate the condition there: a nil pointer, an index out of range, or memory that was not there")

// errMet is the same, where the registers tell that the kernel has judged another write's value.
var errMet = errors.New("another thread had written by the time the kernel looked: it has evaluated the condition for what was there then")

// filterOf compiles a trace's condition for the kernel. It is one program for all places
// that write: names are what they are in the scope in which the trace is set.
func filterOf(expr string, scope *proc.EvalScope, w *Watchpoint) (record.Filter, error) {
	if err := checkCondition(expr); err != nil {
		return nil, err
	}
	fail := func(err error) error {
		return &ExprError{Expr: expr, Err: err, Reason: fmt.Sprintf("condition %q cannot be evaluated without stopping the program: %v", expr, err)}
	}
	p, err := cond.Compile(expr, scope, w.typ)
	if err != nil {
		return nil, fail(err)
	}
	f, err := p.BPF(cond.Kernel{Old: record.FilterOld, New: record.FilterNew, Size: w.size, Goroutine: record.FilterGoroutine,
		Thread: record.FilterThread, Free: record.FilterFree}, record.FilterNo, record.FilterFault)
	if err != nil {
		return nil, fail(err)
	}
	return f, nil
}
