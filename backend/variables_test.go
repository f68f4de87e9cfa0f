package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

const valuesFile = "values/main.go"

// valuesLine is the line of the target of values that is marked so.
func valuesLine(t testing.TB, mark string) int {
	t.Helper()
	src, err := os.ReadFile("../internal/testkit/targets/" + valuesFile)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(src), "\n") {
		if strings.HasSuffix(line, "// here: "+mark) {
			return i + 1
		}
	}
	t.Fatalf("no line is marked %q", mark)
	return 0
}

// atValues launches the target of values and runs it to a mark.
func atValues(t testing.TB, mode testkit.Mode, mark string) *Session {
	t.Helper()
	testkit.Watchdog(t)
	s := launchPath(t, testkit.Target(t, "values", mode))
	setBreak(t, s, fmt.Sprintf("%s:%d", valuesFile, valuesLine(t, mark)), "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	return s
}

// byName finds a variable in a list.
func byName(t testing.TB, list []*Variable, name string) *Variable {
	t.Helper()
	for _, v := range list {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

func locals(t testing.TB, s *Session) []*Variable {
	t.Helper()
	list, err := s.Locals(context.Background(), Selected, Load{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func children(t testing.TB, s *Session, v *Variable, start, count int) []*Variable {
	t.Helper()
	list, err := s.Children(context.Background(), v, start, count, Load{})
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return list
}

// TestValues: a value of every kind reads as Delve's users know it.
func TestValues(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	list := locals(t, s)
	for _, want := range []struct{ name, value, typ string }{
		{"yes", "true", "bool"},
		{"i8", "-8", "int8"},
		{"i64", "-9223372036854775808", "int64"},
		{"u8", "255 = 0xff", "uint8"},
		{"u64", "18446744073709551615 = 0xffffffffffffffff", "uint64"},
		{"up", "4096 = 0x1000", "uintptr"},
		{"f32", "1.2", "float32"},
		{"tiny", "0.0000001", "float64"},
		{"nan", "NaN", "float64"},
		{"inf", "+Inf", "float64"},
		{"ninf", "-Inf", "float64"},
		{"c64", "(1 + 2i)", "complex64"},
		{"c128", "(2 + -3i)", "complex128"},
		{"cnan", "(NaN + -Infi)", "complex128"},
		{"str", `"plain"`, "string"},
		{"esc", `"tab\tquote\"\x00é\xff世"`, "string"},
		{"empty", `""`, "string"},
		{"long", `"` + strings.Repeat(`\x00`, 512) + `...+88 more"`, "string"},
		{"day", "tuesday (2)", "main.weekday"},
		{"noDay", "99", "main.weekday"},
		{"style", "bold|italic (3) = 0x3", "main.flags"},
		{"duration", "90000000000", "time.Duration"},
		{"when", "time.Time(2024-02-29T12:30:00Z){wall: 0, ext: 63844806600, loc: *time.Location nil}", "time.Time"},
		{"arr", "[3]int [1,2,3]", "[3]int"},
		{"arr0", "[0]int []", "[0]int"},
		{"grid", "[2][2]int [[1,2],[3,4]]", "[2][2]int"},
		{"bytes", "[]uint8 len: 5, cap: 5, [116,195,168,115,116]", "[]uint8"},
		{"nilInts", "[]int len: 0, cap: 0, nil", "[]int"},
		{"noInts", "[]int len: 0, cap: 0, []", "[]int"},
		{"many", "[]int len: 100, cap: 100, [" + strings.Repeat("0,", 64) + "...+36 more]", "[]int"},
		{"ptrs", "[]*main.point len: 2, cap: 2, [*{X: 5, Y: 6},*nil]", "[]*main.point"},
		{"anys", `[]interface {} len: 6, cap: 6, [1,"x",nil,main.point {X: 7, Y: 8},*main.point {X: 9, Y: 10},[]int len: 1, cap: 1, [1]]`, "[]interface {}"},
		{"byName", `map[string]int ["one": 1, ]`, "map[string]int"},
		{"pointToP", "map[main.point]main.point [{X: 1, Y: 2}: {X: 3, Y: 4}, ]", "map[main.point]main.point"},
		{"byInt", "map[int]*main.point [1: *{X: 10, Y: 11}, ]", "map[int]*main.point"},
		{"nilMap", "map[string]int nil", "map[string]int"},
		{"emptyMap", "map[string]int []", "map[string]int"},
		{"st", "main.point {X: 1, Y: 2}", "main.point"},
		{"anon", `struct { A interface {}; B interface {} } {A: interface {}(int) 1, B: interface {}(string) "b"}`, "struct { A interface {}; B interface {} }"},
		{"nothing", "struct {} {}", "struct {}"},
		{"em", `main.embedded {point: main.point {X: 1, Y: 2}, node: *main.node {Name: "n", Next: *main.node nil, Kids: []*main.node len: 0, cap: 0, nil}, Own: true}`, "main.embedded"},
		{"gen", `main.pair[string, main.point] {Key: "k", Value: main.point {X: 1, Y: 2}}`, "main.pair[string,main.point]"},
		{"pptr", "**main.point {X: 1, Y: 2}", "**main.point"},
		{"nilPtr", "*main.point nil", "*main.point"},
		{"rawNil", "unsafe.Pointer(0x0)", "unsafe.Pointer"},
		{"iface", `interface {}(string) "boxed"`, "interface {}(string)"},
		{"nilFace", "interface {} nil", "interface {}"},
		{"err", "error(*main.fault) *{Code: 3}", "error(*main.fault)"},
		{"nilErr", "error nil", "error"},
		{"typed", "main.stringer nil", "main.stringer"},
		{"self", "interface {}(*interface {}) **interface {}(*interface {}) ...", "interface {}(*interface {})"},
		{"nilIn", "error(*main.fault) nil", "error(*main.fault)"},
		{"fn", "main.double", "func(int) int"},
		{"nilFn", "nil", "func()"},
		{"ch", "chan int 2/11", "chan int"},
		{"nilCh", "chan main.point nil", "chan main.point"},
	} {
		v := byName(t, list, want.name)
		if v.Value != want.value || v.Type != want.typ || v.Expr != want.name {
			t.Errorf("%s (%s): %s of type %s\nwant %s of type %s", v.Name, v.Expr, v.Value, v.Type, want.value, want.typ)
		}
		if plain, _, _ := strings.Cut(v.Value, " = 0x"); v.Plain != plain {
			t.Errorf("%s: plain %s", v.Name, v.Plain)
		}
	}
	if v := byName(t, list, "unread"); !strings.HasPrefix(v.Value, "*(unreadable ") || !v.Expandable {
		t.Errorf("unread: %s", v.Value)
	} else if c := children(t, s, v, 0, 0); len(c) != 1 || c[0].Unreadable == nil || c[0].Expandable {
		t.Errorf("unread: %+v", c)
	}
	if v := byName(t, list, "onHeap"); !v.Escaped || v.Line == 0 || v.Size != 8 || v.Addr == 0 {
		t.Errorf("onHeap: %+v", v)
	}
}

// TestLoad: what is read and shown is bounded as asked for.
func TestLoad(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	for _, c := range []struct {
		expr string
		l    Load
		want string
	}{
		{"long", Load{String: 2}, `"\x00\x00...+598 more"`},
		{"str", Load{Raw: true}, "plain"},
		{"strs", Load{Raw: true}, "[]string len: 2, cap: 2, [a,b]"},
		{"many", Load{Array: 1}, "[]int len: 100, cap: 100, [0,...+99 more]"},
		{"many", Load{Width: 30}, "[]int len: 100, cap: 100, [0,0..."},
		{"str", Load{Width: 2}, `"plain"`}, // it has no children to show the rest
		{"dp.In.In", Load{Depth: 3}, "struct { In struct { Last int } } {In: struct { Last int } {Last: 9}}"},
		{"mapOfMaps", Load{Depth: 3}, `map[string]map[string]main.point ["m": ["n": {X: 1, Y: 2}, ], ]`},
	} {
		v, err := s.Evaluate(context.Background(), Selected, c.expr, c.l)
		if err != nil || v.Value != c.want {
			t.Errorf("%s with %+v: %v, %v; want %s", c.expr, c.l, v, err, c.want)
		}
	}
	v, err := s.Evaluate(context.Background(), Selected, "ptr", Load{NoFollow: true})
	if err != nil || !strings.HasPrefix(v.Value, "(*main.point)(0x") || !v.Expandable {
		t.Fatalf("%+v, %v", v, err)
	}
	if c := children(t, s, v, 0, 0); c[0].Value != "main.point {X: 1, Y: 2}" {
		t.Errorf("behind a pointer: %s", c[0].Value)
	}
}

// TestChildren: the names and expressions of children, of each kind.
func TestChildren(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	list := locals(t, s)
	for _, c := range []struct{ of, want string }{
		{"st", `X st.X 1 int|Y st.Y 2 int`},
		{"ptr", ` (*ptr) main.point {X: 1, Y: 2} main.point`},
		{"arr", `[0] arr[0] 1 int|[1] arr[1] 2 int|[2] arr[2] 3 int`},
		{"c64", `real  1 float32|imaginary  2 float32`},
		{"cnan", `real  NaN float64|imaginary  -Inf float64`},
		{"byName", `"one" byName["one"] 1 string: int`},
		{"byUint", `7 = 0x? byUint[7] "seven" uint8: string`},
		{"byFloat", `0.5 byFloat[0.5] true float64: bool`},
		{"byBool", `true byBool[true] 1 bool: int`},
		{"byInt", `1 byInt[1] *main.point {X: 10, Y: 11} int: *main.point`},
		{"byPoint", `main.point {X: 1, Y: 1} byPoint[(*(*"main.point")(0x?))] 42 main.point: int`},
		{"pointToP", `[key 0] (*(*"main.point")(0x?)) main.point {X: 1, Y: 2} main.point|[val 0] pointToP[(*(*"main.point")(0x?))] main.point {X: 3, Y: 4} main.point`},
		{"err", `data err.(data) *main.fault {Code: 3} *main.fault`},
		{"em", `point em.point main.point {X: 1, Y: 2} main.point|node em.node *main.node {Name: "n", Next: *main.node nil, Kids: []*main.node len: 0, cap: 0, nil} *main.node|Own em.Own true bool`},
	} {
		v := byName(t, list, c.of)
		var got []string
		for _, child := range children(t, s, v, 0, 0) {
			got = append(got, strings.Join([]string{child.Name, child.Expr, child.Value, child.Type}, " "))
		}
		if text := hexadecimal.ReplaceAllString(strings.Join(got, "|"), "0x?"); text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.of, text, c.want)
		}
	}
	for _, name := range []string{"nilPtr", "nilFace", "nilInts", "noInts", "nilMap", "emptyMap", "nothing", "str", "raw", "nilFn", "nilCh", "fn"} {
		if v := byName(t, list, name); v.Expandable {
			t.Errorf("%s has no children, and says that it has", name)
		}
	}
	// The key of a pair is what unfolds if the value is a scalar.
	pairs := children(t, s, byName(t, list, "byPoint"), 0, 0)
	if c := children(t, s, pairs[0], 0, 0); len(c) != 2 || c[0].Name != "X" || !strings.HasSuffix(c[0].Expr, ").X") {
		t.Errorf("unfolded key: %+v", c)
	}
}

var hexadecimal = regexp.MustCompile(`0x[0-9a-f]+`)

// TestExpressions: the expression of a child, however deep, denotes that child.
func TestExpressions(t *testing.T) {
	for _, mode := range testkit.Modes {
		s := atValues(t, mode, "values")
		seen := 0
		var walk func(v *Variable, depth int)
		walk = func(v *Variable, depth int) {
			if v.Expr != "" {
				seen++
				again, err := s.Evaluate(context.Background(), Selected, v.Expr, Load{})
				switch {
				case err != nil:
					t.Errorf("%s (%s): %v", v.Name, v.Expr, err)
				case again.Addr != v.Addr && v.Addr != 0, again.Kind != v.Kind:
					t.Errorf("%s (%s): %s at %#x, not %s at %#x", v.Name, v.Expr, again.Kind, again.Addr, v.Kind, v.Addr)
				}
			}
			if depth == 0 || !v.Expandable {
				return
			}
			for _, c := range children(t, s, v, 0, 3) {
				walk(c, depth-1)
			}
		}
		for _, v := range locals(t, s) {
			walk(v, 4)
		}
		if min := map[testkit.Mode]int{testkit.Debug: 150, testkit.Optimized: 30}[mode]; seen < min {
			t.Errorf("%s: %d expressions, expected %d", mode, seen, min)
		}
	}
}

// TestHuge: of a large slice or map only what is asked for is read, and the reading of
// all of it ends with its context.
func TestHuge(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	ctx := context.Background()
	huge, err := s.Evaluate(ctx, Selected, "main.huge", Load{Array: 2})
	if err != nil || huge.Indexed != 100_000 || huge.Loaded != 2 || huge.Value != "[]int len: 100000, cap: 100000, [0,1,...+99998 more]" {
		t.Fatalf("%+v, %v", huge, err)
	}
	page := children(t, s, huge, 99_990, 20)
	if len(page) != 10 || page[0].Name != "[99990]" || page[9].Value != "99999" || page[9].Expr != "(main.huge)[99999]" {
		t.Errorf("the last page: %d, %+v", len(page), page[0])
	}
	if beyond := children(t, s, huge, 100_000, 5); len(beyond) != 0 {
		t.Errorf("behind the end: %v", beyond)
	}
	all := children(t, s, huge, 0, 0)
	if len(all) != 100_000 || all[54_321].Value != "54321" {
		t.Errorf("all: %d", len(all))
	}
	table, err := s.Evaluate(ctx, Selected, "main.hugeTable", Load{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for start := 0; start < 5000; start += 700 {
		for _, c := range children(t, s, table, start, 700) {
			if c.Value != "-"+c.Name && c.Name != "0" || seen[c.Name] {
				t.Fatalf("%s: %s", c.Name, c.Value)
			}
			seen[c.Name] = true
		}
	}
	if all := children(t, s, table, 0, 0); len(seen) != 5000 || len(all) != 5000 {
		t.Errorf("%d pairs by pages, %d in all, want 5000", len(seen), len(all))
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Children(over, huge, 0, 0, Load{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	if _, err := s.Evaluate(over, Selected, "main.hugeTable[4999]", Load{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
	if v, err := s.Evaluate(ctx, Selected, "main.hugeTable[4999]", Load{}); err != nil || v.Value != "-4999" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestStale: variables are of one stop.
func TestStale(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	v := byName(t, locals(t, s), "arr")
	if err := s.Set(ctx, "arr[1]", "20"); err != nil {
		t.Fatal(err)
	}
	if c := children(t, s, v, 0, 0); c[1].Value != "20" {
		t.Errorf("after an assignment: %s", c[1].Value)
	}
	if _, err := s.Next(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Children(ctx, v, 0, 0, Load{}); !errors.Is(err, ErrStale) {
		t.Errorf("after a step: %v", err)
	}
	if _, err := s.Facts(ctx, byName(t, locals(t, s), "byName"), Load{}); err != nil {
		t.Error(err)
	}
}
