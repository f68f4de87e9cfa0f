package cond

import (
	"fmt"
	"go/ast"
	"go/constant"
	"strings"

	"github.com/go-delve/delve/pkg/astutil"
	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// byteType is that of a string's bytes, as Delve names it.
var byteType = &godwarf.UintType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: 1, Name: "byte"}, BitSize: 8}}

// index is an element of an array, a slice or a string.
func (c *compiler) index(e *ast.IndexExpr) (value, error) {
	x, err := c.check(e.X)
	if err != nil {
		return x, err
	}
	if x.kind == kindPtr {
		if x, err = c.deref(e.X, x); err != nil {
			return x, err
		}
		if x.kind != kindArray {
			return x, wrong(e, "is behind a pointer")
		}
	}
	if x.at == nil {
		return x, wrong(e, "is no element of something in memory")
	}
	i, err := c.check(e.Index)
	if err != nil {
		return i, err
	}
	if _, isInt := i.typ.(*godwarf.IntType); i.kind != kindInt || i.typ != nil && !isInt {
		return i, wrong(e.Index, "is no index that Delve would take")
	}
	if i, err = c.computed(i); err != nil {
		return i, wrong(e.Index, "%v", err)
	}
	var elem godwarf.Type
	var stride int64
	var base []*node // address and length
	switch t := godwarf.ResolveTypedef(x.typ).(type) {
	case *godwarf.ArrayType:
		if t.Count <= 0 {
			return x, wrong(e, "is of an array without elements")
		}
		elem, stride = t.Type, t.ByteSize/t.Count
		if n := i.nodes[0]; n.op == opConst {
			if n.imm < 0 || n.imm >= t.Count {
				return x, wrong(e, "is out of range")
			}
			at := x.at.moved(n.imm * stride)
			return value{typ: elem, kind: kindOf(elem), at: &at}, nil
		}
		n, ok := x.at.address()
		if !ok {
			return x, wrong(e, "is of an array in registers")
		}
		base = []*node{n, constant64(t.Count)}
	case *godwarf.SliceType:
		p, ok := pointerOf(t)
		if !ok {
			return x, wrong(e, "is of a slice of another form than Go's")
		}
		elem = p.Type
		stride = elem.Size()
		if a := elem.Align(); a > 0 && stride%a != 0 {
			stride += a - stride%a
		}
		if base, err = x.at.pair(); err != nil {
			return x, wrong(e, "%v", err)
		}
	case *godwarf.StringType:
		elem, stride = byteType, 1
		if base, err = x.at.pair(); err != nil {
			return x, wrong(e, "%v", err)
		}
	default:
		return x, wrong(e, "is no element of an array, a slice or a string")
	}
	n := &node{instr: instr{op: opIndex, imm: stride}, kids: append(base, i.nodes...)}
	return value{typ: elem, kind: kindOf(elem), at: &place{addr: n}}, nil
}

// pointerOf is the type of the pointer in a slice, which lies before its length (type
// slice in Go's runtime/slice.go).
func pointerOf(t *godwarf.SliceType) (*godwarf.PtrType, bool) {
	if len(t.Field) != 3 || t.Field[0].Name != "array" || t.Field[1].Name != "len" || t.Field[1].ByteOffset != 8 {
		return nil, false
	}
	p, ok := t.Field[0].Type.(*godwarf.PtrType)
	return p, ok
}

// call is a conversion, or the length or capacity of something.
func (c *compiler) call(e *ast.CallExpr) (value, error) {
	if len(e.Args) != 1 {
		return value{}, wrong(e, "is a call")
	}
	if f, ok := e.Fun.(*ast.Ident); ok {
		switch f.Name {
		case "len", "cap":
			return c.length(e, f.Name == "cap")
		case "complex", "imag", "real", "min", "max":
			return value{}, wrong(e, "is not compiled")
		}
	}
	// Delve knows which types there are: of no program is any changed by converting 0.
	text := astutil.ExprToString(e.Fun)
	t, err := c.scope.EvalExpression(text+"(0)", proc.LoadConfig{})
	if err != nil || t.DwarfType == nil || strings.ContainsAny(text, "{") {
		return value{}, wrong(e, "is a call, or a conversion that is not compiled")
	}
	x, err := c.check(e.Args[0])
	if err != nil {
		return x, err
	}
	v, err := c.convert(x, t.DwarfType)
	if err != nil {
		err = wrong(e, "%v", err)
	}
	return v, err
}

