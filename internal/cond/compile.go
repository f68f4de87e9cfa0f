package cond

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"

	"github.com/go-delve/delve/pkg/astutil"
	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// Compile compiles a Go expression for the place in the code that scope is at, which is
// the innermost frame of a stopped thread. watched is the type of the value whose accesses
// it is asked about; nil if it is not a watchpoint's condition.
//
// The error is a [*NotCompilable].
func Compile(expr string, scope *proc.EvalScope, watched godwarf.Type) (*Program, error) {
	fail := func(err error) error { return &NotCompilable{Expr: expr, Why: err.Error()} }
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return nil, fail(err)
	}
	if scope.Fn == nil {
		return nil, fail(errors.New("no function is known at this place"))
	}
	c := &compiler{scope: scope, watched: watched}
	v, err := c.check(tree)
	if err == nil {
		v, err = c.condition(v)
	}
	if err != nil {
		return nil, fail(err)
	}
	p := &Program{frame: scope.Regs.CFA - int64(scope.Regs.SP())}
	if err := p.emit(v.nodes[0]); err != nil {
		return nil, fail(err)
	}
	return p, nil
}

// compiler checks one expression.
type compiler struct {
	scope   *proc.EvalScope
	watched godwarf.Type
}

// wrong is an error about a part of the expression.
func wrong(e ast.Expr, format string, args ...any) error {
	return fmt.Errorf("%s %s", astutil.ExprToString(e), fmt.Sprintf(format, args...))
}

// check finds out what an expression denotes.
func (c *compiler) check(e ast.Expr) (value, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.check(e.X)
	case *ast.Ident:
		v, found, err := c.name(e)
		if err == nil && !found {
			err = wrong(e, "is no variable here")
		}
		return v, err
	case *ast.BasicLit:
		con := constant.MakeFromLiteral(e.Value, e.Kind, 0)
		switch con.Kind() {
		case constant.Int, constant.Float, constant.String:
			return untyped(con), nil
		}
		return value{}, wrong(e, "is a constant of a kind that is not compiled")
	case *ast.SelectorExpr:
		return c.selector(e)
	case *ast.IndexExpr:
		return c.index(e)
	case *ast.StarExpr:
		x, err := c.check(e.X)
		if err != nil {
			return x, err
		}
		return c.deref(e, x)
	case *ast.UnaryExpr:
		return c.unary(e)
	case *ast.BinaryExpr:
		return c.binary(e)
	case *ast.CallExpr:
		return c.call(e)
	}
	return value{}, wrong(e, "is of a form that is not compiled")
}

// untyped is a constant without a type.
func untyped(con constant.Value) value {
	v := value{con: con}
	switch con.Kind() {
	case constant.Bool:
		v.kind = kindBool
	case constant.Int:
		v.kind = kindInt
	case constant.Float:
		v.kind = kindFloat
	case constant.String:
		v.kind = kindString
	}
	return v
}

// condition checks that a value is true or false.
func (c *compiler) condition(v value) (value, error) {
	v, err := v.loaded()
	switch {
	case err != nil:
		return v, err
	case v.kind != kindBool:
		return v, errors.New("is not true or false")
	case v.con != nil:
		v.nodes = []*node{constant64(int64(truth(constant.BoolVal(v.con))))}
	}
	return v, nil
}

// deref is what a pointer points to.
func (c *compiler) deref(e ast.Expr, x value) (value, error) {
	t, isPtr := godwarf.ResolveTypedef(x.typ).(*godwarf.PtrType)
	if x.typ == nil || !isPtr || x.kind != kindPtr {
		return value{}, wrong(e, "is no pointer that a compiled condition can follow")
	}
	x, err := x.loaded()
	if err != nil {
		return x, wrong(e, "%v", err)
	}
	at := &place{addr: &node{instr: instr{op: opAddr}, kids: x.nodes}}
	if n := x.nodes[0]; n.op == opConst && n.imm != 0 {
		at.addr = n
	}
	return value{typ: t.Type, kind: kindOf(t.Type), at: at}, nil
}

