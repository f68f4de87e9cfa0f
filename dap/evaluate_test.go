package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestEvaluate(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	for _, test := range []struct {
		expr, want, typ string
		unfolds         bool
	}{
		{"name", `"visitor"`, "string", false},
		{"list", "[]int len: 3, cap: 3, [1,2,3]", "[]int", true},
		{"1+1", "2", "int", false},
		{"len(table)", "2", "int", false},
		{`table["two"].Balance`, "2", "int", false},
		{"small", "200 = 0xc8", "uint8", false},
		{"counter", "10 = 0xa", "uint", false},
		{" acc.Owner ", `"eve"`, "string", false},
		{"main.label", `"package"`, "string", false},
		{"bytes[1:3]", "[]uint8 len: 2, cap: 4, [195,168]", "[]uint8", true},
	} {
		got := ed.evaluate(test.expr, frame)
		if got.Result != test.want || got.Type != test.typ || (got.VariablesReference > 0) != test.unfolds {
			t.Errorf("%s is %+v, want %s (%s)", test.expr, got, test.want, test.typ)
		}
	}
	list := ed.evaluate("list", frame)
	first := ed.variables(list.VariablesReference)[0]
	if first.EvaluateName != "(list)[0]" || ed.evaluate(first.EvaluateName, frame).Result != "1" {
		t.Errorf("the first of list is %+v", first)
	}

	outer := ed.stack(thread)[1].Id
	if got := ed.evaluate("acc.Owner", outer).Result; got != `"eve"` {
		t.Errorf("acc.Owner in main is %s", got)
	}
	for _, in := range []string{inWatch, inRepl, inHover, inClipboard, ""} {
		e := fails(ed, "evaluate", with{"expression": "nobody", "frameId": frame, "context": in})
		if !strings.HasPrefix(e.Format, "Unable to evaluate expression: ") || !strings.Contains(e.Format, "nobody") || e.Id != idEvaluate {
			t.Errorf("%q: an unknown name: %+v", in, e)
		}
		if shown := in == inClipboard || in == ""; e.ShowUser != shown {
			t.Errorf("%q: the user is shown the error: %v, want %v", in, e.ShowUser, shown)
		}
	}
}

// TestEvaluateLongStrings: as much of a string is read as there is use for.
func TestEvaluateLongStrings(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	value := func(expr, in string) string {
		return ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": expr, "frameId": frame, "context": in}).Result
	}
	short, whole := `"`+strings.Repeat("y", 512)+`...+88 more"`, `"`+strings.Repeat("y", 600)+`"`
	for in, want := range map[string]string{"": short, inWatch: short, inRepl: whole, inHover: whole, inVariables: whole, inClipboard: whole} {
		if got := value("text", in); got != want {
			t.Errorf("%q: %.20s... of %d bytes, want %d", in, got, len(got), len(want))
		}
		long := in == inClipboard || in == inVariables
		if got := value("&text", in); (len(got) > 300) != long || !strings.HasPrefix(got, `*"yyy`) {
			t.Errorf("%q: &text has %d bytes: %.20s", in, len(got), got)
		}
	}
}

// TestEvaluateRunning: package variables can be looked at while the program runs. It does
// not stop for that as far as the client can see.
func TestEvaluateRunning(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	ed.send("evaluate", with{"expression": "call endless()", "frameId": frame, "context": inRepl})
	got := ed.evaluate("main.label", 0)
	if got.Result != `"package"` || got.VariablesReference != 0 {
		t.Errorf("main.label is %+v", got)
	}
	if e := fails(ed, "evaluate", with{"expression": "call add(1, 2)", "context": inRepl}); !strings.Contains(e.Format, "running") {
		t.Errorf("a call while the program runs: %+v", e)
	}
	if e := fails(ed, "setExpression", with{"expression": "main.counter", "value": "1"}); !strings.Contains(e.Format, "running") {
		t.Errorf("an assignment while the program runs: %+v", e)
	}
	if n := len(ed.came("stopped")); n != 0 {
		t.Errorf("%d stops were told", n)
	}
}
