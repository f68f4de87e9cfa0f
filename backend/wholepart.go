package backend

import (
	"fmt"
	"go/ast"
	"go/constant"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/value"
)

// inEntry is a field or an array's element in an entry of a map. It moves with the entry.
type inEntry struct {
	path string // from the entry on: ".Field[2]"
	typ  godwarf.Type
}

// partAt finds the part of an entry of type t that steps lead to, the first of which is the
// last. There is none if they leave the entry, as through a pointer.
func (s *Session) partAt(scope *proc.EvalScope, expr string, t godwarf.Type, steps []ast.Expr) (*inEntry, error) {
	p := &inEntry{typ: t}
	for _, step := range slices.Backward(steps) {
		switch x := step.(type) {
		case *ast.SelectorExpr:
			path, ft := fieldOf(p.typ, x.Sel.Name, 0)
			st, is := value.Underlying(p.typ).(*godwarf.StructType)
			if ft == nil && is && !slices.ContainsFunc(st.Field, func(f *godwarf.StructField) bool { return f.Embedded }) {
				return nil, &ExprError{Expr: expr, Reason: fmt.Sprintf("%s: %s has no field %s", expr, value.TypeName(p.typ), x.Sel.Name)}
			}
			if ft == nil {
				return nil, nil
			}
			p.path, p.typ = p.path+path, ft
		case *ast.IndexExpr:
			at, ok := value.Underlying(p.typ).(*godwarf.ArrayType)
			v, err := scope.EvalExpression(partOf(expr, x.Index), proc.LoadConfig{})
			if !ok || err != nil || v.Value == nil || v.Value.Kind() != constant.Int {
				return nil, nil
			}
			i, _ := constant.Int64Val(v.Value)
			if i < 0 || i >= value.Count(at) {
				return nil, nil
			}
			p.path, p.typ = p.path+"["+strconv.FormatInt(i, 10)+"]", at.Type
		}
	}
	return p, nil
}

// maxEmbedded is how deep embedded structs are looked through.
const maxEmbedded = 8

// fieldOf finds a field of a struct, or of one that is embedded in it.
func fieldOf(t godwarf.Type, name string, depth int) (path string, typ godwarf.Type) {
	st, ok := value.Underlying(t).(*godwarf.StructType)
	if !ok || depth > maxEmbedded {
		return "", nil
	}
	for _, f := range st.Field {
		if f.Name == name {
			return "." + name, f.Type
		}
	}
	for _, f := range st.Field {
		if f.Embedded {
			if path, typ := fieldOf(f.Type, name, depth+1); typ != nil {
				return "." + f.Name + path, typ
			}
		}
	}
	return "", nil
}

// within are the changes that concern the part of an entry that is watched: those in it,
// and those of the entry as a whole.
func (o *whole) within(list []Change) []Change {
	if o.part == nil {
		return list
	}
	entry := o.object.EntryPath()
	return slices.DeleteFunc(list, func(c Change) bool {
		return c.Path != entry && !o.concerns(c.Path)
	})
}

// concerns reports whether a path is of the part of an entry that is watched.
func (o *whole) concerns(path string) bool {
	if o.part == nil {
		return true
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(path, "*("), o.object.EntryPath()+o.part.path)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], ".[)"))
}
