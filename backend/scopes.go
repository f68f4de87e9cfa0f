package backend

import (
	"context"
	"errors"
	"go/token"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/vars"
)

var errNoFunction = errors.New("the program is in no function that is known: say which package")

// Scope is where expressions are evaluated.
type Scope struct {
	Goroutine int64 // -1: the selected one, or the stopped thread if it has none
	Frame     int   // 0 is the innermost
}

// Selected is the scope of the innermost frame of the selected goroutine.
var Selected = Scope{Goroutine: -1}

// Locals returns the arguments, results and local variables of a frame. A variable that
// another hides is denoted by its address.
func (s *Session) Locals(ctx context.Context, at Scope, l Load) ([]*Variable, error) {
	var list []*Variable
	err := s.look(ctx, at, l, func(w *view) error {
		for _, load := range []func(proc.LoadConfig) ([]*proc.Variable, error){w.scope.FunctionArguments, w.scope.LocalVariables} {
			found, err := load(l.config())
			if err != nil {
				return err
			}
			for _, v := range found {
				list = append(list, w.local(v))
			}
		}
		return nil
	})
	return list, err
}

func (w *view) local(v *proc.Variable) *Variable {
	name, expr := v.Name, v.Name
	switch {
	case v.Flags&proc.VariableShadowed != 0:
		name, expr = "("+name+")", ""
		if addr := vars.Address(v); addr != "" {
			expr = "(" + addr + ")"
		}
	case strings.HasPrefix(name, "~"), strings.HasPrefix(name, "."):
		expr = ""
	}
	r := w.variable(v, expr)
	r.Name = name
	return r
}

// Globals returns the variables of a package, by its import path; "" is the package of
// the scope's function. Their names are without the package's.
func (s *Session) Globals(ctx context.Context, at Scope, pkg string, l Load) ([]*Variable, error) {
	var list []*Variable
	err := s.look(ctx, at, l, func(w *view) error {
		if pkg == "" {
			if w.scope.Fn == nil {
				return errNoFunction
			}
			pkg = w.scope.Fn.PackageName()
		}
		names, err := w.globals()
		if err != nil {
			return err
		}
		for _, name := range names[pkg] {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			v, err := w.scope.EvalExpression(strconv.Quote(pkg)+"."+name, l.config())
			if err != nil {
				v = &proc.Variable{Name: name, Unreadable: err}
			}
			r := w.variable(v, qualified(pkg)+"."+name)
			r.Name = name
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// qualified is how an expression names a package.
func qualified(pkg string) string {
	if strings.ContainsAny(pkg, "/-.%") {
		return strconv.Quote(pkg)
	}
	return pkg
}

// globals are the names of the program's variables, by package, in the order of the
// debug information. That is read once.
func (w *view) globals() (map[string][]string, error) {
	if w.of.views.globals != nil {
		return w.of.views.globals, nil
	}
	found, err := w.scope.PackageVariables(proc.LoadConfig{})
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, v := range found {
		dot := strings.LastIndexByte(v.Name, '/') + 1
		n := strings.IndexByte(v.Name[dot:], '.')
		if n <= 0 {
			continue
		}
		pkg, name := v.Name[:dot+n], v.Name[dot+n+1:]
		if token.IsIdentifier(name) {
			names[pkg] = append(names[pkg], name)
		}
	}
	w.of.views.globals = names
	return names, nil
}

// Returned returns the results of the function that the last step left, or that was
// called; nil if there was none.
func (s *Session) Returned(ctx context.Context, l Load) ([]*Variable, error) {
	var list []*Variable
	err := s.look(ctx, Selected, l, func(w *view) error {
		for _, v := range s.target.CurrentThread().Common().ReturnValues(l.config()) {
			list = append(list, w.variable(v, ""))
		}
		return nil
	})
	return list, err
}
