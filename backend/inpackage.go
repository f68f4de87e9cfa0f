package backend

import (
	"context"
	"go/ast"
	"go/parser"
	"reflect"
	"strconv"

	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/evalop"
)

// Qualified returns an expression that means the same as expr from anywhere in the
// program, and after a restart, if it denotes a package variable or part of one.
func (s *Session) Qualified(ctx context.Context, at Scope, expr string) (qualified string, ok bool, err error) {
	err = s.look(ctx, at, Load{}, func(w *view) error {
		v, err := w.scope.EvalExpression(expr, proc.LoadConfig{})
		if err != nil {
			return s.explainExpr(w.scope, expr, err)
		}
		if v.RealType != nil {
			qualified, ok = inPackage(w.scope, expr, v.Addr, int(v.RealType.Size()))
		}
		return nil
	})
	return qualified, ok, err
}

// inPackage returns an expression that means the same as expr from anywhere in the
// program. There is one for what lies in a package variable at addr, if nothing on the
// way depends on other variables.
func inPackage(scope *proc.EvalScope, expr string, addr uint64, size int) (string, bool) {
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return "", false
	}
	for _, root := range rootsOf(tree) {
		from, to := int(root.Pos())-1, int(root.End())-1 // positions count from 1
		name := expr[from:to]
		if _, bare := root.(*ast.Ident); bare {
			if scope.Fn == nil {
				continue
			}
			name = qualified(scope.Fn.PackageName()) + "." + name
		}
		if sel, ok := root.(*ast.SelectorExpr); ok && isVariable(scope, sel.X) {
			continue // a field, not a package's variable
		}
		v, err := scope.EvalExpression(name, proc.LoadConfig{})
		if err != nil || v.RealType == nil || v.Flags&(proc.VariableFakeAddress|proc.VariableCPURegister) != 0 {
			continue
		}
		// Otherwise a pointer leads away from it, or a local variable hides it.
		if addr >= v.Addr && addr+uint64(size) <= v.Addr+uint64(v.RealType.Size()) {
			return expr[:from] + name + expr[to:], true
		}
	}
	return "", false
}

// packageVar finds the variable that an expression denotes that is a package and its
// variable, and nothing else; nil if it is not, or may not be. To evaluate such an
// expression takes longer: Delve looks for a variable of the package's name first, which
// is all of the program's functions before it is certain that there is none.
func (s *Session) packageVar(scope *proc.EvalScope, tree ast.Expr) *proc.Variable {
	sel, ok := tree.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok || pkg.Name == "runtime" || pkg.Name == evalop.DelvePackage || scope.Fn == nil { // which have names that are no variables
		return nil
	}
	if hiding, err := scope.Locals(0, pkg.Name); err != nil || len(hiding) > 0 {
		return nil
	}
	name := qualified(scope.Fn.PackageName()) + "." + pkg.Name
	is, known := s.views.isVar[name]
	if !known && name != "main.main" { // which is a function

		is = remember(&s.views.isVar, name, isVariable(scope, pkg))
	}
	if is {
		return nil
	}
	v, err := scope.EvalExpression(strconv.Quote(pkg.Name)+"."+sel.Sel.Name, proc.LoadConfig{})
	if err != nil {
		return nil
	}
	return v
}

// isVariable reports whether a name is that of a variable, which hides the package of
// that name. In package main the name main is that of a function.
func isVariable(scope *proc.EvalScope, x ast.Expr) bool {
	name, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	v, err := scope.EvalExpression(name.Name, proc.LoadConfig{})
	return err == nil && (v.Kind != reflect.Func || v.Addr != v.Base)
}

// rootsOf finds what can be the variable that fields and elements are taken of: a name,
// and a package and a name, which look alike.
func rootsOf(tree ast.Expr) []ast.Expr {
	switch x := tree.(type) {
	case *ast.Ident:
		return []ast.Expr{x}
	case *ast.ParenExpr:
		return rootsOf(x.X)
	case *ast.IndexExpr:
		if _, fixed := x.Index.(*ast.BasicLit); fixed {
			return rootsOf(x.X)
		}
	case *ast.SelectorExpr:
		switch x.X.(type) {
		case *ast.BasicLit: // "example.org/bank".total
			return []ast.Expr{x}
		case *ast.Ident:
			return []ast.Expr{x.X, x}
		}
		return rootsOf(x.X)
	}
	return nil
}
