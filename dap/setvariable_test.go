package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestSetVariable(t *testing.T) {
	ed, _, frame := view(t, "look", with{"showGlobalVariables": true})
	scopes := ed.scopes(frame)
	locals, globals := scopes[0].VariablesReference, scopes[1].VariablesReference
	at := ed.locals(frame)
	fields := ed.variables(at["acc"].VariablesReference)[0].VariablesReference
	for _, test := range []struct {
		in          int
		name, value string
		want        string // what it is then
		expr        string // and how else that can be seen
	}{
		{locals, "big", "-7", "-7", "big"},
		{locals, "small", "3", "3 = 0x3", "small"},
		{locals, "nothing", "acc", `*main.account {Owner: "eve", Balance: 40, History: []int len: 3, cap: 3, [1,2,3]}`, "nothing"},
		{locals, "name", `"guest"`, `"guest"`, "name"},
		{locals, "name", "acc.Owner", `"eve"`, "name"},
		{fields, "Balance", "len(list) - 17", "-14", "acc.Balance"},
		{fields, "Owner", `"a longer name than it had"`, `"a longer name than it had"`, "acc.Owner"},
		{at["list"].VariablesReference, "[2]", "33", "33", "list[2]"},
		{at["huge"].VariablesReference, "[77777]", "5", "5", "huge[77777]"}, // never shown
		{globals, "label", `"mine"`, `"mine"`, "main.label"},
		{globals, "counter", "11", "11 = 0xb", "main.counter"},
	} {
		got := ask[dap.SetVariableResponseBody](ed, "setVariable", with{"variablesReference": test.in, "name": test.name, "value": test.value})
		if got.Value != test.want || got.Type == "" {
			t.Errorf("%s = %s: %+v, want %s", test.name, test.value, got, test.want)
		}
		areas := await[dap.InvalidatedEventBody](ed, "invalidated", nil).Areas
		if len(areas) != 1 || areas[0] != "all" {
			t.Errorf("%s: the client is to ask anew for %v", test.name, areas)
		}
		if got := ed.evaluate(test.expr, frame).Result; got != test.want {
			t.Errorf("%s is %s, want %s", test.expr, got, test.want)
		}
	}
	for _, test := range []struct {
		in                int
		name, value, want string
	}{
		{locals, "big", `"text"`, "Unable to set variable: "},
		{locals, "name", "5", "Unable to set variable: "},
		{locals, "nobody", "5", "Unable to set variable: failed to find the named variable"},
		{77, "big", "5", "Unable to lookup variable: unknown reference 77"},
		{locals, "big", "nobody", "Unable to set variable: "},
	} {
		e := fails(ed, "setVariable", with{"variablesReference": test.in, "name": test.name, "value": test.value})
		if !strings.HasPrefix(e.Format, test.want) || !e.ShowUser || e.Id != idSetVariable {
			t.Errorf("%s = %s: %+v, want %s", test.name, test.value, e, test.want)
		}
	}
	if n := len(ed.came("stopped")); n != 0 {
		t.Errorf("%d stops were told", n)
	}
}

// TestSetVariableOfFrame: a variable of an outer frame is that frame's.
func TestSetVariableOfFrame(t *testing.T) {
	ed, thread, _ := view(t, "bottom", nil)
	stack := ed.stack(thread)
	in := ed.scopes(stack[2].Id)[0].VariablesReference
	set(ed, "setVariable", with{"variablesReference": in, "name": "n", "value": "42"})
	for i, want := range []string{"0", "0", "42", "2"} {
		if got := ed.evaluate("n", stack[i].Id).Result; got != want {
			t.Errorf("n of frame %d is %s, want %s", i, got, want)
		}
	}
}
