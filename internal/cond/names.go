package cond

import (
	"encoding/binary"
	"go/ast"
	"go/constant"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
)

// name is what an identifier denotes: as for Delve, a local variable before one of the
// function's package, and these before the names of the language.
func (c *compiler) name(e *ast.Ident) (v value, found bool, err error) {
	if v, found, err = c.local(e); found || err != nil {
		return v, found, err
	}
	g, err := c.scope.EvalExpression(e.Name, proc.LoadConfig{})
	if err == nil {
		switch {
		case g.DwarfType == nil && e.Name == "nil":
			return value{kind: kindNil}, true, nil
		case g.DwarfType == nil && (e.Name == "true" || e.Name == "false"):
			return untyped(constant.MakeBool(e.Name == "true")), true, nil
		case g.Flags&proc.VariableCPURegister != 0:
			return v, true, wrong(e, "is a register")
		}
		return c.global(e, g)
	}
	if c.watched == nil {
		return v, false, nil
	}
	size := c.watched.Size()
	switch e.Name {
	case "old":
		v.at = &place{parts: []part{{where: inOld, size: size}}}
	case "new":
		v.at = &place{parts: []part{{where: inNew, size: size}}}
	default:
		return v, false, nil
	}
	v.typ, v.kind = c.watched, kindOf(c.watched)
	return v, true, nil
}

// global is a package's variable or constant, which Delve has found. found is false if it
// is a function.
func (c *compiler) global(e ast.Expr, g *proc.Variable) (v value, found bool, err error) {
	switch {
	case g.DwarfType == nil:
		return v, true, wrong(e, "is no variable")
	case g.Flags&proc.VariableConstant != 0 && g.Value != nil:
		return value{typ: g.DwarfType, kind: kindOf(g.DwarfType), con: g.Value}, true, nil
	case g.Flags != 0 || g.Addr == 0:
		return v, true, wrong(e, "is no ordinary variable")
	}
	if _, isFunc := g.DwarfType.(*godwarf.FuncType); isFunc && g.Addr == g.Base {
		return v, false, nil
	}
	return value{typ: g.DwarfType, kind: kindOf(g.DwarfType), at: &place{addr: constant64(int64(g.Addr))}}, true, nil
}

// local is a variable of the function. Its location is that of this place in the code.
func (c *compiler) local(e *ast.Ident) (v value, found bool, err error) {
	vars, err := c.scope.Locals(0, e.Name)
	if err != nil {
		return v, false, wrong(e, "%v", err)
	}
	var l *proc.Variable
	for _, x := range vars {
		if x.Name == e.Name && x.Flags&proc.VariableShadowed == 0 {
			l = x
			break
		}
	}
	if l == nil {
		return v, false, nil
	}
	fn := c.scope.Fn.Name
	switch {
	case strings.Contains(fn, "["):
		return v, true, wrong(e, "is of a generic function: what it is depends on the call")
	case strings.Contains(fn, "-range"):
		return v, true, wrong(e, "is in the body of a range over a function, which has the variables of several")
	case c.scope.Regs.FrameBase != c.scope.Regs.CFA:
		return v, true, wrong(e, "is in a frame that Go's compiler has not made")
	case l.DwarfType == nil || l.RealType == nil:
		return v, true, wrong(e, "is of no known type")
	}
	size := l.RealType.Size()
	if l.Flags&proc.VariableEscaped != 0 {
		size = 8
	}
	parts, escaped, err := parseLocation(l.LocationExpr.String(), size)
	if err != nil {
		return v, true, wrong(e, "cannot be found: %v", err)
	}
	at := place{parts: parts}
	if escaped != (l.Flags&proc.VariableEscaped != 0) || !c.isAt(&at, l) {
		return v, true, wrong(e, "is not where its debug information says")
	}
	if len(parts) == 1 && parts[0].where == inFrame {
		at = place{addr: &node{instr: instr{op: opFrame, imm: parts[0].at}}}
	}
	if escaped {
		pointer, err := at.load(0, 8, false)
		if err != nil {
			return v, true, wrong(e, "cannot be found: %v", err)
		}
		at = place{addr: &node{instr: instr{op: opAddr}, kids: []*node{pointer}}}
	}
	return value{typ: l.DwarfType, kind: kindOf(l.DwarfType), at: &at}, true, nil
}

