package cond

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// verdicts are conditions in the target values, by the mark of the line that they are
// evaluated at, and what a program gives: an answer, a fault, or "-" if they are not
// compiled.
var verdicts = map[string]map[string]string{
	"values": {
		"yes": "true", "!yes": "false", "true": "true", "3 > 2": "true", "1 << 3 == 8": "true", "!(1 > 2) && \"a\" < \"b\"": "true",
		"i8 == -8": "true", "i64 < 0": "true", "u8 == 255": "true", "u8 + 1 == 0": "true", "u64 == 18446744073709551615": "true", "up == 4096": "true",
		"i8 >> 1 == -4": "true", "^i8 == 7": "true", "-i8 == 8": "true", "+i8 == -8": "true", "i8 * 17 == 120": "true", "int64(u8) << 8 == 65280": "true",
		"u8 << u8 == 0": "true", "i8 << i8 == 0": "number out of range", "-i64 == i64": "number out of range", "i8 / 3 == -2": "true", "i8 % 3 == -2": "true",
		"u64 - 1 > 5": "true", "u8 &^ 15 == 240": "true", "u8 ^ 15 | 1 == 241": "true", "u64 >> 63 == 1": "true", "i64 >> 70 == -1": "true",
		"u8 / 0 == 1": "division by zero", "i8 % 0 == 1": "division by zero", "i8 == u8": "-", "u8 == -1": "-", "-u8 == 1": "-", "^u8 == 0": "-", "i8": "-", "1 / 0 == 1": "-",
		"day == 2": "true", "day == main.tuesday": "true", "day == tuesday": "true", "noDay > day": "true", "style == 3": "true",
		"style & main.bold != 0": "true", "duration > 1000000000": "true", "duration / 2 == 45000000000": "true", "i8 == day": "-",

		"f32 > 1.2": "true", "f64 > 7.23": "true", "f64 < 7.24": "true", "f64 >= 7.23": "true", "f64 == 7.5": "false", "f64 != 7.23": "true", "7 < f64": "true",
		"f64 <= 7.23": "false", "f32 <= 1.2": "false", "f64 < 1e400": "true", "f64 < -1e400": "false", "tiny < 1": "true", "tiny == 0.0000001": "false", "f64 == float64(f32)": "false", "f64 > f32": "-",
		"f64 + 1 > 8": "true", "f64 - f64 == 0": "true", "f64 * 2 > 14": "true", "f64 / 0.3 > 1": "-", "f64 / tiny > 1": floatFault, "f64 + 0.1 > 7": "-", "f64 / 0 > 1": "division by zero", "-f64 < 0": "true",
		"nan == 1": floatFault, "inf > 1": floatFault, "ninf > inf": floatFault, "float64(i8) == -8.0": "true", "float64(i64) < 0": floatFault, "float32(f64) > 7": "true", "c128 == c128": "-",

		`str == "plain"`: "true", `str < "q"`: "true", `str != "plane"`: "true", `"p" < str`: "true", `esc == "x"`: "false", `empty == ""`: "true", `str == text`: "false",
		`main.text == "global"`: "true", `title == "Ms."`: "true", "len(long) == 600": "true", "long == long": "true", "long > str": "false", `str + "x" == "x"`: "-", "str[0] == 'p'": "true", "str[9] == 'p'": "index out of range",
		"str[0] == bytes[0]": "-", `gen.Key == "k"`: "true",

		"arr[1] == 2": "true", "arr[i8+9] == 2": "true", "arr[int(day)] == 3": "true", "arr[day] == 3": "true", "arr[u8] == 1": "-", "arr[3] == 1": "-", "grid[1][0] == 3": "true", "bytes[0] == 't'": "true",
		"runes[1] == 232": "true", "ints[2] == 3": "true", "ints[len(ints)-1] == 3": "true", "ints[3] == 3": "index out of range", "ints[-1] == 3": "index out of range",
		"nilInts == nil": "true", "nilInts[0] == 1": "nil pointer", "noInts == nil": "false", "many[99] == 0": "true", `strs[1] == "b"`: "true",
		"points[1].Y == 4": "true", "ptrs[0].X == 5": "true", "ptrs[1] == nil": "true", "ptrs[1].X == 0": "nil pointer", `nested[1][0] == "b"`: "true", "byName[\"one\"] == 1": "-",
		"len(ints) == 3": "true", "cap(ints) == 3": "true", "len(arr) == 3": "true", "len(&arr) == 3": "true", "len(byName) == 1": "-", "len(ints) - 5 < 0": "true", "u8 > len(ints) - 5": "number out of range",
		"u8 > len(ints)": "true", "f64 > len(ints)": "true", "len(ints) * 2 / 4 == 1": "true",

		"st.X == 1": "true", "st.X + st.Y == 3": "true", "em.X == 1": "true", `em.Name == "n"`: "true", "em.Own": "true", "em.point.Y == 2": "true", "em.node.Next == nil": "true",
		"st.Z == 1": "-", "dp.In.In.In.Last == 0": "false", "ptr.X == 1": "true", "(*ptr).Y == 2": "true", "pptr.X == 1": "-", "(**pptr).X == 1": "true", "st == st": "-",
		"ptr == &st": "true", "ptr == *pptr": "true", "ptr != nil": "true", "ptr < *pptr": "-", "nilPtr == nil": "true", "nilPtr.X == 1": "nil pointer", "ring.Next.Next == ring": "true",
		"*unread == 1": "memory cannot be read", "unread != nil": "true", "raw != nil": "-", "uintptr(ptr) == up": "false", "*(*int8)(uintptr(ptr)) == 1": "true", "*(*int)(0) == 1": "nil pointer", "*(*int)(8) == 1": "memory cannot be read",
		"byName != nil": "true", "nilMap == nil": "true", "iface != nil": "true", "nilFace == nil": "true", "anys[2] == nil": "true", "err != nil": "true", "nilErr == nil": "true", "nilIn == nil": "false",
		"fn != nil": "true", "nilFn == nil": "true", "ch != nil": "true", "nilCh == nil": "true", "day == nil": "-", "nil == nil": "-", "ptr > nil": "-",

		"onHeap == 5": "true", "captured == 1": "true", "main.global == 42": "true", "global == 42": "true", "*main.pointer == 5": "true", "main.huge[99999] == 99999": "true", "len(main.huge) == 100000": "true",
		"main.huge[i64] == 1": "index out of range", "runtime.curg.goid == 1": "true", "runtime.curg.m == nil": "-", "runtime.threadid > 0": "true", "nobody == 1": "-", "main.nobody == 1": "-", "double(2) == 4": "-", "main.double == nil": "-",
		"yes && i8 < 0 || nilPtr.X == 3": "true", "nilPtr != nil && nilPtr.X == 3": "false", "nilPtr == nil || nilPtr.X == 3": "true", "yes && nilPtr.X == 3": "nil pointer", "yes && st.X": "-", "yes == (i8 < 0)": "true", "yes == true": "true",
		"int8(u64) == -1": "true", "uint8(i64) == 0": "true", "uint8(511) == u8": "true", "weekday(2) == day": "-", "main.weekday(i8+10) == day": "true", "uint64(f64) == 7": "-", "string(str) == str": "true",
	},
	"closure": {"captured == 1": "true"},
	"hidden":  {`x == "inner"`: "true", "n == 3": "true"},
	"generic": {`kept.Key == "k"`: "-", "main.global == 42": "true"},
}

