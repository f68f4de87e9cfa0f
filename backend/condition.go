package backend

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/ptrace"
)

// evaluator is the thread that conditions are evaluated on, as package cond sees it. A
// debuggee has one, so that evaluating allocates nothing.
type evaluator struct {
	s    *Session
	th   *glue.Thread
	held *ptrace.Regs
	regs cond.Registers
	in   cond.Input
}

// evaluatorOn prepares for conditions on a stopped thread. It runs on the tracer's thread.
func (s *Session) evaluatorOn(th *glue.Thread) (*evaluator, error) {
	regs, err := th.Held().Registers()
	if err != nil {
		return nil, err
	}
	e := &s.evaluator
	e.s, e.th, e.held = s, th, regs
	dwarfRegisters(&e.regs, regs)
	e.in = cond.Input{Regs: &e.regs, Memory: th.Process().Memory(), Runtime: e, Thread: th.ThreadID()}
	return e, nil
}

// holds evaluates a condition. It is Delve's evaluator that does so if the condition is
// not compiled for where the thread is, or cannot be decided by what it was compiled to.
func (e *evaluator) holds(c *cond.Condition) (bool, error) { return c.Eval(e.held.PC(), &e.in, e) }

// GoroutineID is for package cond.
func (e *evaluator) GoroutineID() int64 {
	info, err := e.s.goroutines.ReadInto(e.in.Memory, e.s.gPointer(e.held), e.s.gBuf)
	if err != nil {
		return 0
	}
	return info.ID
}

// Scope is for package cond.
func (e *evaluator) Scope() (*proc.EvalScope, error) {
	defer e.s.forget(e.th) // the thread runs on, maybe without that Delve is asked again
	return e.s.threadScope(e.th)
}

// Evaluate is for package cond.
func (e *evaluator) Evaluate(expr string) (bool, error) {
	defer e.s.forget(e.th)
	scope, err := e.s.threadScope(e.th)
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", expr, err)
	}
	v, err := scope.EvalExpression(expr, proc.LoadConfig{MaxStringLen: 1 << 10})
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", expr, err)
	}
	return boolOf(expr, v)
}

// newCondition is a condition, nil for none. watched is the type of the watchpoint's value
// that old and new are; nil if it is a breakpoint's.
func newCondition(text string, watched godwarf.Type) *cond.Condition {
	if text == "" {
		return nil
	}
	return cond.New(text, watched)
}

// intOf reads an integer, false if it is none or too large.
func intOf(t godwarf.Type, b []byte) (int64, bool) {
	t = godwarf.ResolveTypedef(t)
	signed := false
	switch t.(type) {
	case *godwarf.IntType, *godwarf.CharType:
		signed = true
	case *godwarf.UintType, *godwarf.UcharType, *godwarf.BoolType, *godwarf.PtrType, *godwarf.AddrType:
	default:
		return 0, false
	}
	var word [8]byte
	if len(b) > 8 || len(b) == 0 {
		return 0, false
	}
	copy(word[:], b)
	u := binary.LittleEndian.Uint64(word[:])
	if signed {
		shift := 64 - 8*uint(len(b))
		return int64(u<<shift) >> shift, true
	}
	return int64(u), u <= math.MaxInt64
}