// isAt reports whether the parts lead to where Delve has found the variable.
func (c *compiler) isAt(at *place, l *proc.Variable) bool {
	if len(at.parts) != 1 {
		return l.Flags&proc.VariableFakeAddress != 0
	}
	escaped := l.Flags&proc.VariableEscaped != 0
	switch p := at.parts[0]; p.where {
	case inFrame:
		addr := uint64(c.scope.Regs.FrameBase + p.at)
		if !escaped {
			return l.Addr == addr
		}
		var pointer [8]byte
		_, err := c.scope.Mem.ReadMemory(pointer[:], addr)
		return err == nil && binary.LittleEndian.Uint64(pointer[:]) == l.Addr
	case inRegister:
		if escaped {
			return c.scope.Regs.Uint64Val(uint64(p.at)) == l.Addr
		}
		return l.Flags&proc.VariableFakeAddress != 0
	}
	return false
}

// selector is a field, or something of a package.
func (c *compiler) selector(e *ast.SelectorExpr) (value, error) {
	name := e.Sel.Name
	switch x := e.X.(type) {
	case *ast.SelectorExpr:
		if isPackage(x, "runtime", "curg") {
			if name != "goid" {
				return value{}, wrong(e, "is of the goroutine, of which only runtime.curg.goid is compiled")
			}
			return value{typ: uint64Type, kind: kindUint, nodes: []*node{{instr: instr{op: opGoroutine}}}}, nil
		}
	case *ast.Ident:
		switch {
		case isPackage(e, "runtime", "threadid"):
			return value{kind: kindInt, nodes: []*node{{instr: instr{op: opThread}}}}, nil
		case isPackage(e, "runtime", "curg"), isPackage(e, "runtime", "frameoff"), isPackage(e, "runtime", "rangeParentOffset"), isPackage(e, "delve", "bphitcount"):
			return value{}, wrong(e, "is not compiled")
		}
		v, found, err := c.name(x)
		if err != nil {
			return v, err
		}
		if found {
			return c.field(e, v, name)
		}
		return c.ofPackage(e)
	case *ast.BasicLit: // "example.org/bank".balance
		if _, err := strconv.Unquote(x.Value); err != nil {
			return value{}, wrong(e, "is no name")
		}
		return c.ofPackage(e)
	}
	x, err := c.check(e.X)
	if err != nil {
		return x, err
	}
	return c.field(e, x, name)
}

// uint64Type is that of goroutine ids (type g in Go's runtime/runtime2.go).
var uint64Type = godwarf.FakeBasicType("uint", 64)

func isPackage(e *ast.SelectorExpr, pkg, name string) bool {
	x, ok := e.X.(*ast.Ident)
	return ok && x.Name == pkg && e.Sel.Name == name
}

// ofPackage is a variable or constant of a package.
func (c *compiler) ofPackage(e *ast.SelectorExpr) (value, error) {
	text := e.Sel.Name
	switch x := e.X.(type) {
	case *ast.Ident:
		text = x.Name + "." + text
	case *ast.BasicLit:
		text = x.Value + "." + text
	}
	g, err := c.scope.EvalExpression(text, proc.LoadConfig{})
	if err != nil {
		return value{}, wrong(e, "cannot be evaluated: %v", err)
	}
	v, found, err := c.global(e, g)
	if err == nil && !found {
		err = wrong(e, "is a function")
	}
	return v, err
}

// field is a field of a struct, or of one that is embedded in it, or behind a pointer.
// They are looked for in Delve's order: level by level.
func (c *compiler) field(e ast.Expr, x value, name string) (value, error) {
	seen := map[string]bool{}
	for queue := []value{x}; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		if v.typ == nil || seen[v.typ.String()] {
			continue
		}
		seen[v.typ.String()] = true
		pointer := v.kind == kindPtr
		if pointer {
			var err error
			if v, err = c.deref(e, v); err != nil {
				return v, err
			}
		}
		t, isStruct := godwarf.ResolveTypedef(v.typ).(*godwarf.StructType)
		if !isStruct || v.at == nil {
			break
		}
		for _, f := range t.Field {
			at := v.at.moved(f.ByteOffset)
			inner := value{typ: f.Type, kind: kindOf(f.Type), at: &at}
			if f.Name == name {
				return inner, nil
			}
			if !f.Embedded {
				continue
			}
			if parts := strings.Split(f.Name, "."); len(parts) > 1 && parts[1] == name {
				return inner, nil
			}
			queue = append(queue, inner)
		}
		if pointer && len(seen) > 1 { // Delve fails if it is nil, though nothing is read behind it
			break
		}
	}
	return value{}, wrong(e, "is no field that a compiled condition can find")
}
