package cond

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"math"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// binary is an operation on two values. What may be combined is what Delve combines: two
// values of types with the same name, or one without a type that fits.
func (c *compiler) binary(e *ast.BinaryExpr) (value, error) {
	x, err := c.check(e.X)
	if err != nil {
		return x, err
	}
	y, err := c.check(e.Y)
	if err != nil {
		return y, err
	}
	if x.con != nil && y.con != nil && x.typ == nil && y.typ == nil {
		con, err := fold(func() constant.Value { return foldBinary(e.Op, x.con, y.con) })
		if err != nil {
			return x, wrong(e, "%v", err)
		}
		return untyped(con), nil
	}
	comparison, compares := comparisons[e.Op]
	if x.kind == kindNil || y.kind == kindNil {
		return compareNil(e, comparison, compares, x, y)
	}
	if e.Op == token.SHL || e.Op == token.SHR {
		return c.shift(e, x, y)
	}
	typ, k, err := negotiate(x, y)
	if err != nil {
		return x, wrong(e, "%v", err)
	}
	if k == kindFloat && compares {
		if y.con != nil {
			return c.compareFloat(e, comparison, x, y.con)
		}
		if x.con != nil {
			return c.compareFloat(e, comparison.turned(), y, x.con)
		}
	}
	if x, err = c.as(x, typ, k); err != nil {
		return x, wrong(e.X, "%v", err)
	}
	if y, err = c.as(y, typ, k); err != nil {
		return y, wrong(e.Y, "%v", err)
	}
	kids := append(append([]*node{}, x.nodes...), y.nodes...)
	i := instr{size: sizeOf(typ), signed: k == kindInt}
	result := value{kind: kindBool}
	switch {
	case k == kindBool && (e.Op == token.LAND || e.Op == token.LOR):
		i.op = opJumpFalse
		if e.Op == token.LOR {
			i.op = opJumpTrue
		}
	case compares && k == kindString:
		i.op, i.imm = opTextCompare, int64(comparison)
	case compares && k == kindFloat:
		i.op, i.imm = opFloatCompare, int64(comparison)
	case compares && (k == kindInt || k == kindUint || (k == kindBool || k == kindPtr) && comparison <= notEqual):
		i.op = opEqual + op(comparison)
	default:
		o, ok := operations[k][e.Op]
		if !ok {
			return x, wrong(e, "is an operation that is not compiled")
		}
		i.op, result = o, value{typ: typ, kind: k}
	}
	result.nodes = []*node{{instr: i, kids: kids}}
	return result, nil
}

// operations are those that give a value of the same kind.
var operations = map[kind]map[token.Token]op{
	kindInt:  integers,
	kindUint: integers,
	kindFloat: {
		token.ADD: opFloatAdd, token.SUB: opFloatSub, token.MUL: opFloatMul, token.QUO: opFloatQuo,
	},
}

var integers = map[token.Token]op{
	token.ADD: opAdd, token.SUB: opSub, token.MUL: opMul, token.QUO: opQuo, token.REM: opRem,
	token.AND: opAnd, token.OR: opOr, token.XOR: opXor, token.AND_NOT: opAndNot,
}

// foldBinary computes with constants as Delve does. It panics if they do not fit.
func foldBinary(o token.Token, x, y constant.Value) constant.Value {
	switch o {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return constant.MakeBool(constant.Compare(x, o, y))
	case token.SHL, token.SHR:
		const many = 512 // bits
		n, exact := constant.Uint64Val(y)
		if !exact || n > many {
			panic("the shift is too far")
		}
		return constant.Shift(x, o, uint(n))
	case token.QUO:
		if x.Kind() == constant.Int && y.Kind() == constant.Int {
			o = token.QUO_ASSIGN // go/constant's word for the division of integers
		}
	}
	return constant.BinaryOp(x, o, y)
}

