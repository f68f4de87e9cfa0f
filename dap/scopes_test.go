package dap

import (
	"strconv"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestScopes(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	scopes := ed.scopes(frame)
	if len(scopes) != 1 || scopes[0].Name != "Locals" || scopes[0].PresentationHint != "locals" || scopes[0].VariablesReference != 1000 || scopes[0].Expensive {
		t.Errorf("scopes %+v, want Locals", scopes)
	}
	ed.evaluate("argus config showGlobalVariables true", 0)
	ed.evaluate("argus config showRegisters true", 0)
	scopes = ed.scopes(frame)
	if len(scopes) != 3 || scopes[1].Name != "Globals (package main)" || scopes[2].Name != "Registers" {
		t.Fatalf("scopes %+v, want Locals, Globals and Registers", scopes)
	}
	label := variableNamed(t, ed.variables(scopes[1].VariablesReference), "label")
	if label.Value != `"package"` || label.EvaluateName != "main.label" || label.Type != "string" {
		t.Errorf("label is %+v", label)
	}
	top := ed.top(thread)
	found := false
	for _, reg := range ed.variables(scopes[2].VariablesReference) {
		name := strings.TrimSpace(reg.Name)
		if len(reg.Name) < 6 || reg.EvaluateName != "_"+strings.ToUpper(name) {
			t.Errorf("register %+v: names are aligned, and evaluate as _NAME", reg)
		}
		if name == "rip" || name == "pc" {
			found = true
			pc, err := strconv.ParseUint(reg.Value, 0, 64)
			want, _ := strconv.ParseUint(top.InstructionPointerReference, 0, 64)
			if err != nil || pc != want {
				t.Errorf("%s is %s, want %s", name, reg.Value, top.InstructionPointerReference)
			}
		}
	}
	if !found {
		t.Error("no program counter among the registers")
	}
	e := fails(ed, "scopes", with{"frameId": 4})
	if e.Format != "Unable to list locals: unknown frame id 4" || e.Id != idLocals {
		t.Errorf("scopes of no frame: %+v", e)
	}
}

// TestScopesOfFrame: the variables of an outer frame are its own.
func TestScopesOfFrame(t *testing.T) {
	ed, thread, _ := view(t, "bottom", nil)
	stack := ed.stack(thread)
	for i, want := range []string{"0", "0", "1", "2"} {
		if got := ed.locals(stack[i].Id)["n"].Value; got != want {
			t.Errorf("n of frame %d (%s) is %s, want %s", i, stack[i].Name, got, want)
		}
	}
}

func TestScopesOptimized(t *testing.T) {
	ed := newEditor(t)
	ed.launch(testkit.Target(t, "views", testkit.Optimized), nil)
	ed.breakIn("main.look")
	ed.configured()
	stop := ed.stopped()
	if got := ed.scopes(ed.top(stop.ThreadId).Id)[0].Name; got != "Locals (warning: optimized function)" {
		t.Errorf("the scope of an optimized function is called %q", got)
	}
}
