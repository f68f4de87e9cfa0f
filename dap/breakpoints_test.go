package dap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// stopsProgram is the target "stops", and its source.
func stopsProgram(t *testing.T) (program, file string) {
	t.Helper()
	return testkit.Target(t, "stops", testkit.Debug), targetFile(t, "stops", "main.go")
}

// stopsEditor launches the target "stops", up to where breakpoints can be set.
func stopsEditor(t *testing.T, args ...string) (ed *editor, file string) {
	t.Helper()
	return stopsEditorWith(t, Config{}, args...)
}

func stopsEditorWith(t *testing.T, cfg Config, args ...string) (ed *editor, file string) {
	t.Helper()
	program, file := stopsProgram(t)
	ed = newEditorWith(t, cfg)
	ed.launch(program, with{"args": args})
	return ed, file
}

// value evaluates in the innermost frame of a thread.
func (ed *editor) value(expr string, thread int) string {
	ed.Helper()
	return ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": expr, "frameId": ed.top(thread).Id, "context": "watch"}).Result
}

// TestBreakpointsAreChanged: a breakpoint that gets other conditions is the same, and goes
// on counting.
func TestBreakpointsAreChanged(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "40")
	line := lineOf(t, file, "// round")
	set := ed.breakOn(file, dap.SourceBreakpoint{Line: line, HitCondition: "== 5"})
	id := set[0].Id
	if !set[0].Verified || set[0].Line != line || set[0].Source == nil || set[0].Source.Path != file {
		t.Fatalf("%+v", set)
	}
	at := func(want string) {
		t.Helper()
		stop := ed.stoppedFor("breakpoint")
		if len(stop.HitBreakpointIds) != 1 || stop.HitBreakpointIds[0] != id || !stop.AllThreadsStopped {
			t.Errorf("%+v, and not breakpoint %d", stop, id)
		}
		if got := ed.value("i", stop.ThreadId); got != want {
			t.Errorf("i is %s, and not %s", got, want)
		}
	}
	ed.configured()
	at("4")
	for _, step := range []struct{ cond, hit, want string }{
		{"", "% 4", "7"}, // the eighth time: it has counted on
		{"i > 20", "", "21"},
		{"i > 20 && i % 2 == 0", "> 10", "24"}, // the ninth was at 21, the tenth at 22
	} {
		set = ed.breakOn(file, dap.SourceBreakpoint{Line: line, Condition: step.cond, HitCondition: step.hit})
		if !set[0].Verified || set[0].Id != id {
			t.Fatalf("%+v, and not id %d", set, id)
		}
		ed.resume("continue", 1)
		at(step.want)
	}
	for _, bad := range []dap.SourceBreakpoint{{Condition: "i =="}, {HitCondition: "= 2"}, {LogMessage: "{"}} {
		bad.Line = line
		if set = ed.breakOn(file, bad); set[0].Verified || set[0].Message == "" || set[0].Id != id {
			t.Errorf("%+v gives %+v", bad, set)
		}
	}
	ed.resume("continue", 1) // none of these stops
	if code := ed.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	ed.disconnect()
}

// TestBreakpointsReplace: a request replaces those of its own kind and file, and says of
// each what became of it.
func TestBreakpointsReplace(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "3")
	round, add := lineOf(t, file, "// round"), lineOf(t, file, "// add")
	set := ed.breakAt(file, round, add+1, round) // a comment; the same again
	if !set[0].Verified || !set[1].Verified || set[1].Line != add+3 {
		t.Errorf("%+v: the second is to be on line %d", set, add+3)
	}
	if set[2].Verified || !strings.Contains(set[2].Message, "breakpoint already exists") {
		t.Errorf("%+v", set[2])
	}
	fn := ed.breakIn("main.step")
	if set = ed.breakAt(file, add); len(set) != 1 || !set[0].Verified {
		t.Errorf("%+v", set)
	}
	if e := fails(ed, "setBreakpoints", with{"source": with{"name": "main.go"}}); !strings.Contains(e.Format, "empty file path") {
		t.Errorf("%+v", e)
	}
	ed.configured()
	if stop := ed.stoppedFor("function breakpoint"); len(stop.HitBreakpointIds) != 1 || stop.HitBreakpointIds[0] != fn[0].Id {
		t.Errorf("%+v", stop)
	}
	ed.breakIn()
	ed.resume("continue", 1)
	if stop := ed.stoppedFor("breakpoint"); len(stop.HitBreakpointIds) != 1 || stop.HitBreakpointIds[0] != set[0].Id {
		t.Errorf("%+v", stop)
	}
	ed.breakAt(file)
	ed.resume("continue", 1)
	ed.ended()
	if set = ed.breakAt(file, add); set[0].Verified || !strings.Contains(set[0].Message, "ended") {
		t.Errorf("after the end: %+v", set)
	}
	ed.disconnect()
}

// TestSeveralAtOnePlace: all that were reached are told of.
func TestSeveralAtOnePlace(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "3")
	fn := ed.breakIn("main.step")
	line := ed.breakAt(file, fn[0].Line)
	ed.configured()
	stop := ed.stopped()
	if fmt.Sprint(stop.HitBreakpointIds) != fmt.Sprint([]int{fn[0].Id, line[0].Id}) {
		t.Errorf("%+v, and not breakpoints %d and %d", stop, fn[0].Id, line[0].Id)
	}
	ed.disconnect()
}

// TestLogPoints: they show values and do not stop, in the midst of a step either.
func TestLogPoints(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "6")
	round, add, used := lineOf(t, file, "// round"), lineOf(t, file, "// add"), lineOf(t, file, "// used")
	ed.breakOn(file, dap.SourceBreakpoint{Line: round, Condition: "i == 1"},
		dap.SourceBreakpoint{Line: used, LogMessage: "local is {local}, {nobody} {\"}\"}"})
	ed.configured()
	stop := ed.stoppedFor("breakpoint")
	// In the form that users of Delve know.
	for n := range 2 {
		if n == 1 {
			ed.resume("next", stop.ThreadId) // over the function that logs
		}
		body := await(ed, "output", func(b dap.OutputEventBody) bool { return strings.HasPrefix(b.Output, "> ") })
		want := fmt.Sprintf("> [Go 1]: local is %d, {eval err: ", 2*n)
		if !strings.HasPrefix(body.Output, want) || !strings.HasSuffix(body.Output, "nobody} \"}\"\n") ||
			body.Category != "stdout" || body.Line != used || body.Source == nil || body.Source.Path != file {
			t.Errorf("%+v, and not %q, on line %d", body, want, used)
		}
	}
	if stop = ed.stoppedFor("step"); ed.top(stop.ThreadId).Line != add {
		t.Errorf("the step ended on line %d", ed.top(stop.ThreadId).Line)
	}
	// Another message: the same breakpoint. No message: it stops.
	ed.breakOn(file, dap.SourceBreakpoint{Line: used, LogMessage: "now", Condition: "local == 6"}, dap.SourceBreakpoint{Line: add, Condition: "i == 4"})
	ed.resume("continue", 1)
	ed.output("stdout", "> [Go 1]: now\n")
	ed.stoppedFor("breakpoint")
	ed.breakAt(file, used)
	ed.resume("continue", 1)
	if got := ed.value("local", ed.stoppedFor("breakpoint").ThreadId); got != "10" {
		t.Errorf("local is %s", got)
	}
	if more := ed.came("output"); len(more) > 1 { // the hint at the beginning
		t.Errorf("%d pieces of output", len(more))
	}
	ed.disconnect()
}
