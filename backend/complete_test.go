package backend

import (
	"context"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestLastOperand(t *testing.T) {
	for text, want := range map[string][2]string{
		"": {"", ""}, "na": {"", "na"}, "a.b": {"a", "b"}, "a.b.": {"a.b", ""}, "x + a.b": {"a", "b"}, "f(a.b[i].na": {"a.b[i]", "na"},
		"a[b.c": {"b", "c"}, `"x/y".Z`: {`"x/y"`, "Z"}, "(*p).f": {"(*p)", "f"}, "*p.f": {"p", "f"}, "m[f(a.b)].": {"m[f(a.b)]", ""},
		".": {"", ""}, "世.界": {"世", "界"}, "a,b.c": {"b", "c"}, "!ok": {"", "ok"}, "x.(T).f": {"x.(T)", "f"},
	} {
		if operand, word := lastOperand(text); operand != want[0] || word != want[1] {
			t.Errorf("%s: %q and %q, want %q", text, operand, word, want)
		}
	}
}

// TestLastOperandProperty: the operand and the word are what the text ends with.
func TestLastOperandProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab."[]()*+ é`)), 0, 20, -1).Draw(t, "text")
		operand, word := lastOperand(text)
		if end := operand + "." + word; operand != "" && !strings.HasSuffix(text, end) || !strings.HasSuffix(text, word) {
			t.Fatalf("%q: %q and %q", text, operand, word)
		}
	})
}

func TestComplete(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	for text, want := range map[string]string{
		"st.": "X Y", "em.": "point node Own X Y Name Next Kids Sum", "len(dp.In.": "In List", "err.": "Code Error", "ring.n": "Name Next",
		"ptrs[0].": "X Y", "(*ptr).y": "Y", "main.glo": "global", "gLo": "global", `"internal/cpu".cache`: "CacheLineSize",
		"cpu.cache": "CacheLineSize", "wee": "", "nowhere.x": "", "i8.": "", "ls": "lst", "double(capt": "captured", "tru": "true", "1 + mathb": "",
	} {
		got, err := s.Complete(ctx, Selected, text, 0)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	all, err := s.Complete(ctx, Selected, "", 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"captured", "em", "global", "double", "len", "time"} {
		if !slices.Contains(all, name) {
			t.Errorf("%s is not among %v", name, all)
		}
	}
	if slices.Index(all, "captured") > slices.Index(all, "yes") || slices.Index(all, "yes") > slices.Index(all, "global") {
		t.Error("the nearest names do not come first")
	}
	if some, err := s.Complete(ctx, Selected, "", 3); err != nil || len(some) != 3 {
		t.Errorf("%v, %v; want 3", some, err)
	}
}
