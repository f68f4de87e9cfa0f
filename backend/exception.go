package backend

import (
	"context"
	"fmt"
	"go/constant"
	"reflect"

	"github.com/go-delve/delve/pkg/proc"
)

// Exception is a panic that nobody recovers, or a fatal error of the runtime.
type Exception struct {
	ID          string // [UnrecoveredPanic] or [FatalThrow]
	Description string // the value of the panic, or what the runtime says; "" if it cannot be read
	Goroutine   Goroutine
	Stack       []Frame // of that goroutine, the innermost first
}

// IDs of exceptions, as Delve names them.
const (
	UnrecoveredPanic = proc.UnrecoveredPanic
	FatalThrow       = proc.FatalThrow
)

// exceptionStack is how many frames an Exception has at most.
const exceptionStack = 50

var exceptionReasons = map[string]Reason{UnrecoveredPanic: ReasonPanic, FatalThrow: ReasonFatal}

// What the runtime calls when it is over with the program, and the expression for the
// reason there: parameters of these functions.
var (
	catchFunctions = map[string][]string{
		UnrecoveredPanic: {"runtime.fatalpanic"},
		FatalThrow:       {"runtime.throw", "runtime.fatal"},
	}
	exceptionReason = map[string]string{UnrecoveredPanic: "(*msgs).arg.(data)", FatalThrow: "s"}
)

// CatchPanics says whether the program stops at panics that nobody recovers, and at
// fatal errors of the runtime (deadlock, concurrent map writes, no memory). It may be
// called at any time, and replaces what [Options] said.
func (s *Session) CatchPanics(ctx context.Context, unrecovered, fatal bool) error {
	return s.do(ctx, func() error { return s.catch(unrecovered, fatal) })
}

func (s *Session) catch(unrecovered, fatal bool) error {
	if err := s.live(); err != nil {
		return err
	}
	for id, on := range map[string]bool{UnrecoveredPanic: unrecovered, FatalThrow: fatal} {
		b := s.catchers[id]
		switch {
		case on && b == nil:
			b = &Breakpoint{s: s, exception: id, logical: &proc.LogicalBreakpoint{}}
			s.catchers[id] = b
			for _, d := range s.debuggees {
				if err := s.plantCatcher(d, b); err != nil {
					return err
				}
			}
		case !on && b != nil:
			delete(s.catchers, id)
			if err := s.removeBreakpoint(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) plantCatcher(d *debuggee, b *Breakpoint) error {
	for _, name := range catchFunctions[b.exception] {
		addrs, err := proc.FindFunctionLocation(d.target, name, 0)
		if err != nil {
			continue // another version of the runtime
		}
		if err := s.plant(d, b, addrs); err != nil {
			return fmt.Errorf("stop at %s: %w", name, err)
		}
	}
	return nil
}

// Exception describes the exception at which the program is stopped; nil if it is
// stopped for something else.
func (s *Session) Exception(ctx context.Context) (*Exception, error) {
	var e *Exception
	err := s.do(ctx, func() error {
		for _, a := range s.arrivals {
			if a.b.exception == "" {
				continue
			}
			th, ok := s.target.FindThread(a.thread)
			if !ok {
				continue
			}
			e = s.exceptionOn(th, a.b.exception)
			return nil
		}
		return nil
	})
	return e, err
}

func (s *Session) exceptionOn(th proc.Thread, id string) *Exception {
	e := &Exception{ID: id, Goroutine: s.goroutineOf(th)}
	if stack, err := proc.ThreadStacktrace(s.target, th, exceptionStack-1); err == nil {
		e.Stack = framesOf(stack)
	}
	scope, err := s.threadScope(th)
	if err != nil {
		return e
	}
	l := Load{Depth: 2, String: 1 << 12}
	v, err := scope.EvalExpression(exceptionReason[id], l.config())
	if err != nil || v.Unreadable != nil {
		return e
	}
	if v.Kind == reflect.String && v.Value != nil {
		e.Description = constant.StringVal(v.Value)
	} else {
		e.Description = s.shown(nil, v, "", l).Plain
	}
	return e
}
