package object

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/value"
)

var scalars = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](),
	reflect.TypeFor[byte](), reflect.TypeFor[uint64](), reflect.TypeFor[float64](), reflect.TypeFor[complex128](), reflect.TypeFor[string](),
	reflect.TypeFor[any](), reflect.TypeFor[struct{}](),
}

func drawType(t *rapid.T, depth int) reflect.Type {
	shape := 0
	if depth > 0 {
		shape = rapid.IntRange(0, 4).Draw(t, "shape")
	}
	switch shape {
	case 1:
		return reflect.ArrayOf(rapid.IntRange(0, 4).Draw(t, "len"), drawType(t, depth-1))
	case 2:
		var fs []reflect.StructField
		for i := range rapid.IntRange(0, 4).Draw(t, "fields") {
			fs = append(fs, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: drawType(t, depth-1)})
		}
		return reflect.StructOf(fs)
	case 3:
		return reflect.SliceOf(drawType(t, depth-1))
	case 4:
		return reflect.PointerTo(drawType(t, depth-1))
	}
	return rapid.SampledFrom(scalars).Draw(t, "scalar")
}

// fill gives v a value that shares no memory with any other.
func fill(t *rapid.T, v reflect.Value, m ownMemory, depth int) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int32:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint8, reflect.Uint16, reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Complex128:
		v.SetComplex(complex(rapid.Float64().Draw(t, "re"), 1))
	case reflect.String:
		v.SetString(rapid.StringN(0, 12, 80).Draw(t, "string"))
	case reflect.Interface:
		if depth <= 0 || rapid.Bool().Draw(t, "nil") {
			v.SetZero()
			return
		}
		held := reflect.New(drawType(t, 1)).Elem()
		fill(t, held, m, depth-1)
		m.describe(held.Type())
		v.Set(held)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), m, depth)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), m, depth)
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 4).Draw(t, "n")
		v.Set(reflect.MakeSlice(v.Type(), n, n+rapid.IntRange(0, 2).Draw(t, "spare")))
		for i := range n {
			fill(t, v.Index(i), m, depth)
		}
	case reflect.Pointer:
		v.SetZero()
		if depth > 0 && rapid.Bool().Draw(t, "set") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), m, depth-1)
		}
	}
}

// write changes one random part of v, and returns its path and kind; "" if there is
// nothing to write.
func write(t *rapid.T, v reflect.Value, path string, m ownMemory) (string, reflect.Kind) {
	k := v.Kind()
	switch k {
	case reflect.Struct:
		if v.NumField() == 0 {
			return "", k
		}
		i := rapid.IntRange(0, v.NumField()-1).Draw(t, "field")
		return write(t, v.Field(i), path+"."+v.Type().Field(i).Name, m)
	case reflect.Array:
		if v.Len() == 0 {
			return "", k
		}
		i := rapid.IntRange(0, v.Len()-1).Draw(t, "index")
		return write(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i), m)
	case reflect.Slice:
		if v.Len() > 0 && rapid.Bool().Draw(t, "element") {
			i := rapid.IntRange(0, v.Len()-1).Draw(t, "index")
			return write(t, v.Index(i), fmt.Sprintf("%s[%d]", path, i), m)
		}
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0, 1:
			more := reflect.New(v.Type().Elem()).Elem()
			fill(t, more, m, 1)
			v.Set(reflect.Append(v, more))
		case 2:
			i := rapid.IntRange(0, v.Len()).Draw(t, "from")
			v.Set(v.Slice(i, rapid.IntRange(i, v.Len()).Draw(t, "to")))
		case 3:
			fill(t, v, m, 1)
		}
		return path, k
	case reflect.Pointer:
		if !v.IsNil() && rapid.Bool().Draw(t, "follow") {
			return write(t, v.Elem(), pointee(path, dwarfOf(v.Type().Elem())), m)
		}
	}
	if v.Type().Size() == 0 {
		return "", k
	}
	fill(t, v, m, 2)
	return path, k
}

// TestAnyValue: whatever is written to a value of whatever type, what is known of it is
// what is there, the ranges are those that would be watched if it were looked at for the
// first time, and the one part that was written is told by its path.
func TestAnyValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ownMemory{map[uint64]reflect.Type{}}
		v := reflect.New(drawType(t, 4)).Elem()
		if v.Type().Size() == 0 {
			t.Skip("nothing to watch")
		}
		fill(t, v, m, 3)
		ty := dwarfOf(v.Type())
		w := watch(t, m, func() (*Object, error) {
			return Resolve("v", ty, uint64(v.Addr().Pointer()), m, Options{Follow: -1})
		})
		for range rapid.IntRange(1, 8).Draw(t, "writes") {
			before := allText(w.Object)
			path, kind := write(t, v, "v", m)
			u := w.changed(t)
			if after := allText(w.Object); (before != after) && len(u.Changes) == 0 {
				t.Fatalf("%s: %s -> %s, and nothing is told", path, before, after)
			}
			if len(u.Changes) > 1 || u.More > 0 {
				t.Fatalf("%s: one write, and told is %q", path, lines(u))
			}
			for _, c := range u.Changes {
				if c.Path != path {
					t.Fatalf("%s was written, and told is %q", path, c)
				}
				if c.Kind != Set && c.Kind != Moved && kind != reflect.Slice {
					t.Fatalf("a %s: %q", kind, c)
				}
			}
		}
	})
}

// TestScalarTexts: a number's old and new value read as internal/value has it.
func TestScalarTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ownMemory{}
		v := reflect.New(rapid.SampledFrom(scalars[:9]).Draw(t, "type")).Elem()
		fill(t, v, m, 0)
		ty := dwarfOf(v.Type())
		o, err := Resolve("v", ty, uint64(v.Addr().Pointer()), m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		old := value.Format(ty, o.root.old, m)
		fill(t, v, m, 0)
		u := o.Changed(o.Ranges()...)
		if now := value.Format(ty, o.root.old, m); len(u.Changes) > 0 {
			if c := u.Changes[0]; c.Old != old || c.New != now || c.String() != "v: "+old+" -> "+now {
				t.Fatalf("%s, want %s -> %s", c, old, now)
			}
		} else if old != now {
			t.Fatalf("%s -> %s is not told", old, now)
		}
	})
}