// length is that of something: a number without a type.
func (c *compiler) length(e *ast.CallExpr, capacity bool) (value, error) {
	x, err := c.check(e.Args[0])
	if err != nil {
		return x, err
	}
	if p, ok := godwarf.ResolveTypedef(x.typ).(*godwarf.PtrType); ok && x.typ != nil {
		if _, ok := godwarf.ResolveTypedef(p.Type).(*godwarf.ArrayType); ok {
			x = value{typ: p.Type, kind: kindArray, at: &place{addr: constant64(0)}} // which is not read
		}
	}
	if x.con != nil || x.at == nil {
		return x, wrong(e, "is not compiled")
	}
	off := int64(8)
	switch t := godwarf.ResolveTypedef(x.typ).(type) {
	case *godwarf.ArrayType:
		return untyped(constant.MakeInt64(t.Count)), nil
	case *godwarf.StringType:
		if capacity {
			return x, wrong(e, "is not compiled")
		}
	case *godwarf.SliceType:
		if _, ok := pointerOf(t); !ok {
			return x, wrong(e, "is of a slice of another form than Go's")
		}
		if capacity {
			off = 16
		}
	default:
		return x, wrong(e, "is not compiled")
	}
	n, err := x.at.load(off, 8, true)
	if err != nil {
		return x, wrong(e, "%v", err)
	}
	// Delve does not take lengths below zero.
	return value{kind: kindInt, nodes: []*node{{instr: instr{op: opUnsigned}, kids: []*node{n}}}}, nil
}

// convert makes a value one of another type, by Delve's rules.
func (c *compiler) convert(x value, t godwarf.Type) (value, error) {
	to := kindOf(t)
	size := sizeOf(godwarf.ResolveTypedef(t))
	integer := x.kind == kindInt || x.kind == kindUint
	if x.con != nil && integer && (to == kindInt || to == kindUint) {
		n := integerBits(x.con)
		if n == nil {
			return x, fmt.Errorf("is a constant that is too large")
		}
		n.imm = int64(narrow(uint64(n.imm), size, to == kindInt))
		return value{typ: t, kind: to, nodes: []*node{n}}, nil
	}
	if x.con != nil && x.typ == nil && to == kindFloat && (integer || x.kind == kindFloat) {
		return value{typ: t, kind: to, con: constant.ToFloat(x.con)}, nil
	}
	x, err := c.computed(x)
	if err != nil {
		return x, err
	}
	v := value{typ: t, kind: to, nodes: x.nodes}
	switch {
	case integer && (to == kindInt || to == kindUint):
		v.nodes = []*node{{instr: instr{op: opNarrow, size: size, signed: to == kindInt}, kids: x.nodes}}
	case integer && to == kindFloat:
		v.nodes = []*node{{instr: instr{op: opFromInt, signed: x.kind == kindInt}, kids: x.nodes}}
	case integer && to == kindPtr:
	case x.kind == kindFloat && to == kindFloat: // Delve does not round
	case x.kind == kindPtr && to == kindUint && size == 8:
	case x.kind == kindBool && to == kindBool && x.typ != nil, x.kind == kindString && to == kindString && x.typ != nil:
	default:
		return x, fmt.Errorf("is a conversion that is not compiled")
	}
	return v, nil
}

// integerBits is a constant of 64 bits with or without a sign; nil if it is longer.
func integerBits(con constant.Value) *node {
	if con.Kind() != constant.Int {
		return nil
	}
	if n, exact := constant.Int64Val(con); exact {
		return constant64(n)
	}
	if n, exact := constant.Uint64Val(con); exact {
		return constant64(int64(n))
	}
	return nil
}
