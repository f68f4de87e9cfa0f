package backend

import (
	"go/ast"
	"go/token"
	"reflect"

	"github.com/go-delve/delve/pkg/proc"
)

// inMap finds the element of a map that an expression denotes, or lies in; "" if there is
// none. Such an element has no address in Go: the map moves it when it grows, and puts
// another in its place when it is deleted. tree is the expression.
func inMap(scope *proc.EvalScope, expr string, tree ast.Expr) string {
	indexed := false
	ast.Inspect(tree, func(n ast.Node) bool {
		_, is := n.(*ast.IndexExpr)
		indexed = indexed || is
		return !indexed
	})
	for indexed {
		switch n := tree.(type) {
		case *ast.ParenExpr:
			tree = n.X
		case *ast.SelectorExpr:
			if v, err := scope.EvalExpression(partOf(expr, n.X), proc.LoadConfig{}); err != nil || v.Kind == reflect.Pointer {
				return "" // a package's, or elsewhere
			}
			tree = n.X
		case *ast.IndexExpr:
			v, err := scope.EvalExpression(partOf(expr, n.X), proc.LoadConfig{})
			switch {
			case err != nil || v.Kind == reflect.Slice || v.Kind == reflect.Pointer:
				return ""
			case v.Kind == reflect.Map:
				return partOf(expr, n)
			}
			tree = n.X
		default:
			return ""
		}
	}
	return ""
}

// partOf is the text of a part of an expression.
func partOf(expr string, n ast.Node) string {
	at := func(p token.Pos) int { return int(p) - 1 } // positions begin with 1
	return expr[at(n.Pos()):at(n.End())]
}
