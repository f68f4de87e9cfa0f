package dap

import (
	"context"
	"errors"
	"reflect"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

const setFailed = "Unable to set variable"

// onSetVariable assigns to a child of a scope or variable.
func onSetVariable(s *session, r *request, args *dap.SetVariableArguments) (any, error) {
	if _, err := s.node(args.VariablesReference); err != nil {
		return nil, fail(idSetVariable, "Unable to lookup variable", err)
	}
	v, at, err := s.child(args.VariablesReference, args.Name)
	if err == nil && v.Expr == "" {
		err = errors.New("cannot set the variable without evaluate name")
	}
	if err != nil {
		return nil, fail(idSetVariable, setFailed, err)
	}
	expr := v.Expr
	return s.set(r, at, expr, args.Value, func(v *backend.Variable) any {
		v.DenotedBy(expr)
		return &dap.SetVariableResponseBody{Value: s.text(v, styleOf(args.Format)), Type: s.typeOf(v),
			VariablesReference: s.reference(v, at), IndexedVariables: v.Indexed, NamedVariables: v.Facts}
	})
}

// set assigns, and answers with the new value. A string that is not in the program yet is
// made by the program, which runs for that: then the answer is given later.
func (s *session) set(r *request, at backend.Scope, expr, value string, body func(*backend.Variable) any) (any, error) {
	old, err := s.target.Evaluate(r.ctx, at, expr, s.load())
	if err != nil {
		return nil, fail(idSetVariable, "Unable to lookup variable", err)
	}
	if old.Kind != reflect.String {
		if err := s.target.Assign(r.ctx, at, expr, value); err != nil {
			return nil, fail(idSetVariable, setFailed, err)
		}
		return s.assigned(r, at, expr, body)
	}
	return s.runFor(r, func(ctx context.Context) (backend.Event, error) {
		err := s.target.Assign(ctx, at, expr, value)
		var interrupted *backend.InterruptedError
		if errors.As(err, &interrupted) {
			return interrupted.Event, nil
		}
		return nil, err
	}, outcome{
		done: func() (any, error) { return s.assigned(r, at, expr, body) },
		fail: func(err error) error { return fail(idSetVariable, setFailed, err) },
	})
}

// assigned reads what was assigned and has the client ask for all values anew: others can
// be made of the same memory.
func (s *session) assigned(r *request, at backend.Scope, expr string, body func(*backend.Variable) any) (any, error) {
	v, err := s.target.Evaluate(r.ctx, at, expr, s.load())
	if err != nil {
		return nil, fail(idSetVariable, "Unable to lookup variable", err)
	}
	s.answer(r, body(v), nil)
	s.invalidated("all")
	return nil, errLater
}

// invalidated has the client ask for something anew, if it can be told that.
func (s *session) invalidated(area dap.InvalidatedAreas) {
	if s.client.invalidated {
		s.wire.event("invalidated", &dap.InvalidatedEventBody{Areas: []dap.InvalidatedAreas{area}})
	}
}
