package value

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"pgregory.net/rapid"
)

type color int8

var scalars = []reflect.Type{
	reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[int8](), reflect.TypeFor[int16](), reflect.TypeFor[int32](),
	reflect.TypeFor[int64](), reflect.TypeFor[uint](), reflect.TypeFor[byte](), reflect.TypeFor[uint16](), reflect.TypeFor[uint32](),
	reflect.TypeFor[uint64](), reflect.TypeFor[uintptr](), reflect.TypeFor[float32](), reflect.TypeFor[float64](),
	reflect.TypeFor[complex64](), reflect.TypeFor[complex128](), reflect.TypeFor[color](), reflect.TypeFor[time.Duration](),
	reflect.TypeFor[*int](), reflect.TypeFor[rawPointer](), reflect.TypeFor[func()](), reflect.TypeFor[struct{}](),
}

func drawType(t *rapid.T, depth int) reflect.Type {
	shape := 0
	if depth > 0 {
		shape = rapid.IntRange(0, 2).Draw(t, "shape")
	}
	switch shape {
	case 1:
		return reflect.ArrayOf(rapid.IntRange(0, 5).Draw(t, "len"), drawType(t, depth-1))
	case 2:
		var fields []reflect.StructField
		for i := range rapid.IntRange(0, 5).Draw(t, "fields") {
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: drawType(t, depth-1)})
		}
		return reflect.StructOf(fields)
	}
	return rapid.SampledFrom(scalars).Draw(t, "scalar")
}

// fill sets every number in v; pointers and funcs stay nil, for their text
// differs from fmt's by design.
func fill(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int"))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(rapid.Uint64().Draw(t, "uint"))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(drawFloat(t))
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(drawFloat(t), drawFloat(t)))
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	}
}

func drawFloat(t *rapid.T) float64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1.5, 1e20, 1e21, 1e-5, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}
	if rapid.Bool().Draw(t, "special") {
		return rapid.SampledFrom(special).Draw(t, "float")
	}
	return math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
}

func TestFormatIsFmt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := reflect.New(drawType(t, 3)).Elem()
		fill(t, v)
		want := strings.ReplaceAll(fmt.Sprintf("%+v", v.Interface()), "<nil>", "nil")
		if got := Format(dwarfOf(v.Type()), bytesOf(v), nil); got != want {
			t.Fatalf("%v: got %s, fmt says %s", v.Type(), got, want)
		}
	})
}

func TestFormat(t *testing.T) {
	type inner struct {
		B color
		time.Duration
	}
	type outer struct {
		A int
		inner
		p *int
	}
	n := 1
	address := fmt.Sprintf("%p", &n)
	for _, c := range []struct {
		value any
		want  string
	}{
		{-5, "-5"},
		{byte(65), "65"},
		{true, "true"},
		{color(-3), "-3"},
		{0.1, "0.1"},
		{float32(0.1), "0.1"},
		{1e6, "1e+06"},
		{1 + 2i, "(1+2i)"},
		{complex64(-1 - 2i), "(-1-2i)"},
		{complex(0, math.Inf(1)), "(0+Infi)"},
		{complex(math.NaN(), math.NaN()), "(NaN+NaNi)"},
		{1500 * time.Millisecond, "1.5s"},
		{(*int)(nil), "nil"},
		{&n, address},
		{rawPointer(&n), address},
		{[3]int{1, 2, 3}, "[1 2 3]"},
		{[2][2]bool{{true, false}, {}}, "[[true false] [false false]]"},
		{[0]int{}, "[]"},
		{struct{}{}, "{}"},
		{outer{1, inner{2, time.Second}, nil}, "{A:1 inner:{B:2 Duration:1s} p:nil}"},
		{struct {
			_ [0]func()
			v int64
			_ struct{}
			_ int8
		}{v: 7}, "{v:7 _:0}"},
		{"text", "<string>"},
		{[]int{1}, "<[]int>"},
		{map[int]int(nil), "nil"},
	} {
		v := reflect.ValueOf(c.value)
		if got := Format(dwarfOf(v.Type()), bytesOf(v), nil); got != c.want {
			t.Errorf("%T: got %s, want %s", c.value, got, c.want)
		}
	}
}

