package backend

import (
	"context"
	"errors"
	"fmt"
	"go/constant"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// loadConfig bounds what Eval reads.
var loadConfig = proc.LoadConfig{FollowPointers: true, MaxVariableRecurse: 2, MaxStringLen: 512, MaxArrayValues: 64, MaxStructFields: -1}

// Eval evaluates a Go expression in the innermost frame of the selected goroutine and
// returns the value as text.
func (s *Session) Eval(ctx context.Context, expr string) (string, error) {
	var text string
	err := s.do(ctx, func() error {
		scope, err := s.scope(-1, 0)
		if err != nil {
			return err
		}
		v, err := scope.EvalExpression(expr, loadConfig)
		if err != nil {
			return s.explainExpr(scope, expr, err)
		}
		text = show(v, true)
		return nil
	})
	return text, err
}

// Set assigns the value of one Go expression to what another denotes.
func (s *Session) Set(ctx context.Context, expr, val string) error {
	return s.do(ctx, func() error {
		scope, err := s.scope(-1, 0)
		if err != nil {
			return err
		}
		defer s.forgive()
		if err := scope.SetVariable(expr, val); err != nil {
			return s.explainExpr(scope, expr, err)
		}
		return nil
	})
}

// Call calls a function of the program on the selected goroutine and returns its
// results as text. The program must be stopped in that goroutine, and runs meanwhile,
// all of it; a stop for another reason on the way is returned as the event.
func (s *Session) Call(ctx context.Context, expr string) (results []string, ev Event, err error) {
	ev, err = s.run(ctx, func() error {
		return proc.EvalExpressionWithCalls(s.group.Targets, s.target.SelectedGoroutine(), expr, loadConfig, true)
	})
	if err != nil {
		return nil, ev, fmt.Errorf("call %s: %w", expr, err)
	}
	if stop, ok := ev.(*Stop); !ok || stop.Reason != ReasonCallReturned {
		return nil, ev, nil
	}
	err = s.do(ctx, func() error {
		for _, v := range s.target.CurrentThread().Common().ReturnValues(loadConfig) {
			if v.Unreadable != nil {
				return v.Unreadable
			}
			results = append(results, show(v, true))
		}
		return nil
	})
	return results, ev, err
}

// show renders a value that Delve has loaded, in one line.
func show(v *proc.Variable, top bool) string {
	if v.Unreadable != nil {
		return fmt.Sprintf("(unreadable: %v)", v.Unreadable)
	}
	switch v.Kind {
	case reflect.String:
		if v.Value == nil {
			return `""`
		}
		text := strconv.Quote(constant.StringVal(v.Value))
		if rest := v.Len - int64(len(constant.StringVal(v.Value))); rest > 0 {
			text += fmt.Sprintf(" + %d bytes", rest)
		}
		return text
	case reflect.Pointer, reflect.UnsafePointer:
		switch {
		case len(v.Children) == 0 || v.Children[0].Addr == 0:
			return "nil"
		case v.Children[0].OnlyAddr || !top:
			return fmt.Sprintf("%#x", v.Children[0].Addr)
		}
		return "&" + show(&v.Children[0], false)
	case reflect.Struct:
		return typeName(v, top) + "{" + fields(v) + "}"
	case reflect.Slice, reflect.Array:
		if v.Kind == reflect.Slice && v.Base == 0 {
			return "nil"
		}
		return typeName(v, top) + "[" + elements(v) + "]"
	case reflect.Map:
		if v.Base == 0 {
			return "nil"
		}
		return "map[" + pairs(v) + "]"
	case reflect.Interface:
		if len(v.Children) == 0 || v.Children[0].Kind == reflect.Invalid {
			return "nil"
		}
		return show(&v.Children[0], true)
	case reflect.Func:
		if v.Value == nil {
			return "nil"
		}
		return constant.StringVal(v.Value)
	case reflect.Chan:
		return fmt.Sprintf("chan %d/%d", v.Len, v.Cap)
	}
	if v.Value == nil {
		return "(unknown)"
	}
	text := v.Value.ExactString()
	if v.Value.Kind() == constant.Float {
		f, _ := constant.Float64Val(v.Value)
		text = strconv.FormatFloat(f, 'g', -1, 64)
	}
	if name := v.ConstDescr(); name != "" {
		text = fmt.Sprintf("%s (%s)", name, text)
	}
	return text
}

func typeName(v *proc.Variable, top bool) string {
	if !top || v.DwarfType == nil {
		return ""
	}
	return v.TypeString() + " "
}

func fields(v *proc.Variable) string {
	var parts []string
	for i := range v.Children {
		parts = append(parts, v.Children[i].Name+": "+show(&v.Children[i], false))
	}
	return list(parts, v.Len)
}

func elements(v *proc.Variable) string {
	var parts []string
	for i := range v.Children {
		parts = append(parts, show(&v.Children[i], false))
	}
	return list(parts, v.Len)
}

func pairs(v *proc.Variable) string {
	var parts []string
	for i := 0; i+1 < len(v.Children); i += 2 {
		parts = append(parts, show(&v.Children[i], false)+": "+show(&v.Children[i+1], false))
	}
	return list(parts, v.Len)
}

// list joins parts and says how many are missing.
func list(parts []string, total int64) string {
	text := strings.Join(parts, ", ")
	if rest := total - int64(len(parts)); rest > 0 {
		text += fmt.Sprintf(", ... %d more", rest)
	}
	return text
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
