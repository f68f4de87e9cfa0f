package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// results is what Eval and Call show.
var results = Load{Depth: 2}

// Evaluate evaluates a Go expression that calls no function.
func (s *Session) Evaluate(ctx context.Context, at Scope, expr string, l Load) (*Variable, error) {
	var v *Variable
	err := s.look(ctx, at, l, func(w *view) error {
		found, err := w.scope.EvalExpression(expr, l.config())
		if err != nil {
			return s.explainExpr(w.scope, expr, err)
		}
		v = w.variable(found, "("+expr+")")
		return nil
	})
	return v, err
}

// Eval evaluates a Go expression in the innermost frame of the selected goroutine and
// returns the value as text.
func (s *Session) Eval(ctx context.Context, expr string) (string, error) {
	v, err := s.Evaluate(ctx, Selected, expr, results)
	if err != nil {
		return "", err
	}
	return v.Plain, nil
}

// CallIn evaluates a Go expression that may call functions of the program, on the
// scope's goroutine, and returns its results; those of a function that panics are one,
// called ~panic. The program must be stopped in that goroutine, and runs meanwhile, all
// of it; a stop for another reason on the way is returned as the event, without results.
func (s *Session) CallIn(ctx context.Context, at Scope, expr string, l Load) ([]*Variable, Event, error) {
	if at.Frame > 0 {
		return nil, nil, &ExprError{Expr: expr, Reason: "functions can be called in the innermost frame only"}
	}
	ev, err := s.run(ctx, func() error {
		g, err := s.findGoroutine(at.Goroutine)
		if err != nil {
			return err
		}
		return proc.EvalExpressionWithCalls(s.group.Targets, g, expr, l.config(), true)
	})
	if err != nil {
		return nil, ev, fmt.Errorf("call %s: %w", expr, err)
	}
	if stop, ok := ev.(*Stop); !ok || stop.Reason != ReasonCallReturned {
		return nil, ev, nil
	}
	list, err := s.Returned(ctx, l)
	return list, ev, err
}

// Call calls a function of the program on the selected goroutine and returns its
// results as text; see [Session.CallIn].
func (s *Session) Call(ctx context.Context, expr string) (texts []string, ev Event, err error) {
	list, ev, err := s.CallIn(ctx, Selected, expr, results)
	if err != nil {
		return nil, ev, err
	}
	for _, v := range list {
		if v.Unreadable != nil {
			return nil, ev, v.Unreadable
		}
		texts = append(texts, v.Plain)
	}
	return texts, ev, nil
}

// explainExpr says in the user's terms why an expression could not be evaluated.
func (s *Session) explainExpr(scope *proc.EvalScope, expr string, err error) error {
	var already *ExprError
	if errors.As(err, &already) {
		return err
	}
	name, unknown := unknownName(err)
	if err.Error() == noContext {
		name, unknown = firstName(expr)
	}
	if unknown {
		shown := name
		if strings.Contains(expr, name+"/") { // an import path: expressions have its last part only
			if last, ok := firstName(expr[strings.LastIndexByte(expr, '/')+1:]); ok {
				name, shown = last, expr
			}
		}
		return &ExprError{Expr: expr, Err: err, Reason: "no variable " + shown, Similar: similar(name, s.variableNames(scope))}
	}
	reason := fmt.Sprintf("%s: %v", expr, err)
	if err.Error() == nilPointer {
		reason = expr + ": a pointer on the way is nil now; pointers are followed once, when the expression is evaluated"
	}
	return &ExprError{Expr: expr, Err: err, Reason: reason}
}
