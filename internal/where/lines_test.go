package where

import (
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// launch starts a program, which is killed when the test is over.
func launch(t *testing.T, path string) *proc.Target {
	t.Helper()
	grp, err := glue.Launch(glue.LaunchConfig{Path: path, Args: []string{path, "exit", "0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := grp.Detach(true); err != nil {
			t.Error(err)
		}
	})
	return grp.Selected
}

// TestLines asks for the first instruction of a function, of an inlined one and of none.
func TestLines(t *testing.T) {
	testkit.Watchdog(t)
	target := launch(t, testkit.Scenarios(t, testkit.Optimized))
	th := target.CurrentThread().(*glue.Thread)
	l := New(target)
	at := func(pc uint64) Place {
		defer th.ForgetGoroutine()
		defer target.ClearCaches()
		return l.At(pc, th.At(pc))
	}
	function := func(name string) (entry, inlined uint64) {
		fns, err := target.BinInfo().FindFunction(name)
		if err != nil || len(fns) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, call := range fns[0].InlinedCalls {
			return fns[0].Entry, call.LowPC
		}
		return fns[0].Entry, 0
	}
	entry, _ := function("main.spoil")
	if p := at(entry); p.Function != "main.spoil" || !strings.HasSuffix(p.File, "scenarios/main.go") || p.Line == 0 || p != at(entry) {
		t.Errorf("entry of main.spoil: %+v", p)
	}
	if !l.Known(entry) || l.FuncName(entry) != "main.spoil" || l.Outer(entry).Function != "main.spoil" {
		t.Error("the entry is not remembered, or named otherwise")
	}
	_, inlined := function("main.inlinedInner")
	if p := at(inlined); p.Function != "main.inlinedInner" || l.Outer(inlined).Function != "main.inlined" {
		t.Errorf("in an inlined call: %+v, around it %+v", p, l.Outer(inlined))
	}
	if p := at(1); p.Function != "" || p.File != "" || l.FuncName(1) != "" {
		t.Errorf("nowhere: %+v", p)
	}
}
