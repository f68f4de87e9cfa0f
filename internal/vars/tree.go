package vars

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// Expandable reports whether a value that is loaded has children to show.
func Expandable(v *proc.Variable) bool {
	if v.Unreadable != nil {
		return false
	}
	switch v.Kind {
	case reflect.UnsafePointer:
		return false
	case reflect.Pointer:
		return v.DwarfType != nil && pointsTo(v)
	case reflect.Interface:
		return v.Addr != 0 && pointsTo(v)
	case reflect.Slice, reflect.Array, reflect.Map:
		return v.Base != 0 && len(v.Children) > 0
	case reflect.Complex64, reflect.Complex128:
		return true
	}
	return len(v.Children) > 0
}

// pointsTo reports whether a pointer or interface has something in it.
func pointsTo(v *proc.Variable) bool {
	return len(v.Children) > 0 && v.Children[0].Kind != reflect.Invalid && v.Children[0].Addr != 0
}

// Missing reports whether all that a value is made of was left out.
func Missing(v *proc.Variable) bool {
	if v.Unreadable != nil {
		return false
	}
	switch v.Kind {
	case reflect.Pointer:
		return v.DwarfType != nil && pointsTo(v) && v.Children[0].OnlyAddr
	case reflect.Interface:
		return v.Addr != 0 && pointsTo(v) && v.Children[0].OnlyAddr
	case reflect.Slice, reflect.Array, reflect.Map:
		return v.Base != 0 && v.Len > 0 && len(v.Children) == 0
	case reflect.Struct, reflect.Func:
		return v.Len > 0 && len(v.Children) == 0
	}
	return false
}

// Address is the expression that denotes what is at a variable's address; "" if it
// has none.
func Address(v *proc.Variable) string {
	if v.Addr == 0 || v.DwarfType == nil || v.Flags&proc.VariableFakeAddress != 0 {
		return ""
	}
	return fmt.Sprintf("*(*%q)(%#x)", v.TypeString(), v.Addr)
}

// Indexed is how many children a value has that are known by their index: elements, or
// pairs of a map.
func Indexed(v *proc.Variable) int {
	if !isList(v.Kind) && v.Kind != reflect.Map {
		return 0
	}
	return int(v.Len)
}

func isList(k reflect.Kind) bool { return k == reflect.Slice || k == reflect.Array }

// Text reports whether a value is a list of bytes or runes, which reads as text too.
func Text(v *proc.Variable) (bytes, runes bool) {
	if !isList(v.Kind) || len(v.Children) == 0 || v.Children[0].RealType == nil {
		return false, false
	}
	kind := v.Children[0].RealType.Common().ReflectKind
	return kind == reflect.Uint8, kind == reflect.Int32
}

// Child is a child of a value.
type Child struct {
	Value *proc.Variable
	Name  string // "" if it is named after Key
	Expr  string // denotes it if the expression of the value that it belongs to does; "" if none can

	// Key is that of a pair of a map, one of which is a scalar: the pair is one child.
	Key     *proc.Variable
	KeyExpr string
}

// Children returns the children that are loaded of a value that expr denotes. first is
// the index of the first of them.
func Children(v *proc.Variable, expr string, first int) []Child {
	switch v.Kind {
	case reflect.Map:
		return pairsOf(v, expr, first)
	case reflect.Slice, reflect.Array:
		list := make([]Child, len(v.Children))
		for i := range v.Children {
			name := "[" + strconv.Itoa(first+i) + "]"
			list[i] = Child{Value: &v.Children[i], Name: name, Expr: join(expr, name)}
		}
		return list
	case reflect.Complex64, reflect.Complex128:
		return nil // has none in Delve; their texts are those of Parts
	}
	list := make([]Child, len(v.Children))
	for i := range v.Children {
		c := &v.Children[i]
		list[i] = Child{Value: c, Name: c.Name, Expr: memberExpr(v, c.Name, expr)}
	}
	return list
}

// join puts two parts of an expression together, if there is a first.
func join(expr, rest string) string {
	if expr == "" {
		return ""
	}
	return expr + rest
}

func memberExpr(v *proc.Variable, name, expr string) string {
	switch {
	case expr == "", strings.HasPrefix(name, "~"), strings.HasPrefix(name, "."):
		return "" // results without names and the compiler's own variables cannot be written
	case v.Kind == reflect.Interface:
		return expr + ".(" + name + ")"
	case v.Kind == reflect.Pointer:
		return "(*" + expr + ")"
	}
	return expr + "." + name
}

// pairsOf returns the pairs of a map: one child each if the key or the value is a scalar,
// otherwise a child for the key and one for the value.
func pairsOf(v *proc.Variable, expr string, first int) []Child {
	var list []Child
	for i := 0; i+1 < len(v.Children); i += 2 {
		key, value := &v.Children[i], &v.Children[i+1]
		keyExpr := ""
		if addr := Address(key); addr != "" {
			keyExpr = "(" + addr + ")"
		}
		valueExpr := ""
		if text, ok := literalOf(key); ok {
			valueExpr = join(expr, "["+text+"]")
		} else if keyExpr != "" {
			valueExpr = join(expr, "["+keyExpr+"]")
		}
		if compound(key) && compound(value) {
			number := strconv.Itoa(first + i/2)
			list = append(list, Child{Value: key, Name: "[key " + number + "]", Expr: keyExpr},
				Child{Value: value, Name: "[val " + number + "]", Expr: valueExpr})
			continue
		}
		list = append(list, Child{Value: value, Expr: valueExpr, Key: key, KeyExpr: keyExpr})
	}
	return list
}

// compound reports whether a value has children, or will when they are loaded.
func compound(v *proc.Variable) bool { return Expandable(v) || Missing(v) }