// negotiate is the type and kind that two values have in common; the type is nil if
// neither has one.
func negotiate(x, y value) (godwarf.Type, kind, error) {
	switch {
	case x.typ != nil && y.typ != nil:
		if x.typ.String() != y.typ.String() {
			return nil, 0, fmt.Errorf("has the types %s and %s", x.typ, y.typ)
		}
		return x.typ, x.kind, nil
	case x.typ == nil && y.typ == nil:
		if x.kind != y.kind {
			return nil, 0, fmt.Errorf("has operands of different kinds")
		}
		return nil, x.kind, nil
	case x.typ == nil:
		x, y = y, x
	}
	switch x.typ.(type) { // y has none
	case *godwarf.IntType, *godwarf.UintType:
		if y.kind == kindInt {
			return x.typ, x.kind, nil
		}
	case *godwarf.FloatType:
		if y.kind == kindInt || y.kind == kindFloat && y.con != nil {
			return x.typ, x.kind, nil
		}
	case *godwarf.BoolType:
		if y.kind == kindBool {
			return x.typ, x.kind, nil
		}
	case *godwarf.StringType:
		if y.kind == kindString {
			return x.typ, x.kind, nil
		}
	}
	return nil, 0, fmt.Errorf("has operands that do not go together")
}

// as computes a value as one of a type and kind that negotiate has found.
func (c *compiler) as(v value, typ godwarf.Type, k kind) (value, error) {
	if v.con != nil {
		v.typ, v.kind = typ, k
		return c.computed(v)
	}
	v, err := v.loaded()
	if err != nil || v.kind == k && (v.typ != nil || typ == nil) {
		return v, err
	}
	switch { // what len and its like give
	case k == kindUint:
		v.nodes = []*node{{instr: instr{op: opUnsigned}, kids: v.nodes}}
	case k == kindFloat:
		v.nodes = []*node{{instr: instr{op: opFromInt, signed: true}, kids: v.nodes}}
	}
	return v, nil
}

// compareNil compares something with nil.
func compareNil(e *ast.BinaryExpr, comparison compare, compares bool, x, y value) (value, error) {
	if x.kind == kindNil {
		x = y
	}
	switch x.kind {
	case kindPtr, kindWord, kindFace, kindSlice:
	default:
		return x, wrong(e, "compares nil with what cannot be")
	}
	if !compares || comparison > notEqual {
		return x, wrong(e, "is an operation that nil does not have")
	}
	x, err := x.loaded()
	if err != nil {
		return x, wrong(e, "%v", err)
	}
	return value{kind: kindBool, nodes: []*node{{instr: instr{op: opEqual + op(comparison)}, kids: append(x.nodes, constant64(0))}}}, nil
}

// shift shifts x by y.
func (c *compiler) shift(e *ast.BinaryExpr, x, y value) (value, error) {
	if x.typ == nil || x.kind != kindInt && x.kind != kindUint || y.kind != kindInt && y.kind != kindUint {
		return x, wrong(e, "shifts what is no integer with a type")
	}
	x, err := c.computed(x)
	if err != nil {
		return x, wrong(e.X, "%v", err)
	}
	if y, err = c.computed(y); err != nil {
		return y, wrong(e.Y, "%v", err)
	}
	i := instr{op: opShl, size: sizeOf(x.typ), signed: x.kind == kindInt}
	if e.Op == token.SHR {
		i.op = opShr
	}
	if y.kind == kindInt {
		i.imm = 1
	}
	return value{typ: x.typ, kind: x.kind, nodes: []*node{{instr: i, kids: append(append([]*node{}, x.nodes...), y.nodes...)}}}, nil
}

// compareFloat compares a float with a constant. Delve does not round that to a float: 0.1
// is no float, and none is equal to it. The same follows from the float that is nearest,
// and the side on which it lies.
func (c *compiler) compareFloat(e *ast.BinaryExpr, comparison compare, x value, con constant.Value) (value, error) {
	x, err := c.as(x, nil, kindFloat)
	if err != nil {
		return x, wrong(e, "%v", err)
	}
	nearest, _ := constant.Float64Val(con)
	side := 0
	switch {
	case math.IsInf(nearest, 0):
		side = order(nearest, 0)
	case constant.Compare(constant.MakeFloat64(nearest), token.GTR, con):
		side = 1
	case constant.Compare(constant.MakeFloat64(nearest), token.LSS, con):
		side = -1
	}
	if side != 0 {
		switch comparison {
		case equal, notEqual:
			nearest = math.Inf(1) // which x is never
		case less, lessEqual:
			comparison = lessEqual
			if side > 0 {
				comparison = less
			}
		default:
			comparison = greater
			if side > 0 {
				comparison = greaterEqual
			}
		}
	}
	return value{kind: kindBool, nodes: []*node{{instr: instr{op: opFloatCompare, imm: int64(comparison)}, kids: append(append([]*node{}, x.nodes...), floatNode(nearest))}}}, nil
}

func floatNode(f float64) *node { return constant64(int64(math.Float64bits(f))) }
