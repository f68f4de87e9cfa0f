package backend

import (
	"context"
	"encoding/binary"
	"fmt"
	"go/constant"
	"reflect"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// InterruptedError says that something else stopped the program while it ran for an
// assignment: whether that was made is not known.
type InterruptedError struct{ Event Event }

func (e *InterruptedError) Error() string { return "interrupted: " + e.Event.String() }

// What Delve says of values that only the program itself can make, by a function or in
// memory that it allocates, and of kinds that it cannot assign.
const (
	needsCall     = "without using 'call'"
	notAssignable = "(not implemented)"
)

// Assign assigns the value of one Go expression to what another denotes. A new string is
// put into memory that the program is given for it. What a function returns, and what
// else needs memory, takes a call in the program: that is possible in the innermost
// frame only, and all of the program runs meanwhile ([*InterruptedError]).
func (s *Session) Assign(ctx context.Context, at Scope, expr, val string) error {
	if s.core {
		return ErrCore
	}
	byCall := false
	err := s.look(ctx, at, Load{}, func(w *view) error {
		defer s.forgive()
		done, err := w.assignString(expr, val)
		if !done {
			err = w.scope.SetVariable(expr, val)
		}
		switch {
		case err == nil:
			return nil
		case strings.Contains(err.Error(), needsCall):
			byCall = true
			return nil
		case strings.Contains(err.Error(), notAssignable):
			if done, wordErr := w.assignWord(expr, val); done {
				err = wordErr
			}
		}
		if err != nil {
			return s.explainExpr(w.scope, expr, err)
		}
		return nil
	})
	if err != nil || !byCall {
		return err
	}
	results, ev, err := s.CallIn(ctx, at, expr+" = "+val, Load{})
	switch {
	case err != nil:
		return err
	case results != nil:
		return &ExprError{Expr: expr, Reason: fmt.Sprintf("the program panicked in the assignment to %s: %s", expr, results[0].Plain)}
	}
	if stop, ok := ev.(*Stop); ok && stop.Reason == ReasonCallReturned {
		return nil
	}
	return &InterruptedError{Event: ev}
}

// longestString is how many bytes a string may have that is assigned.
const longestString = 1 << 20

// assignString assigns a string that is not in the program yet. It reports whether that
// was what there was to do, and could be done: memory can be refused to a program.
func (w *view) assignString(expr, val string) (bool, error) {
	to, err := w.scope.EvalExpression(expr, proc.LoadConfig{})
	if err != nil || to.Kind != reflect.String {
		return false, nil
	}
	from, err := w.scope.EvalExpression(val, proc.LoadConfig{MaxStringLen: longestString})
	if err != nil || from.Kind != reflect.String || from.Unreadable != nil || from.Base != 0 || from.Len == 0 || from.Value == nil || from.Value.Kind() != constant.String {
		return false, nil
	}
	text := constant.StringVal(from.Value)
	if len(text) > longestString || int64(len(text)) < from.Len {
		return true, fmt.Errorf("a string of more than %d bytes", longestString)
	}
	addr, err := w.of.room(uint64(2*wordSize + len(text)))
	if err != nil {
		return false, nil
	}
	// A string is a pointer to its bytes and their number.
	header := binary.LittleEndian.AppendUint64(nil, addr+2*wordSize)
	header = binary.LittleEndian.AppendUint64(header, uint64(len(text)))
	if _, err := w.of.target.Memory().WriteMemory(addr, append(header, text...)); err != nil {
		return false, nil
	}
	return true, w.scope.SetVariable(expr, fmt.Sprintf("*(*%q)(%#x)", to.TypeString(), addr))
}

const (
	wordSize = 8
	roomSize = 1 << 16 // that is asked of the kernel at least
)

// room returns memory in the program that nobody uses.
func (d *debuggee) room(size uint64) (uint64, error) {
	if d.process == nil {
		return 0, ErrCore
	}
	size = (size + wordSize - 1) &^ (wordSize - 1)
	if d.views.roomEnd-d.views.roomAt < size {
		all := max(size, roomSize)
		addr, err := d.process.Allocate(all)
		if err != nil {
			return 0, err
		}
		d.views.roomAt, d.views.roomEnd = addr, addr+all
	}
	addr := d.views.roomAt
	d.views.roomAt += size
	return addr, nil
}

// assignWord assigns an integer to a uintptr, which Delve does not. It reports whether
// that was what there was to do.
func (w *view) assignWord(expr, val string) (bool, error) {
	cfg := w.load.config()
	to, err := w.scope.EvalExpression(expr, cfg)
	if err != nil || to.Kind != reflect.Uintptr || to.Addr == 0 {
		return false, nil
	}
	from, err := w.scope.EvalExpression(val, cfg)
	if err != nil || from.Value == nil {
		return false, nil
	}
	n, exact := constant.Uint64Val(constant.ToInt(from.Value))
	if !exact {
		return false, nil
	}
	_, err = w.scope.Mem.WriteMemory(to.Addr, binary.LittleEndian.AppendUint64(nil, n))
	return true, err
}

// Set is [Session.Assign] in the innermost frame of the selected goroutine.
func (s *Session) Set(ctx context.Context, expr, val string) error {
	return s.Assign(ctx, Selected, expr, val)
}
