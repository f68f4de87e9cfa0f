package dap

import (
	"context"
	"errors"
	"testing"

	"github.com/argusdbg/argus/backend"
)

func TestHandles(t *testing.T) {
	var h handles
	at := backend.Scope{Goroutine: 7, Frame: 2}
	frame := h.addFrame(knownFrame{at: at})
	first, second := h.addNode(&node{}), h.addNode(&node{at: at})
	if frame != 1000 || first != 1000 || second != 1001 {
		t.Errorf("numbers %d, %d and %d: they begin at 1000, of each kind", frame, first, second)
	}
	if n, err := h.node(second); err != nil || n.at != at {
		t.Errorf("node %d: %+v, %v", second, n, err)
	}
	s := &session{handles: h}
	if got, err := s.frame(frame); err != nil || got != at {
		t.Errorf("frame %d: %v, %v", frame, got, err)
	}
	for _, id := range []int{-1, 0, 999, 1001} {
		if _, err := s.frame(id); err == nil {
			t.Errorf("frame %d is known", id)
		}
		if got := s.frameOrSelected(id); got != backend.Selected {
			t.Errorf("frame %d: %v, want the selected one", id, got)
		}
	}
	s.handles.reset()
	if _, err := s.node(first); err == nil {
		t.Error("a reference outlives its stop")
	}
	if _, err := s.frame(frame); err == nil {
		t.Error("a frame outlives its stop")
	}
}

// TestChildOfList: children are found by name in what is no variable, shown or not.
func TestChildOfList(t *testing.T) {
	s := &session{ctx: context.Background(), target: &target{settings: defaultSettings()}}
	v := &backend.Variable{Name: "x", Expr: "x"}
	n := &node{at: backend.Scope{Goroutine: 3}, list: func(context.Context) ([]*backend.Variable, error) { return []*backend.Variable{v}, nil }}
	ref := s.addNode(n)
	if got, at, err := s.child(ref, "x"); got != v || at != n.at || err != nil {
		t.Errorf("child x: %v, %v, %v", got, at, err)
	}
	if _, _, err := s.child(ref, "y"); err == nil {
		t.Error("there is a child y")
	}
	bad := errors.New("unreadable")
	n.list = func(context.Context) ([]*backend.Variable, error) { return nil, bad }
	if _, _, err := s.child(ref, "z"); !errors.Is(err, bad) {
		t.Errorf("child z: %v, want %v", err, bad)
	}
	if _, _, err := s.child(ref+1, "x"); err == nil {
		t.Error("an unknown reference has a child")
	}
}

// TestReferencesAfterCall: a function call lets the program run, which the client is not
// told of. What it has unfolded it can still unfold, and sees what is there now.
func TestReferencesAfterCall(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	acc := ed.locals(frame)["acc"]
	ed.evaluate("call acc.deposit(2)", frame)
	pointed := ed.variables(acc.VariablesReference)
	if len(pointed) != 1 {
		t.Fatalf("acc points to %+v", pointed)
	}
	if b := variableNamed(t, ed.variables(pointed[0].VariablesReference), "Balance"); b.Value != "42" {
		t.Errorf("Balance is %s after the call, want 42", b.Value)
	}
	results := ed.evaluate("call both(9)", frame)
	ed.evaluate("call reset(3)", frame)
	if list := ed.variables(results.VariablesReference); len(list) != 2 || list[0].Value != "4" || list[1].Value != `"9"` {
		t.Errorf("results of an earlier call: %+v", list)
	}
}

// TestReferencesAfterRun: numbers of an earlier stop are refused.
func TestReferencesAfterRun(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	scope := ed.scopes(frame)[0].VariablesReference
	ed.resume("next", thread)
	ed.stoppedFor("step")
	if e := fails(ed, "scopes", with{"frameId": frame}); e.Format != "Unable to list locals: unknown frame id 1000" || e.ShowUser {
		t.Errorf("scopes of an old frame: %+v", e)
	}
	if e := fails(ed, "variables", with{"variablesReference": scope}); e.Format != "Unable to lookup variable: unknown reference 1000" {
		t.Errorf("variables of an old scope: %+v", e)
	}
}
