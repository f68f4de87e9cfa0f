package backend

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/value"
)

// aim is what an expression denotes that is watched as a whole.
type aim struct {
	root string   // the expression of the variable that everything begins with
	key  *string  // of the entry of that map; nil: all of the variable
	part *inEntry // of the entry; nil: all of it
	hops int      // how many pointers are followed
}

// aimOf takes an expression apart: *p is p and what it points to, if pointers are followed,
// and m["k"] an entry of a map.
func (s *Session) aimOf(w *Watchpoint, scope *proc.EvalScope) (aim, error) {
	a := aim{root: w.expr, hops: w.follow}
	tree, err := parser.ParseExpr(w.expr)
	if err != nil {
		return a, nil // whoever evaluates it says so
	}
	for {
		p, ok := tree.(*ast.ParenExpr)
		if !ok {
			break
		}
		tree = p.X
	}
	switch x := tree.(type) {
	case *ast.StarExpr:
		stars := 0
		var inner ast.Expr = x
		for star, ok := inner.(*ast.StarExpr); ok; star, ok = inner.(*ast.StarExpr) {
			inner = star.X
			stars++
		}
		if _, cast := inner.(*ast.CallExpr); cast || w.follow == 0 {
			return a, nil // an address is no variable
		}
		a.root = partOf(w.expr, inner)
		if a.hops > 0 {
			a.hops += stars - 1
		}
	case *ast.IndexExpr, *ast.SelectorExpr:
		return s.aimAtEntry(w, scope, a, x)
	}
	return a, nil
}

// aimAtEntry takes m["k"] apart, and m["k"].f, which lies in the entry.
func (s *Session) aimAtEntry(w *Watchpoint, scope *proc.EvalScope, a aim, tree ast.Expr) (aim, error) {
	var steps []ast.Expr // from the entry on, the last first
	for {
		var inner ast.Expr
		switch x := tree.(type) {
		case *ast.ParenExpr:
			tree = x.X
			continue
		case *ast.SelectorExpr:
			inner = x.X
		case *ast.IndexExpr:
			inner = x.X
			m, err := scope.EvalExpression(partOf(w.expr, inner), proc.LoadConfig{})
			if err != nil || m.Kind != reflect.Map {
				break
			}
			mt, ok := value.Underlying(m.RealType).(*godwarf.MapType)
			if !ok {
				return a, nil
			}
			if len(steps) > 0 {
				if a.part, err = s.partAt(scope, w.expr, mt.ElemType, steps); a.part == nil {
					return a, err
				}
			}
			a.root = partOf(w.expr, inner)
			key, err := s.keyText(scope, m, partOf(w.expr, x.Index))
			if err != nil {
				return a, err
			}
			a.key = &key
			return a, nil
		default:
			return a, nil
		}
		steps, tree = append(steps, tree), inner
	}
}

// keyText is a key of a map as package object writes it.
func (s *Session) keyText(scope *proc.EvalScope, m *proc.Variable, expr string) (string, error) {
	mt, ok := value.Underlying(m.RealType).(*godwarf.MapType)
	v, err := scope.EvalExpression(expr, proc.LoadConfig{MaxStringLen: longestString})
	if err != nil || !ok {
		return "", s.explainExpr(scope, expr, err)
	}
	if v.Addr != 0 && v.Kind == reflect.Struct || v.Kind == reflect.Array {
		b := make([]byte, max(value.Size(v.RealType), 0))
		if _, err := s.target.Memory().ReadMemory(b, v.Addr); err != nil {
			return "", err
		}
		return value.Format(v.RealType, b, valueEnv{s}), nil
	}
	if v.Value == nil {
		return "", &ExprError{Expr: expr, Reason: fmt.Sprintf("%s is no key of %s", expr, m.TypeString())}
	}
	switch c := v.Value; value.Underlying(mt.KeyType).(type) {
	case *godwarf.StringType:
		if c.Kind() == constant.String {
			return strconv.Quote(constant.StringVal(c)), nil
		}
	default:
		if c.Kind() != constant.String {
			return c.ExactString(), nil
		}
	}
	return "", &ExprError{Expr: expr, Reason: fmt.Sprintf("%s is no key of %s", expr, m.TypeString())}
}

// noKey is what Delve says of an entry that is not there.
const noKey = "key not found"

// adviseObject says of a pointer that is nil so far, and of an entry that is not there, how
// to watch what will be.
func adviseObject(err error, expr string, tree ast.Expr) error {
	var e *ExprError
	if !errors.As(err, &e) || e.Err == nil {
		return err
	}
	if p, ok := strings.CutSuffix(e.Err.Error(), " is nil"); ok && p != "" {
		e.Reason += fmt.Sprintf("; %s itself can be watched, and with it what it will point to (Follow, --follow)", p)
	}
	if e.Err.Error() == noKey {
		e.Reason += "; an entry can be watched before it is there"
		ast.Inspect(tree, func(n ast.Node) bool {
			x, is := n.(*ast.IndexExpr)
			if is && n != tree {
				e.Reason += ": watch " + partOf(expr, x)
			}
			return !is || n == tree
		})
	}
	return err
}

// pathOf is what the paths of the parts of a variable begin with. Go's own way to write a
// field of *p has no star.
func pathOf(expr string, t godwarf.Type) string {
	tree, err := parser.ParseExpr(expr)
	star, ok := tree.(*ast.StarExpr)
	if err != nil || !ok {
		return expr
	}
	switch _, cast := star.X.(*ast.CallExpr); value.Underlying(t).(type) {
	case *godwarf.StructType:
		if !cast {
			return partOf(expr, star.X)
		}
		return "(" + expr + ")"
	case *godwarf.ArrayType, *godwarf.SliceType, *godwarf.MapType:
		return "(" + expr + ")"
	}
	return expr
}