const floatFault = "floating-point number that is no number or would have to be rounded"

func TestVerdicts(t *testing.T) {
	for mark, list := range verdicts {
		t.Run(mark, func(t *testing.T) {
			s := stopAt(t, testkit.Debug, "values", mark)
			for expr, want := range list {
				got := s.answer(expr)
				if short, _, _ := strings.Cut(got, ":"); short == "not compiled" && want == "-" {
					continue
				}
				if got != want && got != "fault: "+want {
					t.Errorf("%s: %s, want %s", expr, got, want)
				}
				s.agree(t, expr)
			}
		})
	}
}

// TestRegisters: what optimized code keeps in registers and in pieces.
func TestRegisters(t *testing.T) {
	s := stopAt(t, testkit.Optimized, "values", "registers")
	for _, expr := range []string{
		"n == 7", "small == -3", "n + int(small) == 4", "uint8(small) == 253", `s == "args"`, "len(s) == 4", "s[1] == 'r'", "len(list) == 2", "list[1] == 2", "list != nil", "list[n - 6] == 2",
	} {
		if got := s.answer(expr); got != "true" {
			t.Errorf("%s: %s", expr, got)
		}
		s.agree(t, expr)
	}
	if got := s.answer("f > 2"); !strings.Contains(got, "floating-point register") {
		t.Errorf("a float: %s", got)
	}
	s = stopAt(t, testkit.Optimized, "values", "values")
	for _, expr := range []string{"len(long) == 600", "ring.Next == ring", "onHeap == 5", "ptr.X == 1"} {
		if got := s.answer(expr); got != "true" {
			t.Errorf("%s: %s", expr, got)
		}
		s.agree(t, expr)
	}
	if got := s.answer("len(ints) == 3"); !strings.Contains(got, "optimized away") {
		t.Errorf("a variable that is not there: %s", got)
	}
}

