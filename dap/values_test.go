package dap

import (
	"reflect"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
)

// viewsFile is the source of the program that tests of what is shown look at.
func viewsFile(t testing.TB) string { return targetFile(t, "views", "main.go") }

// view launches that program and lets it run to the line that is marked "here: MARK". It
// returns the thread and its innermost frame.
func view(t *testing.T, mark string, more with) (ed *editor, thread, frame int) {
	t.Helper()
	ed = newEditor(t)
	ed.launch(testkit.Target(t, "views", testkit.Debug), more)
	file := viewsFile(t)
	ed.breakAt(file, lineOf(t, file, "// here: "+mark))
	ed.configured()
	thread = ed.stoppedFor("breakpoint").ThreadId
	return ed, thread, ed.top(thread).Id
}

// withoutPaging is a client that has not heard of pages, types and events about values.
func (ed *editor) launchPlainly(program string, more with) {
	ed.Helper()
	ask[capabilities](ed, "initialize", with{"adapterID": "go"})
	args := with{"request": "launch", "mode": "exec", "program": program}
	for k, v := range more {
		args[k] = v
	}
	ed.response(ed.send("launch", args))
	ed.event("initialized", nil)
}

func TestText(t *testing.T) {
	s := &session{}
	deep := &backend.Variable{Kind: reflect.Slice, Value: "[]int len: 3, cap: 3, [1,2,...+1 more]", Len: 3, Loaded: 2, Indexed: 3, Expandable: true}
	whole := &backend.Variable{Kind: reflect.Struct, Value: "main.T {A: 1}", Len: 1, Loaded: 1, Expandable: true}
	number := &backend.Variable{Kind: reflect.Uint8, Value: "200 = 0xc8", Plain: "200"}
	negative := &backend.Variable{Kind: reflect.Int, Value: "-5", Plain: "-5"}
	text := &backend.Variable{Kind: reflect.String, Value: `"12"`, Plain: `"12"`}
	for _, test := range []struct {
		name   string
		v      *backend.Variable
		st     style
		paging bool
		want   string
	}{
		{"part of a list", deep, style{}, false, "(loaded 2/3) []int len: 3, cap: 3, [1,2,...+1 more]"},
		{"part of a list, for a client with pages", deep, style{}, true, "[]int len: 3, cap: 3, [1,2,...+1 more]"},
		{"all of it", whole, style{}, false, "main.T {A: 1}"},
		{"a number", number, style{}, false, "200 = 0xc8"},
		{"a number in hexadecimal", number, style{hex: true}, false, "0xc8"},
		{"a negative one", negative, style{hex: true}, false, "-0x5"},
		{"no number", text, style{hex: true}, false, `"12"`},
	} {
		s.client.paging = test.paging
		if got := s.text(test.v, test.st); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestMemoryReference(t *testing.T) {
	for _, test := range []struct {
		v    backend.Variable
		want string
	}{
		{backend.Variable{Kind: reflect.String, Addr: 0x10, Base: 0x20}, "0x20"},
		{backend.Variable{Kind: reflect.Slice, Addr: 0x10, Base: 0x20}, "0x20"},
		{backend.Variable{Kind: reflect.Slice, Addr: 0x10}, "0x10"},
		{backend.Variable{Kind: reflect.Struct, Addr: 0x10}, "0x10"},
		{backend.Variable{Kind: reflect.Int}, ""},
		{backend.Variable{Kind: reflect.Int, Addr: 0x10, Unreadable: backend.ErrStale}, ""},
		{backend.Variable{Kind: reflect.Int, Addr: 0x10, Register: true}, ""},
	} {
		if got := memoryReference(&test.v); got != test.want {
			t.Errorf("%+v: %q, want %q", test.v, got, test.want)
		}
	}
}

func TestHint(t *testing.T) {
	if h := hint(&backend.Variable{Expr: "x"}); h != nil {
		t.Errorf("a variable that can be set: %+v", h)
	}
	for _, v := range []backend.Variable{{Constant: true, Expr: "c"}, {}, {Expr: "x", Unreadable: backend.ErrStale}} {
		h := hint(&v)
		if h == nil || h.Attributes[len(h.Attributes)-1] != "readOnly" {
			t.Errorf("%+v: %+v, want readOnly", v, h)
		}
	}
}

// variableNamed finds a variable in a list.
func variableNamed(t testing.TB, list []dap.Variable, name string) dap.Variable {
	t.Helper()
	for _, v := range list {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("there is no %q in %+v", name, list)
	return dap.Variable{}
}
