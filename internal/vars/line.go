package vars

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-delve/delve/pkg/proc"
)

// Style is how values are written.
type Style struct {
	Raw bool // strings as they are, not quoted
	Max int  // how many bytes of text; what is longer ends with "..." behind them. 0: no bound

	// Read reads the program's memory, all of buf. It may be nil; complex numbers that
	// are not finite are unknown then.
	Read func(buf []byte, addr uint64) error
}

// Line writes a value in one line.
func Line(v *proc.Variable, st Style) string {
	w := writer{Style: st}
	w.value(v, with{kind: true, top: true})
	return Cut(w.String(), st.Max)
}

// Cut shortens a text to max bytes or a little less, so that no character is torn, and
// says so by three dots behind it. 0 is no bound.
func Cut(text string, max int) string {
	if max <= 0 || len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return text[:max] + "..."
}

// OptimizedOut reports whether a variable has no value at this place of the program
// because the compiler keeps it nowhere.
func OptimizedOut(v *proc.Variable) bool {
	if v.Unreadable == nil {
		return false
	}
	text := v.Unreadable.Error()
	return text == "empty OP stack" || strings.HasPrefix(text, "could not find loclist entry at ")
}

// with is what a value is written with.
type with struct {
	kind bool // its type in front
	top  bool // it is not part of another
}

type writer struct {
	Style
	strings.Builder
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(w, format, args...) }

// full reports whether more text would be cut off again.
func (w *writer) full() bool { return w.Max > 0 && w.Len() > w.Max }

func (w *writer) value(v *proc.Variable, as with) {
	if OptimizedOut(v) {
		w.WriteString("(optimized out)")
		return
	}
	if v.Unreadable != nil {
		w.printf("(unreadable %v)", v.Unreadable)
		return
	}
	typ := typeName(v)
	if !as.top && v.Addr == 0 && valueText(v) == "" {
		if as.kind && typ != "void" && typ != "" {
			w.printf("%s ", typ)
		}
		w.WriteString("nil")
		return
	}
	switch v.Kind {
	case reflect.Slice:
		if as.kind {
			w.printf("%s len: %d, cap: %d, ", typ, v.Len, v.Cap)
		}
		w.list(v)
	case reflect.Array, reflect.Map:
		if as.kind {
			w.printf("%s ", typ)
		}
		if v.Kind == reflect.Map {
			w.pairs(v)
		} else {
			w.list(v)
		}
	case reflect.Pointer:
		w.pointer(v, typ, as)
	case reflect.UnsafePointer:
		if len(v.Children) == 0 {
			w.WriteString("unsafe.Pointer(nil)")
		} else {
			w.printf("unsafe.Pointer(%#x)", v.Children[0].Addr)
		}
	case reflect.Chan:
		w.printf("%s ", typ)
		if len(v.Children) < 2 { // the first two fields of the runtime's hchan: qcount, dataqsiz
			w.WriteString("nil")
		} else {
			w.printf("%s/%s", valueText(&v.Children[0]), valueText(&v.Children[1]))
		}
	case reflect.Struct:
		w.structure(v, typ, as)
	case reflect.Interface:
		w.iface(v, typ, as)
	default:
		w.scalar(v)
	}
}

func (w *writer) scalar(v *proc.Variable) {
	switch text := valueText(v); {
	case v.Kind == reflect.String:
		if more := v.Len - int64(len(text)); more != 0 {
			text += fmt.Sprintf("...+%d more", more)
		}
		if !w.Raw {
			text = strconv.Quote(text)
		}
		w.WriteString(text)
	case v.Kind == reflect.Func && text == "":
		w.WriteString("nil")
	case v.Kind == reflect.Complex64, v.Kind == reflect.Complex128:
		w.WriteString(w.complex(v))
	case text == "":
		w.printf("(unknown %s)", v.Kind)
	default:
		w.WriteString(text)
	}
}