func TestFormatForeignTypes(t *testing.T) {
	basic := func(n int64) godwarf.BasicType { return godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: n}} }
	u8 := &godwarf.UcharType{BasicType: basic(1)}
	for _, c := range []struct {
		name string
		t    godwarf.Type
		b    []byte
		want string
	}{
		{"signed char", &godwarf.CharType{BasicType: basic(1)}, []byte{0xff}, "-1"},
		{"unsigned char", u8, []byte{0xff}, "255"},
		{"enum", &godwarf.EnumType{CommonType: godwarf.CommonType{ByteSize: 4}}, []byte{2, 0, 0, 0}, "2"},
		{"volatile", &godwarf.QualType{Qual: "volatile", Type: u8}, []byte{7}, "7"},
		{"type parameter", &godwarf.ParametricType{TypedefType: godwarf.TypedefType{Type: u8}}, []byte{7}, "7"},
		{"__int128", &godwarf.IntType{BasicType: basic(16)}, []byte{0xcd, 0xab, 15: 0x12}, "0x1200000000000000000000000000abcd"},
		{"half float", &godwarf.FloatType{BasicType: basic(2)}, []byte{0, 0x3c}, "0x3c00"},
		{"long double complex", &godwarf.ComplexType{BasicType: basic(2)}, []byte{1, 2}, "0x0201"},
		{"bit field", &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 1}, Field: []*godwarf.StructField{{Name: "f", Type: u8, BitSize: 3}}}, []byte{1}, "{f:<bit field>}"},
		{"field before", &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 1}, Field: []*godwarf.StructField{{Name: "f", Type: u8, ByteOffset: -1}}}, []byte{1}, "{f:<unreadable>}"},
		{"field outside", &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: 1}, Field: []*godwarf.StructField{{Name: "f", Type: u8, ByteOffset: 9}}}, []byte{1}, "{f:<unreadable>}"},
		{"array whose count godwarf zeroed", &godwarf.ArrayType{CommonType: godwarf.CommonType{ByteSize: 3}, Type: u8}, []byte{1, 2, 3}, "[1 2 3]"},
		{"inner array without a size", &godwarf.ArrayType{CommonType: godwarf.CommonType{ByteSize: 4}, Type: &godwarf.ArrayType{Type: u8, Count: 2}, Count: 2}, []byte{1, 2, 3, 4}, "[[1 2] [3 4]]"},
		{"array too large to be", &godwarf.ArrayType{Type: &godwarf.ArrayType{Type: u8, Count: 1 << 40}, Count: 1 << 40}, nil, "<unreadable>"},
		{"no type", nil, []byte{1}, "<unreadable>"},
		{"no size", &godwarf.StructType{CommonType: godwarf.CommonType{ByteSize: -1}}, []byte{1}, "<unreadable>"},
		{"void", &godwarf.VoidType{}, []byte{1}, "0x"},
	} {
		if got := Format(c.t, c.b, nil); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFormatShortAndLong(t *testing.T) {
	ty := dwarfOf(reflect.TypeFor[int32]())
	for n, want := range []string{"<unreadable>", "<unreadable>", "<unreadable>", "<unreadable>", "1", "1"} {
		if got := Format(ty, []byte{1, 0, 0, 0, 9}[:n], nil); got != want {
			t.Errorf("%d bytes: got %s, want %s", n, got, want)
		}
	}
}

func TestFormatCutsLongText(t *testing.T) {
	// Elements without size: nothing but MaxText ends this one.
	endless := &godwarf.ArrayType{Type: dwarfOf(reflect.TypeFor[struct{}]()), Count: 1 << 50}
	self := &godwarf.StructType{}
	self.Field = []*godwarf.StructField{{Name: "self", Type: self}}
	for name, ty := range map[string]godwarf.Type{
		"array":           dwarfOf(reflect.TypeFor[[1 << 16]byte]()),
		"endless array":   endless,
		"contains itself": self,
	} {
		got := Format(ty, make([]byte, 1<<16), nil)
		if !strings.Contains(got, "...") {
			t.Errorf("%s: not cut", name)
		}
		if len(got) > 2*MaxText {
			t.Errorf("%s: %d bytes of text", name, len(got))
		}
	}
	loop := &godwarf.TypedefType{}
	loop.Type = loop
	if got := Format(loop, []byte{1}, nil); got != "<unreadable>" {
		t.Errorf("type defined as itself: %s", got)
	}
}

func TestAppendFormatKeepsPrefix(t *testing.T) {
	prefix := make([]byte, 2*MaxText)
	got := AppendFormat(prefix, dwarfOf(reflect.TypeFor[[2]int8]()), []byte{1, 2}, nil)
	if tail := string(got[len(prefix):]); tail != "[1 2]" {
		t.Errorf("after a long prefix: %q", tail)
	}
}

// memory is an Env with one closure object at 0x1000.
type memory struct{ code uint64 }

func (m memory) FuncName(pc uint64) string {
	if pc == 0x401000 {
		return "main.deposit"
	}
	return ""
}

func (m memory) ReadMemory(buf []byte, addr uint64) (int, error) {
	if addr != 0x1000 {
		return 0, errors.New("not mapped")
	}
	return copy(buf, binary.LittleEndian.AppendUint64(nil, m.code)), nil
}

func TestFormatFunc(t *testing.T) {
	for _, c := range []struct {
		word uint64
		env  Env
		want string
	}{
		{0, memory{0x401000}, "nil"},
		{0x1000, memory{0x401000}, "main.deposit"},
		{0x1000, memory{0x402000}, "0x1000"},
		{0x2000, memory{0x401000}, "0x2000"},
		{0x1000, nil, "0x1000"},
	} {
		if got := Format(dwarfOf(reflect.TypeFor[func()]()), binary.LittleEndian.AppendUint64(nil, c.word), c.env); got != c.want {
			t.Errorf("%#x: got %s, want %s", c.word, got, c.want)
		}
	}
}

func TestAppendFormatAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 128)
	for _, ty := range scalars {
		d, b := dwarfOf(ty), bytesOf(reflect.New(ty).Elem())
		for i := range b {
			b[i] = 0x41
		}
		if ty.Kind() == reflect.Func {
			continue // reads the closure through an interface
		}
		if n := testing.AllocsPerRun(100, func() { dst = AppendFormat(dst[:0], d, b, nil) }); n != 0 {
			t.Errorf("%v: %v allocations", ty, n)
		}
	}
}

