package backend

import (
	"context"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// expressions are awkward ones: what they evaluate to, or what their error says.
var expressions = map[string]string{
	"1 + 2":                         "3",
	"u8 + 1":                        "0 = 0x0",
	"st.X * 10 + len(ints)":         "13",
	"points[1]":                     "main.point {X: 3, Y: 4}",
	"many[2:4]":                     "[]int len: 2, cap: 98, [0,0]",
	"&st":                           "*main.point {X: 1, Y: 2}",
	"*ptr == st":                    "true",
	`str + "!"`:                     `"plain!"`,
	"err.(*main.fault).Code":        "3",
	"em.Name":                       `"n"`,
	"nil":                           "nil",
	"byName[\"one\"]":               "1",
	"[]byte(str)":                   "[]uint8 len: 5, cap: 5, [112,108,97,105,110]",
	"main.global":                   "42",
	"_RIP":                          "",
	"byName[\"none\"]":              "error: key not found",
	"arr[3]":                        "error: out of bounds",
	"nilPtr.X":                      "error: nil",
	"*unread":                       "(unreadable",
	"nowhere":                       "error: no variable nowhere",
	"st.Z":                          "error: has no member Z",
	"double(1)":                     "error: function call",
	"str[":                          "error: ",
	"":                              "error: ",
	"1 / 0":                         "error: divide by zero",
	"(*main.point)(0x10)":           "*main.point {X: (unreadable",
	"*(*main.nothing)(0)":           "error: ",
	"*(*\"[1000000000]int\")(4096)": "[1000000000]int [(unreadable",
	"many[99:2]":                    "error: ",
	"func() {}":                     "error: ",
	"iface.(string) + st":           "error: ",
}

func TestEvaluate(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	for expr, want := range expressions {
		v, err := s.Evaluate(context.Background(), Selected, expr, Load{})
		if text, isErr := strings.CutPrefix(want, "error: "); isErr {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, %v; want an error with %q", expr, v, err, text)
			}
			continue
		}
		if err != nil || v.Value != want && !strings.HasSuffix(want, "unreadable") && want != "" || !strings.HasPrefix(v.Value, want) {
			t.Errorf("%s: %+v, %v; want %s", expr, v, err, want)
		}
	}
}

// FuzzEvaluate: whatever somebody types, the answer is a value or an error.
func FuzzEvaluate(f *testing.F) {
	for expr := range expressions {
		f.Add(expr)
	}
	for _, v := range []string{"anys[4].(*main.point).X", "(*lst).root.next.Value", "captured + i8", "-i64", "^u8", "!yes", "c64 * c128", "runtime.g0", "time.Now", "complex(f64, 1)", "min(1,2,i8)", "ch.buf", "_xmm0.uint8", "cap(ch)", "big[5:7]", "map[string]int(byName)", "struct{}{}", "'a'", "0x1p-2", "ring.Next.Next.Kids[0].Name[1:2]"} {
		f.Add(v)
	}
	s := atValues(f, testkit.Debug, "values")
	f.Fuzz(func(t *testing.T, expr string) {
		v, err := s.Evaluate(context.Background(), Selected, expr, Load{Array: 8, String: 8})
		if err != nil {
			return
		}
		if v.Value == "" && v.Kind != 0 {
			t.Errorf("%q: a value that shows nothing: %+v", expr, v)
		}
		if v.Expandable {
			if _, err := s.Children(context.Background(), v, 0, 3, Load{}); err != nil {
				t.Logf("%q: %v", expr, err)
			}
		}
		if _, err := s.Complete(context.Background(), Selected, expr, 3); err != nil {
			t.Errorf("%q: %v", expr, err)
		}
	})
}
