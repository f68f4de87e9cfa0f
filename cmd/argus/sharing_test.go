package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/backend"
)

func TestSplitItems(t *testing.T) {
	for text, want := range map[string][]string{
		"main.a,main.b":                                    {"main.a", "main.b"},
		" main.a , main.b[1] ":                             {"main.a", "main.b[1]"},
		"main.f[max(1, 2)],*(*[2]int32)(0x10)":             {"main.f[max(1, 2)]", "*(*[2]int32)(0x10)"},
		`"a,b".X,main.m['\''],main.s["\",]"],` + "`a\\`.Y": {`"a,b".X`, `main.m['\'']`, `main.s["\",]"]`, "`a\\`.Y"},
		"struct{a, b int},x":                               {"struct{a, b int}", "x"},
		"main.a":                                           {"main.a"},
	} {
		if got, err := splitItems(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"":         "missing",
		"a,":       "missing",
		"a,,b":     "missing",
		",a":       "missing",
		"a[1,b":    "without a ]",
		"f(a[1),b": "with a ) too many",
		"a),b":     "with a ) too many",
		`a["b,c`:   `without the end of "b,c`,
		`a['\'],b`: `without the end of '\'],b`,
	} {
		if got, err := splitItems(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

// TestSplitItemsJoined: expressions that are whole by themselves come out as they went in.
func TestSplitItemsJoined(t *testing.T) {
	expr := rapid.Custom(func(t *rapid.T) string {
		inner := rapid.StringMatching(`[a-z0-9., ]{1,8}`).Draw(t, "inner")
		frame := rapid.SampledFrom([]string{"x[%]", "f(%)", "{%}", `"%"`, "`%`", "'%'", `m["]%"]`, "g(a[%])"}).Draw(t, "frame")
		return strings.Replace(frame, "%", inner, 1)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(expr, 1, 5).Draw(t, "items")
		got, err := splitItems(strings.Join(want, rapid.SampledFrom([]string{",", ", ", " ,"}).Draw(t, "comma")))
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %q, %v", got, err)
		}
	})
}

func FuzzSplitItems(f *testing.F) {
	for _, s := range []string{"main.a,main.b", `a["b,c`, "f(a[1),b", `'\`, ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		items, err := splitItems(text)
		if err != nil {
			return
		}
		for _, s := range items {
			if again, err := splitItems(s); err != nil || len(again) != 1 || again[0] != s {
				t.Errorf("%q of %q is not one item: %q, %v", s, text, again, err)
			}
		}
	})
}

// TestGather: a group takes what -w and -rw name, and sets what they do not.
func TestGather(t *testing.T) {
	o := options{watches: []watchArg{{expr: "main.a", access: backend.ReadWrite}, {expr: "main.b", access: backend.Write}, {expr: "main.b", access: backend.ReadWrite}}}
	o.groups = [][]string{{"main.c", "main.a"}, {"main.b", "main.d"}}
	if err := o.gather(); err != nil {
		t.Fatal(err)
	}
	want := []watchArg{
		{"main.a", backend.ReadWrite, 1}, {"main.b", backend.Write, 2}, {"main.b", backend.ReadWrite, 0},
		{"main.c", backend.Write, 1}, {"main.d", backend.Write, 2},
	}
	if !slices.Equal(o.watches, want) {
		t.Errorf("got %v", o.watches)
	}
	for _, groups := range [][][]string{{{"main.a", "main.a"}}, {{"main.a", "main.b"}, {"main.c", "main.a"}}} {
		o := options{watches: []watchArg{{expr: "main.a", access: backend.Write}}}
		o.groups = groups
		var mistake *usageError
		if err := o.gather(); !errors.As(err, &mistake) {
			t.Errorf("%v: %v", groups, err)
		}
	}
}

func TestThreadOf(t *testing.T) {
	for text, want := range map[string]int{"": 0, "main": 7, "12": 12, "0": -1, "-3": -1, "Main": -1, "12x": -1} {
		s := sharing{thread: text}
		got, err := s.threadOf(7)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

// TestExplain: what the flags cannot do anything about stays as it is.
func TestExplain(t *testing.T) {
	other := errors.New("other")
	var o options
	o.safe = "on"
	if err := o.explain(other); err != other {
		t.Errorf("got %v", err)
	}
	if err := o.explain(&backend.DriverError{Driver: "perf-safe", Err: other}); err.Error() != "--safe on: other" || !errors.Is(err, other) {
		t.Errorf("got %v", err)
	}
	o.safe = "auto"
	if err := o.explain(&backend.DriverError{Driver: "perf", Err: other}); err.Error() != "driver perf cannot be had here: other" {
		t.Errorf("got %v", err)
	}
	if err := o.explain(&backend.SlotsError{Name: "main.big", Want: 9, Free: 4, Slots: 4}); err.Error() != "main.big needs 9 debug registers and there are 4: watch a part of it" {
		t.Errorf("got %v", err)
	}
}
