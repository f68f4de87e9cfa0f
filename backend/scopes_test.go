package backend

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestShadowed: a variable that another hides is shown in parentheses, and its
// expression denotes it, not the other.
func TestShadowed(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "hidden")
	list := locals(t, s)
	if n := byName(t, list, "n"); !n.Argument || n.Value != "3" {
		t.Errorf("%+v", n)
	}
	outer, inner := byName(t, list, "(x)"), byName(t, list, "x")
	if outer.Value != "3" || !outer.Shadowed || inner.Value != `"inner"` || inner.Shadowed {
		t.Errorf("x is %s, the one that it hides %s", inner.Value, outer.Value)
	}
	if v, err := s.Evaluate(ctx, Selected, outer.Expr, Load{}); err != nil || v.Value != "3" {
		t.Errorf("%s: %v, %v", outer.Expr, v, err)
	}
	if err := s.Assign(ctx, Selected, outer.Expr, "4"); err != nil {
		t.Fatal(err)
	}
	list = locals(t, s)
	if byName(t, list, "(x)").Value != "4" || byName(t, list, "x").Value != `"inner"` {
		t.Error("an assignment to the hidden one went elsewhere")
	}
}

// TestFrames: each frame has its own variables.
func TestFrames(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "results")
	inner := locals(t, s)
	var args, results []string
	for _, v := range inner {
		if v.Return {
			results = append(results, v.Name)
		} else if v.Argument {
			args = append(args, v.Name+"="+v.Value)
		}
	}
	if !slices.Equal(args, []string{"a=2", "b=3"}) || !slices.Equal(results, []string{"sum", "text", "err"}) {
		t.Errorf("arguments %v, results %v", args, results)
	}
	outer, err := s.Locals(ctx, Scope{Goroutine: -1, Frame: 1}, Load{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(outer, func(v *Variable) bool { return v.Argument }) {
		t.Error("main.main has arguments")
	}
	if _, err := s.Locals(ctx, Scope{Goroutine: -1, Frame: 100}, Load{}); err == nil {
		t.Error("there is no such frame")
	}
	if _, err := s.Locals(ctx, Scope{Goroutine: 99999}, Load{}); err == nil {
		t.Error("there is no such goroutine")
	}
	stopAt(t, s.StepOut, ReasonStep)
	if _, err := s.Threads(ctx); err != nil { // which looks at what is to be kept
		t.Fatal(err)
	}
	got, err := s.Returned(ctx, Load{})
	if err != nil || len(got) != 3 || got[0].Name != "sum" || got[0].Value != "5" || got[1].Value != `"done"` || got[2].Value != "error nil" || got[0].Expr != "" {
		t.Errorf("returned %+v, %v", got, err)
	}
	stopAt(t, s.Next, ReasonStep)
	if got, err := s.Returned(ctx, Load{}); err != nil || len(got) != 0 {
		t.Errorf("nothing has returned: %+v, %v", got, err)
	}
}

// TestGlobals: the variables of a package, under expressions that denote them.
func TestGlobals(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "generic")
	if v := byName(t, locals(t, s), "kept"); v.Value != `main.pair[string,int] {Key: "k", Value: 7}` && v.Value != `main.pair[string, int] {Key: "k", Value: 7}` {
		t.Errorf("a generic function's: %s", v.Value)
	}
	own, err := s.Globals(ctx, Selected, "", Load{})
	if err != nil {
		t.Fatal(err)
	}
	if v := byName(t, own, "global"); v.Value != "42" || v.Expr != "main.global" {
		t.Errorf("%+v", v)
	}
	cpu, err := s.Globals(ctx, Selected, "internal/cpu", Load{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(own, cpu...) {
		if again, err := s.Evaluate(ctx, Selected, v.Expr, Load{}); err != nil || again.Addr != v.Addr {
			t.Errorf("%s: %v, %v", v.Expr, again, err)
		}
		if strings.Contains(v.Name, ".") {
			t.Errorf("%s has its package's name", v.Name)
		}
	}
	if v := byName(t, cpu, "CacheLineSize"); v.Expr != `"internal/cpu".CacheLineSize` {
		t.Errorf("%+v", v)
	}
	if none, err := s.Globals(ctx, Selected, "no/such", Load{}); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}

// TestOptimizedOut: a variable that the compiler keeps nowhere says so.
func TestOptimizedOut(t *testing.T) {
	s := atValues(t, testkit.Optimized, "values")
	for _, v := range locals(t, s) {
		if v.Optimized {
			if v.Value != "(optimized out)" || v.Unreadable == nil || v.Expandable {
				t.Errorf("%+v", v)
			}
			return
		}
	}
	t.Error("there is none: this test tests nothing")
}