func FuzzFormat(f *testing.F) {
	types := append([]reflect.Type{
		reflect.TypeFor[[3]int](), reflect.TypeFor[[2]struct {
			A bool
			B [2]float32
			F func()
			D time.Duration
		}](), reflect.TypeFor[string](), reflect.TypeFor[any](),
	}, scalars...)
	for i := range types {
		f.Add(uint8(i), []byte{})
		f.Add(uint8(i), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	}
	f.Fuzz(func(t *testing.T, i uint8, b []byte) {
		ty := types[int(i)%len(types)]
		got := Format(dwarfOf(ty), b, memory{0x401000})
		if short := len(b) < int(ty.Size()); short != (got == unreadable) {
			t.Errorf("%v from %d bytes: %s", ty, len(b), got)
		}
	})
}

func BenchmarkAppendFormatInt(b *testing.B) {
	t, bytes := dwarfOf(reflect.TypeFor[int]()), bytesOf(reflect.ValueOf(123456789))
	dst := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendFormat(dst[:0], t, bytes, nil)
	}
}

// noEnv is an Env that nobody is to ask.
type noEnv struct{ t *testing.T }

func (e noEnv) FuncName(uint64) string {
	e.t.Error("the text of a scalar takes an Env")
	return ""
}

func (e noEnv) ReadMemory([]byte, uint64) (int, error) {
	e.t.Error("the text of a scalar takes memory")
	return 0, errors.New("none")
}

func TestScalar(t *testing.T) {
	for _, c := range append(slices.Clone(scalars), reflect.TypeFor[[2]int](), reflect.TypeFor[struct{ F func() }](), reflect.TypeFor[string]()) {
		ty := dwarfOf(c)
		want := !slices.Contains([]reflect.Kind{reflect.Func, reflect.Struct, reflect.Array, reflect.String}, c.Kind())
		if got := Scalar(ty); got != want {
			t.Errorf("%v: %v", c, got)
		}
		if want {
			b := bytes.Repeat([]byte{0x81}, int(c.Size()))
			if got, want := Format(ty, b, noEnv{t}), Format(ty, b, nil); got != want || got == "" {
				t.Errorf("%v: %q, %q", c, got, want)
			}
		}
	}
	if Scalar(nil) {
		t.Error("nothing is no scalar")
	}
}
