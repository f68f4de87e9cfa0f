package dap

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestVariables(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	locals := ed.locals(frame)
	for _, want := range []dap.Variable{
		{Name: "acc", Value: `*main.account {Owner: "eve", Balance: 40, History: []int len: 3, cap: 3, [1,2,3]}`, Type: "*main.account", EvaluateName: "acc"},
		{Name: "list", Value: "[]int len: 3, cap: 3, [1,2,3]", Type: "[]int", EvaluateName: "list", IndexedVariables: 3},
		{Name: "name", Value: `"visitor"`, Type: "string", EvaluateName: "name"},
		{Name: "bytes", Value: "[]uint8 len: 5, cap: 5, [116,195,168,115,116]", Type: "[]uint8", EvaluateName: "bytes", IndexedVariables: 5, NamedVariables: 1},
		{Name: "nothing", Value: "*main.account nil", Type: "*main.account", EvaluateName: "nothing"},
		{Name: "small", Value: "200 = 0xc8", Type: "uint8", EvaluateName: "small"},
		{Name: "big", Value: "-5", Type: "int64", EvaluateName: "big"},
	} {
		got := locals[want.Name]
		unfolds := strings.HasPrefix(want.Type, "[]") || want.Name == "acc"
		if (got.VariablesReference > 0) != unfolds {
			t.Errorf("%s has reference %d", want.Name, got.VariablesReference)
		}
		if got.MemoryReference == "" {
			t.Errorf("%s is in no memory", want.Name)
		}
		got.VariablesReference, got.MemoryReference = 0, ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	if v := locals["text"]; v.Value != `"`+strings.Repeat("y", 512)+`...+88 more"` {
		t.Errorf("text is %s", v.Value)
	}
	if v := locals["huge"]; v.IndexedVariables != 100_000 || !strings.HasSuffix(v.Value, ",0,...+99936 more]") {
		t.Errorf("huge is %+v", v)
	}

	pointed := ed.variables(locals["acc"].VariablesReference)
	if len(pointed) != 1 || pointed[0].Name != "" || pointed[0].EvaluateName != "(*acc)" {
		t.Fatalf("acc points to %+v", pointed)
	}
	fields := ed.variables(pointed[0].VariablesReference)
	if len(fields) != 3 || fields[1].Name != "Balance" || fields[1].Value != "40" || fields[1].EvaluateName != "(*acc).Balance" && fields[1].EvaluateName != "acc.Balance" {
		t.Errorf("the fields of acc: %+v", fields)
	}
	if named := children(ed, pointed[0].VariablesReference, "indexed", 0, 0); len(named) != 0 {
		t.Errorf("a struct has indexed children: %+v", named)
	}
	if named := children(ed, pointed[0].VariablesReference, "named", 0, 0); len(named) != 3 {
		t.Errorf("a struct has named children %+v, want its 3 fields", named)
	}

	table := locals["table"]
	if table.IndexedVariables != 2 || table.NamedVariables != 1 {
		t.Errorf("table is %+v, want 2 pairs and the length", table)
	}
	pairs := ed.variables(table.VariablesReference)
	if pairs[0].Name != "len()" || pairs[0].Value != "2" || pairs[0].EvaluateName != "len(table)" {
		t.Errorf("the first child of table is %+v", pairs[0])
	}
	one := variableNamed(t, pairs, `"one"`)
	if one.EvaluateName != `table["one"]` || one.Type != "string: main.account" || one.VariablesReference == 0 {
		t.Errorf("table[one] is %+v", one)
	}
	if bob := variableNamed(t, ed.variables(variableNamed(t, pairs, `"two"`).VariablesReference), "Owner"); bob.Value != `"bob"` {
		t.Errorf("the owner of two is %+v", bob)
	}

	text := children(ed, locals["bytes"].VariablesReference, "named", 0, 0)
	if len(text) != 1 || text[0].Name != "string()" || text[0].Value != `"tèst"` || text[0].PresentationHint == nil {
		t.Errorf("the text of bytes is %+v", text)
	}
}

// children asks for a page of what a reference has.
func children(ed *editor, ref int, filter string, start, count int) []dap.Variable {
	ed.Helper()
	args := with{"variablesReference": ref, "start": start, "count": count}
	if filter != "" {
		args["filter"] = filter
	}
	body := ask[dap.VariablesResponseBody](ed, "variables", args)
	if body.Variables == nil {
		ed.Errorf("children of %d are null", ref)
	}
	return body.Variables
}

func TestVariablesPages(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	huge := ed.locals(frame)["huge"].VariablesReference
	page := children(ed, huge, "indexed", 99_900, 100)
	if len(page) != 100 || page[0].Name != "[99900]" || page[99].Name != "[99999]" || page[99].Value != "7" || page[99].EvaluateName != "huge[99999]" {
		t.Errorf("the last page: %d of them, %+v", len(page), page[len(page)-1])
	}
	if page := children(ed, huge, "indexed", 99_999, 100); len(page) != 1 {
		t.Errorf("the page that ends beyond the end has %d", len(page))
	}
	if page := children(ed, huge, "indexed", 100_000, 100); len(page) != 0 {
		t.Errorf("the page beyond the end has %d", len(page))
	}
	if page := children(ed, huge, "", 0, 0); len(page) != 64 {
		t.Errorf("a client without pages is shown %d, want maxArrayValues", len(page))
	}
	if page := children(ed, huge, "indexed", 70_000, 0); len(page) != 30_000 || page[29_999].Value != "7" {
		t.Errorf("all from 70,000 on are %d", len(page))
	}
}

// TestVariablesCancel: a long list is given up when the client says so.
func TestVariablesCancel(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	huge := ed.locals(frame)["huge"].VariablesReference
	seq := ed.send("variables", with{"variablesReference": huge, "filter": "indexed"})
	ask[struct{}](ed, "cancel", with{"requestId": seq})
	if m := ed.response(seq); m.Success || m.Message != "cancelled" {
		t.Errorf("the cancelled request: %v %s, %d bytes", m.Success, m.Message, len(m.Body))
	}
	if page := children(ed, huge, "indexed", 0, 10); len(page) != 10 {
		t.Errorf("the next request gets %d", len(page))
	}
}

// TestVariablesPlainly: a client that has not said what it can gets no types, and is told
// in the value how much of a list there is.
func TestVariablesPlainly(t *testing.T) {
	ed := newEditor(t)
	ed.launchPlainly(testkit.Target(t, "views", testkit.Debug), with{"maxArrayValues": 2, "maxStringLen": 3})
	file := viewsFile(t)
	ed.breakAt(file, lineOf(t, file, "// here: look"))
	ed.configured()
	locals := ed.locals(ed.top(ed.stopped().ThreadId).Id)
	for name, want := range map[string]string{
		"list": "(loaded 2/3) []int len: 3, cap: 3, [1,2,...+1 more]",
		"name": `"vis...+4 more"`,
	} {
		if v := locals[name]; v.Value != want || v.Type != "" {
			t.Errorf("%s is %+v, want %s", name, v, want)
		}
	}
	if list := ed.variables(locals["list"].VariablesReference); len(list) != 2 {
		t.Errorf("%d of list are shown, want 2", len(list))
	}
	ed.evaluate("argus config maxStringLen 5", 0)
	if v := ed.evaluate("name", 1000); !strings.HasPrefix(v.Result, `"visitor`) { // the console reads more
		t.Errorf("name is %s in the console", v.Result)
	}
}

// TestVariablesHex: integers in hexadecimal, for clients that ask for that.
func TestVariablesHex(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	body := ask[dap.VariablesResponseBody](ed, "variables", with{"variablesReference": ed.scopes(frame)[0].VariablesReference, "format": with{"hex": true}})
	for name, want := range map[string]string{"small": "0xc8", "big": "-0x5", "name": `"visitor"`} {
		if v := variableNamed(t, body.Variables, name); v.Value != want {
			t.Errorf("%s is %s, want %s", name, v.Value, want)
		}
	}
	if v := ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": "small", "frameId": frame, "format": with{"hex": true}}); v.Result != "0xc8" {
		t.Errorf("small is %s", v.Result)
	}
}

// TestVariablesOfRawStrings: line ends as they are, if the user wants that.
func TestVariablesOfRawStrings(t *testing.T) {
	ed, _, frame := view(t, "look", with{"showRawStrings": true})
	if v := ed.locals(frame)["name"]; v.Value != "visitor" {
		t.Errorf("name is %s", v.Value)
	}
}
