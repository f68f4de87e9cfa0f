package vars

import (
	"errors"
	"go/constant"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"
	"pgregory.net/rapid"
)

// typed is a type that has a name.
func typed(name string) godwarf.Type {
	return &godwarf.StructType{CommonType: godwarf.CommonType{Name: name, ByteSize: 8}, StructName: name, Kind: "struct"}
}

func integer(n int64) proc.Variable {
	return proc.Variable{Kind: reflect.Int, Addr: 8, Value: constant.MakeInt64(n), DwarfType: typed("int")}
}

func TestLine(t *testing.T) {
	one := integer(1)
	for want, v := range map[string]*proc.Variable{
		"1":                                    &one,
		"(unreadable gone)":                    {Kind: reflect.Int, Unreadable: errors.New("gone")},
		"(optimized out)":                      {Kind: reflect.Int, Unreadable: errors.New("empty OP stack")},
		"(unknown int)":                        {Kind: reflect.Int, Addr: 8},
		"(unknown invalid)":                    {},
		"(unknown complex64)":                  {Kind: reflect.Complex64, Addr: 8},
		"nil":                                  {Kind: reflect.Pointer, Children: []proc.Variable{{OnlyAddr: true}}},
		"unsafe.Pointer(nil)":                  {Kind: reflect.UnsafePointer},
		"main.I nil":                           {Kind: reflect.Interface, Addr: 8, DwarfType: typed("main.I"), Children: []proc.Variable{{}}},
		"[]int len: 9, cap: 9, [1,...+8 more]": {Kind: reflect.Slice, Addr: 8, Base: 8, Len: 9, Cap: 9, DwarfType: typed("[]int"), Children: []proc.Variable{one}},
		"[]int len: 9, cap: 9, [...]":          {Kind: reflect.Slice, Addr: 8, Base: 8, Len: 9, Cap: 9, DwarfType: typed("[]int")},
		"map[int]int [...]":                    {Kind: reflect.Map, Addr: 8, Base: 8, Len: 9, DwarfType: typed("map[int]int")},
		"map[int]int [1: 1, ...+8 more]":       {Kind: reflect.Map, Addr: 8, Base: 8, Len: 9, DwarfType: typed("map[int]int"), Children: []proc.Variable{one, one}},
		"(*main.T)(0x8)":                       {Kind: reflect.Struct, Addr: 8, Len: 2, DwarfType: typed("main.T")},
		`(*"net/http.T")(0x8)`:                 {Kind: reflect.Struct, Addr: 8, Len: 2, DwarfType: typed("net/http.T")},
		"(*main.T)(0x10)":                      {Kind: reflect.Pointer, Addr: 8, DwarfType: typed("*main.T"), Children: []proc.Variable{{OnlyAddr: true, Addr: 16}}},
		`"a...+2 more"`:                        {Kind: reflect.String, Addr: 8, Len: 3, Value: constant.MakeString("a")},
	} {
		if got := Line(v, Style{}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		max  int
		want string
	}{{"abc", 0, "abc"}, {"abc", 3, "abc"}, {"abcd", 3, "abc..."}, {"aé", 2, "a..."}, {"世", 1, "..."}, {"", 1, ""}} {
		if got := Cut(c.text, c.max); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.text, c.max, got, c.want)
		}
	}
}

// anything draws a variable that Delve could have loaded, or never would: all kinds with
// any children, with and without type, value, address and error.
func anything(t *rapid.T, depth int) proc.Variable {
	v := proc.Variable{
		Name: rapid.StringMatching(`[~.]?[a-zé]{0,4}`).Draw(t, "name"),
		Kind: reflect.Kind(rapid.IntRange(0, int(reflect.UnsafePointer)).Draw(t, "kind")),
		Addr: rapid.SampledFrom([]uint64{0, 1, 0xc000010000, 1<<64 - 1}).Draw(t, "addr"),
		Base: rapid.SampledFrom([]uint64{0, 0xc000010000}).Draw(t, "base"),
		Len:  rapid.Int64Range(-1, 5).Draw(t, "len"), Cap: rapid.Int64().Draw(t, "cap"),
		OnlyAddr: rapid.Bool().Draw(t, "only addr"),
	}
	switch rapid.IntRange(0, 7).Draw(t, "value") {
	case 0:
		v.Value = constant.MakeInt64(rapid.Int64().Draw(t, "int"))
	case 1:
		v.Value = constant.MakeUint64(rapid.Uint64().Draw(t, "uint"))
	case 2:
		v.Value = constant.MakeFloat64(rapid.Float64().Draw(t, "float"))
	case 3:
		text := rapid.StringMatching(`[a-z]{0,8}`) // of functions and registers
		if v.Kind == reflect.String {
			text = rapid.String()
		}
		v.Value = constant.MakeString(text.Draw(t, "string"))
	case 4:
		v.Value = constant.MakeBool(rapid.Bool().Draw(t, "bool"))
	case 5:
		v.Value = constant.MakeUnknown()
	case 6:
		v.Value = constant.ToComplex(constant.MakeInt64(2))
	}
	if rapid.Bool().Draw(t, "typed") {
		v.DwarfType = typed(rapid.StringMatching(`(\*|\[\])?([a-z]{1,3}/){0,3}[a-z]{1,3}\.T`).Draw(t, "type"))
		v.RealType = v.DwarfType
	}
	if rapid.IntRange(0, 9).Draw(t, "unreadable") == 0 {
		v.Unreadable = errors.New("unreadable")
	}
	if depth > 0 {
		for range rapid.IntRange(0, 4).Draw(t, "children") {
			v.Children = append(v.Children, anything(t, depth-1))
		}
	}
	return v
}

// TestAnything: whatever is there, it can be shown, in one line, no longer than asked
// for, and its children too.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anything(t, 3)
		max := rapid.IntRange(0, 40).Draw(t, "max")
		failing := func([]byte, uint64) error { return errors.New("no memory") }
		whole, cut := Line(&v, Style{}), Line(&v, Style{Max: max, Read: failing})
		if strings.ContainsAny(whole, "\n\r") || !utf8.ValidString(whole) {
			t.Fatalf("%q is not a line", whole)
		}
		if max > 0 && len(cut) > max+len("...") {
			t.Fatalf("%q is longer than %d", cut, max)
		}
		if max > 0 && !strings.HasPrefix(whole, strings.TrimSuffix(cut, "...")) {
			t.Fatalf("%q is not the beginning of %q", cut, whole)
		}
		Line(&v, Style{Raw: true})
		Type(&v)
		Hex(&v)
		Address(&v)
		if Missing(&v) && len(v.Children) > 1 && v.Kind != reflect.Pointer && v.Kind != reflect.Interface {
			t.Fatalf("%s is missing, and has children", v.Kind)
		}
		for _, c := range Children(&v, "x", 0) {
			if c.Value == nil || c.Name == "" && c.Key == nil && c.Value.Name != "" {
				t.Fatalf("a child without value or name: %+v", c)
			}
		}
	})
}