// pointer writes a pointer: what it points to, or where.
func (w *writer) pointer(v *proc.Variable, typ string, as with) {
	switch {
	case typ == "" || len(v.Children) == 0:
		w.WriteString("nil")
	case v.Children[0].OnlyAddr && v.Children[0].Addr != 0:
		w.printf("(%s)(%#x)", quotePath(typ), v.Children[0].Addr)
	default:
		w.WriteByte('*')
		w.value(&v.Children[0], with{kind: as.kind})
	}
}

func (w *writer) structure(v *proc.Variable, typ string, as with) {
	if text := stringOf(v); text != "" { // the time of a time.Time
		w.printf("%s(%s)", typ, text)
		as.kind = false
	}
	if v.Len != 0 && len(v.Children) == 0 {
		w.printf("(*%s)(%#x)", quotePath(typ), v.Addr)
		return
	}
	if as.kind {
		w.printf("%s ", typ)
	}
	w.WriteByte('{')
	for i := range v.Children {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(v.Children[i].Name + ": ")
		w.value(&v.Children[i], with{kind: true})
		if w.full() {
			return
		}
	}
	w.more(len(v.Children), v.Len)
	w.WriteByte('}')
}

func (w *writer) list(v *proc.Variable) {
	if v.Kind == reflect.Slice && v.Base == 0 && len(v.Children) == 0 {
		w.WriteString("nil")
		return
	}
	w.WriteByte('[')
	for i := range v.Children {
		if i > 0 {
			w.WriteByte(',')
		}
		w.value(&v.Children[i], with{})
		if w.full() {
			return
		}
	}
	w.more(len(v.Children), v.Len)
	w.WriteByte(']')
}

func (w *writer) pairs(v *proc.Variable) {
	if v.Base == 0 && len(v.Children) == 0 {
		w.WriteString("nil")
		return
	}
	w.WriteByte('[')
	for i := 0; i+1 < len(v.Children); i += 2 {
		w.value(&v.Children[i], with{})
		w.WriteString(": ")
		w.value(&v.Children[i+1], with{})
		w.WriteString(", ")
		if w.full() {
			return
		}
	}
	if shown := len(v.Children) / 2; shown == 0 {
		w.more(shown, v.Len)
	} else if int64(shown) < v.Len {
		w.printf("...+%d more", v.Len-int64(shown))
	}
	w.WriteByte(']')
}

// more says how many are not shown.
func (w *writer) more(shown int, total int64) {
	switch {
	case int64(shown) == total:
	case shown == 0:
		w.WriteString("...")
	default:
		w.printf(",...+%d more", total-int64(shown))
	}
}

// iface writes an interface: its type, that of what it holds, and that. The second is
// written by what it holds where the first is known from around it.
func (w *writer) iface(v *proc.Variable, typ string, as with) {
	if v.Addr == 0 || len(v.Children) == 0 { // a variable that has escaped, and is not there yet
		w.WriteString("nil")
		return
	}
	data := &v.Children[0]
	if as.kind {
		if data.Kind == reflect.Invalid {
			w.printf("%s ", typ)
			if data.Addr == 0 {
				w.WriteString("nil")
				return
			}
		} else {
			w.printf("%s(%s) ", typ, typeName(data))
		}
	}
	if data.Kind == reflect.Pointer {
		switch {
		case len(data.Children) == 0:
			w.WriteString("...")
			return
		case data.Children[0].Addr == 0:
			w.WriteString("nil")
			return
		case data.Children[0].OnlyAddr:
			w.printf("%#x", data.Addr)
			return
		}
	} else if data.OnlyAddr {
		w.printf("*(*%s)(%#x)", quotePath(typ), v.Addr)
		return
	}
	w.value(data, with{kind: !as.kind})
}

// quotePath quotes a type that is qualified by more than a name: expressions have it so.
func quotePath(typ string) string {
	if strings.Contains(typ, "/") {
		return strconv.Quote(typ)
	}
	return typ
}