// unary is an operation on one value.
func (c *compiler) unary(e *ast.UnaryExpr) (value, error) {
	x, err := c.check(e.X)
	if err != nil {
		return x, err
	}
	if e.Op == token.AND {
		return c.addressOf(e, x)
	}
	if x.con != nil && x.typ == nil {
		con, err := fold(func() constant.Value { return constant.UnaryOp(e.Op, x.con, 0) })
		if err != nil {
			return x, wrong(e, "%v", err)
		}
		return untyped(con), nil
	}
	if x, err = c.computed(x); err != nil {
		return x, wrong(e.X, "%v", err)
	}
	o, ok := map[kind]map[token.Token]op{
		kindBool:  {token.NOT: opNot},
		kindInt:   {token.SUB: opNeg, token.XOR: opInvert, token.ADD: opConst},
		kindUint:  {token.ADD: opConst}, // Delve gives numbers below zero for the others
		kindFloat: {token.SUB: opFloatNeg, token.ADD: opConst},
	}[x.kind][e.Op]
	switch {
	case !ok:
		return x, wrong(e, "is an operation that is not compiled")
	case o == opConst: // +x
		return value{typ: x.typ, kind: x.kind, nodes: x.nodes}, nil
	}
	return value{typ: x.typ, kind: x.kind, nodes: []*node{{instr: instr{op: o, size: sizeOf(x.typ), signed: true}, kids: x.nodes}}}, nil
}

// sizeOf is the size of numbers of a type; 0 for those that have none.
func sizeOf(t godwarf.Type) uint8 {
	if t == nil {
		return 0
	}
	return uint8(t.Size())
}

func (c *compiler) addressOf(e ast.Expr, x value) (value, error) {
	if x.at == nil || x.typ == nil {
		return x, wrong(e, "is the address of something that is not in memory")
	}
	n, ok := x.at.address()
	if !ok {
		return x, wrong(e, "is the address of something that is not in memory")
	}
	return value{typ: godwarf.FakePointerType(x.typ, 8), kind: kindPtr, nodes: []*node{n}}, nil
}

// computed is a value in words, constants that have a type among them.
func (c *compiler) computed(v value) (value, error) {
	if v.con == nil {
		return v.loaded()
	}
	n, err := constantNode(v.con, v.typ, v.kind)
	v.nodes = []*node{n}
	return v, err
}

// constantNode is a constant as a value of a type, nil for none.
func constantNode(con constant.Value, t godwarf.Type, k kind) (*node, error) {
	switch k {
	case kindBool:
		if con.Kind() == constant.Bool {
			return constant64(int64(truth(constant.BoolVal(con)))), nil
		}
	case kindString:
		if con.Kind() == constant.String {
			return &node{instr: instr{op: opText}, text: constant.StringVal(con)}, nil
		}
	case kindInt:
		if n, exact := constant.Int64Val(toInt(con)); exact && con.Kind() == constant.Int && (t == nil || int64(narrow(uint64(n), sizeOf(t), true)) == n) {
			return constant64(n), nil
		}
	case kindUint:
		if n, exact := constant.Uint64Val(toInt(con)); exact && con.Kind() == constant.Int && narrow(n, sizeOf(t), false) == n {
			return constant64(int64(n)), nil
		}
	case kindFloat:
		if con.Kind() == constant.Int || con.Kind() == constant.Float {
			if f, exact := constant.Float64Val(con); exact {
				return floatNode(f), nil
			}
			return nil, fmt.Errorf("the constant %s is no exact floating-point number", con)
		}
	}
	if t == nil {
		return nil, fmt.Errorf("the constant %s is too large", con)
	}
	return nil, fmt.Errorf("the constant %s is no %s", con, t)
}

// toInt is the constant, or 0 if it is no integer.
func toInt(con constant.Value) constant.Value {
	if con.Kind() != constant.Int {
		return constant.MakeInt64(0)
	}
	return con
}

// fold computes with constants, which go/constant panics for if it makes no sense.
func fold(fn func() constant.Value) (con constant.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	con = fn()
	switch con.Kind() {
	case constant.Bool, constant.Int, constant.Float, constant.String:
		return con, nil
	}
	return nil, errors.New("is no constant")
}