// agree checks that Delve's evaluator gives what a program does.
func (s *stopped) agree(t errorer, expr string) (compiled bool) {
	p, err := Compile(expr, s.scope, nil)
	if err != nil {
		var not *NotCompilable
		if !errors.As(err, &not) || not.Expr != expr || not.Why == "" {
			t.Errorf("%s: the error is %#v", expr, err)
		}
		return false
	}
	got, err := p.Eval(&s.in)
	want, delves := s.Evaluate(expr)
	switch fault, _ := err.(Fault); {
	case err == nil && delves == nil && got == want:
	case (fault == FaultRange || fault == FaultFloat) && delves == nil: // left to Delve
	case err != nil && fault != 0 && delves != nil:
	default:
		t.Errorf("%s: %v, %v; Delve: %v, %v", expr, got, err, want, delves)
	}
	return true
}

type errorer interface{ Errorf(string, ...any) }

func TestOldAndNew(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	v, err := s.scope.EvalExpression("main.global", fully)
	if err != nil {
		t.Fatal(err)
	}
	s.in.Old, s.in.New = []byte{41, 0, 0, 0, 0, 0, 0, 0}, []byte{42, 0, 0, 0, 0, 0, 0, 0}
	for expr, want := range map[string]string{
		"old == 41": "true", "new == 42": "true", "new - old == 1": "true", "new == main.global": "true", "old > new": "false", "new == main.global && old != new": "true",
	} {
		p, err := Compile(expr, s.scope, v.DwarfType)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Eval(&s.in); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", expr, got, err)
		}
		if _, err := Compile(expr, s.scope, nil); err == nil {
			t.Errorf("%s is compiled without a value", expr)
		}
	}
	p, err := Compile("old == 1", s.scope, v.DwarfType)
	if err != nil {
		t.Fatal(err)
	}
	s.in.Old = nil
	if _, err := p.Eval(&s.in); err != FaultValue {
		t.Errorf("without a value: %v", err)
	}
	// A struct's fields, and one that is a variable's name.
	if v, err = s.scope.EvalExpression("st", fully); err != nil {
		t.Fatal(err)
	}
	s.in.New = []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}
	if p, err = Compile("new.Y == 2 && new.X == st.X", s.scope, v.DwarfType); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Eval(&s.in); err != nil || !got {
		t.Errorf("fields: %v, %v", got, err)
	}
}
