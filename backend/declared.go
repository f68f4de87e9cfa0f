package backend

import (
	"encoding/binary"
	"fmt"
	"go/ast"
	"go/parser"
	"math"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
)

// declaration is where a local variable of a function comes to be, and where it is then.
type declaration struct {
	fn   *proc.Function
	from uint64 // the instruction before which that has been done

	// It lies off bytes from the frame's upper end, or if it has escaped to the heap a
	// pointer to it does. Otherwise, where typ is nil, only Delve can tell.
	off     int64
	escaped bool
	typ     godwarf.Type

	checked bool // that Delve agrees
}

// fakeFrame is the upper end of a frame that is nowhere, by which is seen where variables
// would be. What a word at addr points to is at addr + fakeHeap.
const (
	fakeFrame = 1 << 44
	fakeHeap  = 1 << 45
)

// nowhere is the memory of that frame.
type nowhere struct{}

func (nowhere) ReadMemory(buf []byte, addr uint64) (int, error) {
	clear(buf)
	if len(buf) >= wordSize {
		binary.LittleEndian.PutUint64(buf, addr+fakeHeap)
	}
	return len(buf), nil
}

func (nowhere) WriteMemory(uint64, []byte) (int, error) { return 0, errNoFrame }

// localsAt are the local variables of a function that are in scope at pc, those of a name or
// all of them ("").
func (d *debuggee) localsAt(fn *proc.Function, pc uint64, name string) []*proc.Variable {
	const counter = 200 // a register that no architecture has, for locations that depend on the program counter
	regs := op.DwarfRegisters{CFA: fakeFrame, FrameBase: fakeFrame, ByteOrder: binary.LittleEndian, PCRegNum: counter}
	regs.AddReg(counter, op.DwarfRegisterFromUint64(pc))
	at := proc.Location{PC: pc, Fn: fn, Line: math.MaxInt32} // behind every declaration
	scope := proc.FrameToScope(d.target, nowhere{}, nil, 0, proc.Stackframe{Current: at, Call: at, Regs: regs})
	scope.PC = pc
	found, err := scope.Locals(0, name)
	if err != nil {
		return nil
	}
	return found
}

// scopeOf is a local variable, and the instructions at which it is in scope.
type scopeOf struct {
	*proc.Variable
	pcs []uint64
}

// variablesOf finds the local variables of a name: there can be some in several blocks.
func (d *debuggee) variablesOf(fn *proc.Function, code []proc.AsmInstruction, name string) (list []*scopeOf) {
	for _, in := range code {
		for _, v := range d.localsAt(fn, in.Loc.PC, name) {
			i := slices.IndexFunc(list, func(o *scopeOf) bool {
				return o.DeclLine == v.DeclLine && o.Addr == v.Addr && o.Flags&place == v.Flags&place
			})
			if i < 0 {
				i, list = len(list), append(list, &scopeOf{Variable: v})
			}
			list[i].pcs = append(list[i].pcs, in.Loc.PC)
		}
	}
	if fn.Optimized() {
		return list
	}
	// An argument is in registers until they are stored, and while the stack is made larger.
	return slices.DeleteFunc(list, func(v *scopeOf) bool {
		return v.Flags&proc.VariableArgument != 0 && !v.inMemory() && slices.ContainsFunc(list, func(o *scopeOf) bool { return o.inMemory() })
	})
}

func (v *scopeOf) inMemory() bool {
	return v.Flags&(proc.VariableFakeAddress|proc.VariableCPURegister) == 0 && v.Addr != 0
}

// place are the flags that say what a variable is in.
const place = proc.VariableFakeAddress | proc.VariableCPURegister | proc.VariableEscaped

// declarations finds where what an expression names comes to be in a function, once for each
// variable of that name. The name that the expression begins with counts, of those that are
// local variables; others must have been declared too, if each is so once.
func (s *Session) declarations(fn *proc.Function, expr string) ([]*declaration, error) {
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return nil, &ExprError{Expr: expr, Err: err, Reason: fmt.Sprintf("%q is not a Go expression: %v", expr, err)}
	}
	code, err := s.decoded(fn.Entry, fn.End)
	if err != nil {
		return nil, fmt.Errorf("the code of %s: %w", fn.Name, err)
	}
	var list []*declaration
	root := ""
	for _, name := range namesIn(tree) {
		found := s.variablesOf(fn, code, name)
		if len(found) == 0 || name == root {
			continue
		}
		if root == "" {
			root = name
			for _, v := range found {
				d, err := s.declaredAt(fn, code, v)
				if err != nil {
					return nil, err
				}
				if _, plain := tree.(*ast.Ident); !plain {
					d.typ = nil
				}
				list = append(list, d)
			}
			continue
		}
		if len(found) > 1 || len(list) > 1 {
			return nil, &ExprError{Expr: expr, Reason: fmt.Sprintf("%s: %s has several variables of a name that is in it: say where, as in %s:3", expr, fn.Name, fn.Name)}
		}
		also, err := s.declaredAt(fn, code, found[0])
		if err != nil {
			return nil, err
		}
		list[0].from = max(list[0].from, also.from)
	}
	if root == "" {
		return nil, s.noLocal(fn, code, expr)
	}
	return list, nil
}

