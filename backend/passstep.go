package backend

import (
	"go/ast"
	"go/token"
	"strconv"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// passesStep reports whether a thread has come to a breakpoint of a step that is another
// goroutine's. Delve sets those of a step wherever it may lead, and would have the whole
// program stopped for every goroutine that comes by, to find out that it is not the one.
func (s *Session) passesStep(th *glue.Thread, addr uint64) bool {
	bp := s.target.Breakpoints().M[addr]
	if bp == nil || len(bp.Breaklets) == 0 {
		return false
	}
	running, err := s.goroutineIDOn(th)
	if err != nil || running == 0 { // Delve knows what it makes of that
		return false
	}
	for _, b := range bp.Breaklets {
		if id, ok := stepOf(b); !ok || id == running {
			return false
		}
	}
	return true
}

// stepOf is the one goroutine for which a breakpoint is, if it is only for one.
func stepOf(b *proc.Breaklet) (id int64, ok bool) {
	if b.Kind == proc.UserBreakpoint {
		return 0, false
	}
	return onlyFor(b.Cond)
}

// onlyFor is the goroutine that a condition is about: it is false for all others.
func onlyFor(cond ast.Expr) (id int64, ok bool) {
	both, isBinary := cond.(*ast.BinaryExpr)
	if !isBinary {
		return 0, false
	}
	switch both.Op {
	case token.LAND:
		if id, ok = onlyFor(both.X); !ok {
			id, ok = onlyFor(both.Y)
		}
	case token.EQL:
		goid, isField := both.X.(*ast.SelectorExpr)
		n, isNumber := both.Y.(*ast.BasicLit)
		if !isField || !isNumber || goid.Sel.Name != "goid" {
			return 0, false
		}
		curg, isField := goid.X.(*ast.SelectorExpr)
		if !isField || curg.Sel.Name != "curg" {
			return 0, false
		}
		if pkg, isName := curg.X.(*ast.Ident); !isName || pkg.Name != "runtime" {
			return 0, false
		}
		var err error
		id, err = strconv.ParseInt(n.Value, 0, 64)
		ok = err == nil
	}
	return id, ok
}
