package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestSetExpression(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	got := ask[dap.SetExpressionResponseBody](ed, "setExpression", with{"expression": "acc.History[1]", "value": "22", "frameId": frame})
	if got.Value != "22" || got.Type != "int" {
		t.Errorf("acc.History[1] = 22: %+v", got)
	}
	ed.event("invalidated", nil)
	if got := ed.evaluate("list", frame).Result; got != "[]int len: 3, cap: 3, [1,22,3]" {
		t.Errorf("list, which is the same memory, is %s", got)
	}
	if got := set(ed, "setExpression", with{"expression": "main.label", "value": `"set"`, "frameId": frame}); got != `"set"` {
		t.Errorf("main.label is %s", got)
	}
	outer := ed.stack(thread)[1].Id
	if got := set(ed, "setExpression", with{"expression": "acc", "value": "nil", "frameId": outer}); got != "*main.account nil" {
		t.Errorf("acc of main is %s", got)
	}
	if got := ed.evaluate("acc.Owner", frame).Result; got != `"eve"` {
		t.Errorf("acc of look was set too: %s", got)
	}
	for _, expr := range []string{"nobody", "1 + 1", ""} {
		e := fails(ed, "setExpression", with{"expression": expr, "value": "1", "frameId": frame})
		if !strings.HasPrefix(e.Format, "Unable to ") || !e.ShowUser {
			t.Errorf("%q = 1: %+v", expr, e)
		}
	}
}