// namesIn are the names that an expression has, but those of fields, from left to right.
func namesIn(tree ast.Expr) (names []string) {
	ast.Inspect(tree, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.SelectorExpr:
			names = append(names, namesIn(x.X)...)
			return false
		case *ast.Ident:
			names = append(names, x.Name)
		}
		return true
	})
	return names
}

func (s *Session) noLocal(fn *proc.Function, code []proc.AsmInstruction, expr string) error {
	var all []string
	for _, in := range code {
		for _, v := range s.localsAt(fn, in.Loc.PC, "") {
			if !slices.Contains(all, v.Name) {
				all = append(all, v.Name)
			}
		}
	}
	return &ExprError{Expr: expr, Err: ErrNotLocal, Reason: fmt.Sprintf("%s has no local variable that is in %s", fn.Name, expr), Similar: similar(expr, all)}
}

// declaredAt finds the instruction by which a variable has been declared: what follows on
// the first that writes to it, as far as that is of the same line and leads straight on. If
// none is seen to write to it, the first of the next line in its scope.
func (s *Session) declaredAt(fn *proc.Function, code []proc.AsmInstruction, v *scopeOf) (*declaration, error) {
	d := &declaration{fn: fn, typ: v.DwarfType, escaped: v.Flags&proc.VariableEscaped != 0}
	slot := v.Addr
	if d.escaped {
		slot -= fakeHeap
	}
	if !v.inMemory() || slot+fakeFrame/2 < fakeFrame || slot > fakeFrame+fakeFrame/2 {
		return nil, &ExprError{Expr: v.Name, Reason: fmt.Sprintf("%s is in a register in %s, at times at least, and has no address: build without optimisations (-gcflags='all=-N -l') to watch it", v.Name, fn.Name)}
	}
	d.off = int64(slot) - fakeFrame
	size := uint64(wordSize)
	if !d.escaped && v.RealType != nil {
		size = uint64(max(v.RealType.Size(), 1))
	}
	// What is there from the beginning: arguments, results, what a closure has captured.
	argument := v.Flags&(proc.VariableArgument|proc.VariableReturnArgument) != 0 || v.DeclLine < int64(code[0].Loc.Line)
	for i, in := range code {
		if in.Loc.PC < v.pcs[0] && !argument || !argument && int64(in.Loc.Line) != v.DeclLine || !s.writesSlot(in, slot, size) {
			continue
		}
		for i++; i < len(code)-1 && code[i].Loc.Line == in.Loc.Line && code[i].Loc.File == in.Loc.File && code[i].Kind == proc.OtherInstruction; {
			i++
		}
		at, found := slices.BinarySearch(v.pcs, code[i].Loc.PC)
		if found || argument && at < len(v.pcs) { // an argument is said to be in its register for longer than it is
			d.from = v.pcs[at]
			return d, nil
		}
		break
	}
	begins, err := proc.FirstPCAfterPrologue(s.process, fn, false)
	if err != nil {
		return nil, fmt.Errorf("where %s begins: %w", fn.Name, err)
	}
	for _, in := range code {
		if (argument || int64(in.Loc.Line) > v.DeclLine) && in.Loc.PC >= begins && slices.Contains(v.pcs, in.Loc.PC) {
			d.from = in.Loc.PC
			return d, nil
		}
	}
	return nil, &ExprError{Expr: v.Name, Reason: fmt.Sprintf("%s is used nowhere in %s behind its declaration: there is nothing to watch", v.Name, fn.Name)}
}

// writesSlot reports whether an instruction writes to a place in the frame.
func (s *Session) writesSlot(in proc.AsmInstruction, slot, size uint64) bool {
	taken, ok := s.lines.FrameSize(in.Loc.PC)
	if !ok {
		return false
	}
	_, up, ok := goroutine.Caller(0, taken)
	if !ok {
		return false
	}
	addr, n, ok := writesAt(in.Bytes, fakeFrame-up)
	return ok && addr < slot+size && slot < addr+uint64(n)
}
