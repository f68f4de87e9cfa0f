package backend

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"strconv"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/value"
)

// What a plain trace ([TraceOptions].Plain) is on. Its records are read later than they are
// made, and nobody has looked at the thread that wrote: so
//
//   - the memory is a package variable's, which is the same one for as long as the program
//     runs, and not an object's, which can be freed and be another one's at the next write;
//   - a value is all in its bytes, and one store changes it;
//   - the condition names package variables with their packages: a name alone can denote
//     something else where the write is;
//   - records say which goroutine it was.

var errNoGoroutines = errors.New("this kernel lets no program find out which goroutine it is that writes")

// plain says what speaks against a plain trace of what was prepared.
func (s *Session) plain(w *Watchpoint, scope *proc.EvalScope, points int) error {
	not := func(expr, format string, args ...any) error {
		return &ExprError{Expr: expr, Reason: fmt.Sprintf(format, args...)}
	}
	if w.whole != nil {
		return not(w.expr, "%s is watched as a whole, of which several stores can be one change", w.expr)
	}
	if !w.global {
		if _, is := inPackage(scope, w.expr, w.addr, w.size); !is {
			return not(w.expr, "%s is no package variable, and its memory can become that of something else", w.expr)
		}
	}
	if hasFunc(w.typ) {
		return not(w.expr, "%s has a function in it, whose name has to be looked up at the write", w.expr)
	}
	if w.cond == "" {
		return nil
	}
	if points > 1 {
		return not(w.cond, "%s takes %d debug registers, for each of which the condition would be evaluated", w.expr, points)
	}
	if name := unqualified(w.cond, scope); name != "" {
		return not(w.cond, "%s in the condition can be something else where the write is, unless it is a package's variable, with the package's name", name)
	}
	return nil
}

// hasFunc reports whether there are func values in a type, of which only memory elsewhere
// tells what they are.
func hasFunc(t godwarf.Type) bool {
	switch u := value.Underlying(t).(type) {
	case *godwarf.FuncType:
		return true
	case *godwarf.ArrayType:
		return hasFunc(u.Type)
	case *godwarf.StructType:
		for _, f := range u.Field {
			if hasFunc(f.Type) {
				return true
			}
		}
	}
	return false
}

// unqualified is a name in a condition that does not denote the same wherever that is
// evaluated; "" if there is none.
func unqualified(cond string, scope *proc.EvalScope) (name string) {
	tree, err := parser.ParseExpr(cond)
	if err != nil {
		return cond
	}
	text := func(n ast.Node) string { return cond[n.Pos()-1 : n.End()-1] } // positions count from 1
	var look func(n ast.Node) bool
	look = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			switch x := n.X.(type) {
			case *ast.BasicLit: // "example.org/bank".total
			case *ast.Ident:
				if name == "" && text(n) != "runtime.curg" && text(n) != "runtime.threadid" && !ofPackage(scope, x.Name, n.Sel.Name) {
					name = text(n)
				}
			default:
				ast.Inspect(x, look)
			}
			return false // names behind a dot are those of fields
		case *ast.Ident:
			_, err := scope.EvalExpression(n.Name, proc.LoadConfig{})
			ours := n.Name == "old" || n.Name == "new"
			if known := ours || types.Universe.Lookup(n.Name) != nil; name == "" && (!known || ours && err == nil) {
				name = n.Name
			}
		}
		return true
	}
	ast.Inspect(tree, look)
	return name
}

// ofPackage reports whether a package has a variable of that name, or a constant. It does so
// wherever the thread stands that is asked: a program that runs can be stopped outside of Go.
func ofPackage(scope *proc.EvalScope, pkg, name string) bool {
	_, err := scope.EvalExpression(strconv.Quote(pkg)+"."+name, proc.LoadConfig{})
	return err == nil
}
