package backend

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestAssign(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	for _, c := range []struct{ expr, val, want string }{
		{"i8", "-1", "-1"},
		{"u64", "7", "7 = 0x7"},
		{"up", "0xff", "255 = 0xff"},
		{"yes", "false", "false"},
		{"f32", "2.5", "2.5"},
		{"c64", "3+4i", "(3 + 4i)"},
		{"arr[2]", "i8", ""},
		{"arr[2]", "9", "9"},
		{"st.X", "11", "11"},
		{"(*ptr).Y", "12", "12"},
		{"str", `"fresh and longer than before"`, `"fresh and longer than before"`},
		{"empty", "str", `"fresh and longer than before"`},
		{"str", `""`, `""`},
		{"st", "points[1]", "main.point {X: 3, Y: 4}"},
		{"ints", "many[1:3]", "[]int len: 2, cap: 99, [0,0]"},
		{"nilPtr", "ptr", "*main.point {X: 3, Y: 4}"},
		{"ptr", "nil", "*main.point nil"},
		{"err", "nil", "error nil"},
		{"byName", "nil", "map[string]int nil"},
		{`aliased[(*(*"main.point")(0))]`, "1", ""},
		{"day", "monday", "monday (1)"},
		{"day", "main.tuesday", "tuesday (2)"},
		{"nowhere", "1", ""},
	} {
		err := s.Assign(ctx, Selected, c.expr, c.val)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s = %s was done", c.expr, c.val)
			}
			continue
		}
		v, evalErr := s.Evaluate(ctx, Selected, c.expr, Load{})
		if err != nil || evalErr != nil || v.Value != c.want {
			t.Errorf("%s = %s: %v; now %v, %v", c.expr, c.val, err, v, evalErr)
		}
	}
}

// TestAssignString: a new string can be assigned anywhere, without the program running,
// and the program uses it.
func TestAssignString(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "results")
	outer := Scope{Goroutine: -1, Frame: 1}
	before, err := s.Evaluate(ctx, outer, "main.huge", Load{})
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long ", 20_000)
	for _, c := range []struct{ expr, val, want string }{
		{"main.text", `"new"`, "new"}, {"main.text", "main.text + `er`", "newer"}, {"main.text", strconv.Quote(long), long}, {"main.title", `"Dr."`, "Dr."},
	} {
		if err := s.Assign(ctx, outer, c.expr, c.val); err != nil {
			t.Fatalf("%.50s: %v", c.val, err)
		}
		if v, err := s.Evaluate(ctx, outer, c.expr, Load{String: 1 << 20, Raw: true}); err != nil || v.Value != c.want {
			t.Errorf("%.50s, want %.50s, %v", v.Value, c.want, err)
		}
	}
	if _, err := s.Children(ctx, before, 0, 1, Load{}); err != nil {
		t.Errorf("the program has run: %v", err)
	}
	if err := s.Assign(ctx, outer, "main.text", strconv.Quote(strings.Repeat("x", longestString+1))); err == nil {
		t.Error("a string without end was assigned")
	}
	if err := s.Assign(ctx, outer, "main.global", "main.double(4)"); err == nil || !strings.Contains(err.Error(), "innermost") {
		t.Errorf("a function's result in an outer frame: %v", err)
	}
	got, _, err := s.CallIn(ctx, Selected, "main.titled()", Load{String: 1 << 20, Raw: true})
	if err != nil || len(got) != 1 || got[0].Value != "Dr. "+long {
		t.Errorf("the program takes it for %.50s, %v", got[0].Value, err)
	}
	toTheEnd(t, s, 0)
}

// TestAssignByCall: what the program must make itself; a breakpoint on the way is told.
func TestAssignByCall(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	for _, c := range []struct{ expr, val, want string }{
		{"st", "main.point{7, 8}", "main.point {X: 7, Y: 8}"}, {"st.Y", "main.double(21)", "42"}, {"str", "main.titled()", `"Ms. global"`},
	} {
		if err := s.Assign(ctx, Selected, c.expr, c.val); err != nil {
			t.Errorf("%s = %s: %v", c.expr, c.val, err)
			continue
		}
		if v, err := s.Evaluate(ctx, Selected, c.expr, Load{}); err != nil || v.Value != c.want {
			t.Errorf("%s = %s: %v, %v", c.expr, c.val, v, err)
		}
	}
	if err := s.Assign(ctx, Selected, "str", "main.unlucky()"); err == nil || !strings.Contains(err.Error(), "unlucky") {
		t.Errorf("a panic on the way: %v", err)
	}
	setBreak(t, s, "main.double", "")
	err := s.Assign(ctx, Selected, "st.X", "main.double(1)")
	var interrupted *InterruptedError
	if !errors.As(err, &interrupted) {
		t.Fatalf("%v", err)
	}
	if stop, ok := interrupted.Event.(*Stop); !ok || stop.Breakpoint == nil {
		t.Errorf("%v", interrupted.Event)
	}
}

// TestCallIn: results of calls, one, several, none, and of one that panics.
func TestCallIn(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	for expr, want := range map[string]string{
		"main.double(21)": "42", "main.results(1, 2)": `3|"done"|error nil`, "main.nothing()": "",
	} {
		got, ev, err := s.CallIn(ctx, Selected, expr, Load{})
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if stop, ok := ev.(*Stop); !ok || stop.Reason != ReasonCallReturned {
			t.Errorf("%s: %v", expr, ev)
		}
		var texts []string
		for _, v := range got {
			texts = append(texts, v.Value)
		}
		if text := strings.Join(texts, "|"); text != want {
			t.Errorf("%s: %s, want %s", expr, text, want)
		}
	}
	got, _, err := s.CallIn(ctx, Selected, "main.unlucky()", Load{})
	if err != nil || len(got) != 1 || got[0].Name != "~panic" || got[0].Value != `interface {}(string) "unlucky"` {
		t.Errorf("%v, %v", got, err)
	}
	if _, _, err := s.CallIn(ctx, Scope{Goroutine: -1, Frame: 1}, "main.double(1)", Load{}); err == nil {
		t.Error("a function was called in an outer frame")
	}
}
