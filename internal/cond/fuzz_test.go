package cond

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/testkit"
)

// operands are expressions at the line "here: values" of the target values, by type.
var operands = map[string][]string{
	"bool":         {"yes", "em.Own", "true", "false"},
	"int":          {"st.X", "ptr.Y", "arr[1]", "arr[%i]", "ints[%i]", "points[%i].X", "ptrs[%i].Y", "nilPtr.X", "main.global", "onHeap", "captured", "grid[1][%i]", "*unread", "main.huge[%i]", "*main.pointer"},
	"int8":         {"i8"},
	"int64":        {"i64"},
	"main.weekday": {"day", "noDay", "main.tuesday"},
	"int32":        {"runes[%i]"},
	"uint8":        {"u8", "bytes[%i]"},
	"byte":         {"str[%i]"},
	"main.flags":   {"style", "main.bold"},
	"uint64":       {"u64", "runtime.curg.goid"},
	"uintptr":      {"up", "uintptr(ptr)"},
	"float32":      {"f32"},
	"float64":      {"f64", "tiny", "nan", "inf"},
	"string":       {"str", "esc", "empty", "strs[%i]", "gen.Key", "main.text", "em.Name", "nested[%i][0]", "ring.Name", `"plain"`, `"k"`},
	"*main.point":  {"ptr", "nilPtr", "*pptr", "ptrs[%i]", "&st", "&points[%i]"},
	"nil":          {"ptr", "nilPtr", "byName", "nilMap", "err", "nilErr", "nilIn", "iface", "fn", "nilFn", "ints", "nilInts", "ch", "ring.Next", "anys[%i]"},
	"":             {"len(ints)", "len(str)", "cap(many)", "runtime.threadid", "len(arr)"},
}

// written are those that get other values, with their sizes.
var written = map[string]int{"i8": 1, "i64": 8, "u8": 1, "u64": 8, "f32": 4, "f64": 8, "tiny": 8, "st.X": 8, "arr[1]": 8, "day": 8, "style": 1, "runes[1]": 4}

var types = []string{"bool", "int", "int8", "int64", "main.weekday", "int32", "uint8", "byte", "main.flags", "uint64", "uintptr", "float32", "float64", "string", "*main.point", ""}

var (
	comparing = []string{"==", "!=", "<", "<=", ">", ">="}
	computing = []string{"+", "-", "*", "/", "%", "&", "|", "^", "&^"}
)

// drawer makes up expressions that mostly make sense.
type drawer struct{ *rapid.T }

func (d drawer) one(list []string, what string) string {
	return rapid.SampledFrom(list).Draw(d.T, what)
}

func (d drawer) dice(n int, what string) int { return rapid.IntRange(0, n-1).Draw(d.T, what) }

func (d drawer) condition(depth int) string {
	n := 10
	if depth == 0 {
		n = 6
	}
	switch d.dice(n, "form") {
	case 0:
		return d.operand("bool")
	case 1:
		return d.operand("nil") + d.one([]string{" == nil", " != nil"}, "nil")
	case 6:
		return "!(" + d.condition(depth-1) + ")"
	case 7:
		return "(" + d.condition(depth-1) + " && " + d.condition(depth-1) + ")"
	case 8:
		return "(" + d.condition(depth-1) + " || " + d.condition(depth-1) + ")"
	}
	t := d.one(types, "type")
	return "(" + d.value(t, depth) + " " + d.one(comparing, "comparison") + " " + d.value(d.like(t), depth) + ")"
}

// like is a type, now and then another one.
func (d drawer) like(t string) string {
	if d.dice(20, "another type") == 0 {
		return d.one(types, "type")
	}
	return t
}

func (d drawer) operand(t string) string {
	s := d.one(operands[t], "operand")
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			i++
			out = append(out, d.index()...)
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func (d drawer) index() string {
	return d.one([]string{"0", "1", "2", "3", "-1", "99999", "i8", "i8 + 9", "i64", "st.X", "int(day)", "int(u8)", "len(ints) - 1", "arr[0]", "u8"}, "index")
}

func (d drawer) value(t string, depth int) string {
	numeric := t != "bool" && t != "string" && t != "*main.point"
	n := 8
	if depth <= 0 || !numeric {
		n = 4
	}
	switch d.dice(n, "value") {
	case 0:
		if numeric {
			return d.constant(t)
		}
	case 4, 5:
		return "(" + d.value(t, depth-1) + " " + d.one(computing, "operation") + " " + d.value(d.like(t), depth-1) + ")"
	case 6:
		if t == "" || t == "byte" {
			break
		}
		if d.dice(2, "shift") == 0 {
			return "(" + d.value(t, depth-1) + d.one([]string{" << ", " >> "}, "shift") + d.one([]string{"0", "1", "7", "31", "63", "64", "65", "u8", "i8", "int8(u8)"}, "count") + ")"
		}
		return d.one([]string{"-", "^", "+"}, "unary") + d.value(t, depth-1)
	case 7:
		if t == "" || t == "byte" {
			break
		}
		return t + "(" + d.value(d.one(types, "type"), depth-1) + ")"
	}
	return d.operand(t)
}

func (d drawer) constant(t string) string {
	if t == "float32" || t == "float64" {
		return d.one([]string{"0", "1", "-1", "0.5", "0.1", "1.2", "7.23", "-2.75", "1e300", "1e-300", "3"}, "constant")
	}
	return d.one([]string{"0", "1", "2", "-1", "3", "7", "127", "128", "-128", "255", "256", "1 << 31", "1 << 62", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "'p'", "2.0"}, "constant")
}

// bits are values that numbers tend to go wrong with.
func (d drawer) bits(size int) []byte {
	n := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{
		0, 1, 2, 1<<64 - 1, 1 << 63, 1<<63 - 1, 1 << 31, 1<<31 - 1, 0x80, 0x7f,
		0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000001, 0x3fb999999999999a, 0x8000000000000000, 1, 0x3f800000, 0x3f99999a, 0x7f800000, 0x0010000000000000,
	})).Draw(d.T, "bits")
	return binary.LittleEndian.AppendUint64(nil, n)[:size]
}

// differs checks one condition that is made up.
func (s *stopped) differs(t *rapid.T) {
	d := drawer{t}
	for range d.dice(3, "changes") {
		name := d.one(slices.Sorted(maps.Keys(written)), "changed")
		v, err := s.scope.EvalExpression("&"+name, fully)
		if err != nil {
			t.Fatal(err)
		}
		value := d.bits(written[name])
		if _, err := s.target.Memory().WriteMemory(v.Children[0].Addr, value); err != nil {
			t.Fatal(err)
		}
		s.renew()
	}
	expr := d.condition(3)
	if s.agree(t, expr) {
		s.compiled++
	}
	s.drawn++
}

func TestDifferential(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	rapid.Check(t, s.differs)
	t.Logf("%d of %d conditions were compiled", s.compiled, s.drawn)
	if s.compiled*4 < s.drawn {
		t.Errorf("only %d of %d conditions were compiled: the rest proves nothing", s.compiled, s.drawn)
	}
}

func FuzzDifferential(f *testing.F) {
	s := stopAt(f, testkit.Debug, "values", "values")
	f.Fuzz(rapid.MakeFuzz(s.differs))
}

func ExampleNotCompilable() {
	fmt.Println(&NotCompilable{Expr: "len(m) > 3", Why: "len(m) is not compiled"})
	// Output: len(m) > 3: len(m) is not compiled
}
