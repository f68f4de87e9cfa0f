package dap

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// What editors do all the time. All of them fail the test if the server refuses.

// initialize introduces the editor.
func (ed *editor) initialize() capabilities {
	ed.Helper()
	return ask[capabilities](ed, "initialize", with{"clientID": "fake", "adapterID": "go", "pathFormat": "path",
		"linesStartAt1": true, "columnsStartAt1": true, "supportsVariableType": true, "supportsVariablePaging": true,
		"supportsInvalidatedEvent": true, "supportsMemoryEvent": true, "supportsProgressReporting": true, "locale": "en-us"})
}

// launch introduces the editor and launches a program that is built, up to where
// breakpoints can be set. more are other attributes.
func (ed *editor) launch(program string, more with) {
	ed.Helper()
	ed.initialize()
	args := with{"request": "launch", "mode": "exec", "program": program}
	maps.Copy(args, more)
	seq := ed.send("launch", args)
	if m := ed.response(seq); !m.Success {
		ed.Fatalf("launch: %s\n%s", m.Message, m.Body)
	}
	ed.event("initialized", nil)
}

// attach introduces the editor and attaches to a process, up to where breakpoints can be
// set.
func (ed *editor) attach(pid int, more with) {
	ed.Helper()
	ed.initialize()
	args := with{"request": "attach", "mode": "local", "processId": pid}
	maps.Copy(args, more)
	ask[struct{}](ed, "attach", args)
	ed.event("initialized", nil)
}

// configured says that all breakpoints are set: the program runs, unless it is to stop on
// entry.
func (ed *editor) configured() {
	ed.Helper()
	ask[struct{}](ed, "configurationDone", with{})
}

// stopped waits for the program to stop.
func (ed *editor) stopped() dap.StoppedEventBody {
	ed.Helper()
	return await[dap.StoppedEventBody](ed, "stopped", nil)
}

// stoppedFor waits for the program to stop, for a reason.
func (ed *editor) stoppedFor(reason string) dap.StoppedEventBody {
	ed.Helper()
	body := ed.stopped()
	if body.Reason != reason {
		ed.Fatalf("stopped for %q (%s), not for %q", body.Reason, body.Text+body.Description, reason)
	}
	return body
}

// ended waits for the program's end, and returns its exit code.
func (ed *editor) ended() int {
	ed.Helper()
	code := await[dap.ExitedEventBody](ed, "exited", nil).ExitCode
	ed.event("terminated", nil)
	return code
}

// resume continues, steps ("next", "stepIn", "stepOut"), in a thread.
func (ed *editor) resume(how string, thread int) {
	ed.Helper()
	ask[struct{}](ed, how, with{"threadId": thread})
}

// disconnect ends the conversation, in the way that is usual for how it began.
func (ed *editor) disconnect() {
	ed.Helper()
	ask[struct{}](ed, "disconnect", with{})
	ed.hangup()
}

// breakAt sets the breakpoints of a file.
func (ed *editor) breakAt(file string, lines ...int) []dap.Breakpoint {
	ed.Helper()
	list := []dap.SourceBreakpoint{}
	for _, line := range lines {
		list = append(list, dap.SourceBreakpoint{Line: line})
	}
	return ed.breakOn(file, list...)
}

// breakOn sets the breakpoints of a file, with conditions and messages.
func (ed *editor) breakOn(file string, list ...dap.SourceBreakpoint) []dap.Breakpoint {
	ed.Helper()
	return ask[dap.SetBreakpointsResponseBody](ed, "setBreakpoints",
		with{"source": with{"path": file, "name": filepath.Base(file)}, "breakpoints": list}).Breakpoints
}

// breakIn sets the breakpoints on functions.
func (ed *editor) breakIn(functions ...string) []dap.Breakpoint {
	ed.Helper()
	list := []dap.FunctionBreakpoint{}
	for _, name := range functions {
		list = append(list, dap.FunctionBreakpoint{Name: name})
	}
	return ask[dap.SetFunctionBreakpointsResponseBody](ed, "setFunctionBreakpoints", with{"breakpoints": list}).Breakpoints
}

// watchable asks about a variable: of a reference if there is one, else of a frame.
func (ed *editor) watchable(name string, frame, reference int) dap.DataBreakpointInfoResponseBody {
	ed.Helper()
	args := with{"name": name}
	if reference != 0 {
		args["variablesReference"] = reference
	} else {
		args["frameId"] = frame
	}
	return ask[dap.DataBreakpointInfoResponseBody](ed, "dataBreakpointInfo", args)
}

// watch sets the data breakpoints.
func (ed *editor) watch(list ...dap.DataBreakpoint) []dap.Breakpoint {
	ed.Helper()
	if list == nil {
		list = []dap.DataBreakpoint{}
	}
	return ask[dap.SetDataBreakpointsResponseBody](ed, "setDataBreakpoints", with{"breakpoints": list}).Breakpoints
}

// threads are all the program's.
func (ed *editor) threads() []dap.Thread {
	ed.Helper()
	return ask[dap.ThreadsResponseBody](ed, "threads", nil).Threads
}

// stack is a thread's, innermost frame first.
func (ed *editor) stack(thread int) []dap.StackFrame {
	ed.Helper()
	return ask[dap.StackTraceResponseBody](ed, "stackTrace", with{"threadId": thread, "startFrame": 0, "levels": 20}).StackFrames
}

// top is the innermost frame of a thread.
func (ed *editor) top(thread int) dap.StackFrame {
	ed.Helper()
	stack := ed.stack(thread)
	if len(stack) == 0 {
		ed.Fatalf("thread %d has no stack", thread)
	}
	return stack[0]
}

// scopes are a frame's.
func (ed *editor) scopes(frame int) []dap.Scope {
	ed.Helper()
	return ask[dap.ScopesResponseBody](ed, "scopes", with{"frameId": frame}).Scopes
}

// variables are the children of a reference.
func (ed *editor) variables(reference int) []dap.Variable {
	ed.Helper()
	return ask[dap.VariablesResponseBody](ed, "variables", with{"variablesReference": reference}).Variables
}

// locals are the variables of the first scope of a frame.
func (ed *editor) locals(frame int) map[string]dap.Variable {
	ed.Helper()
	scopes := ed.scopes(frame)
	if len(scopes) == 0 {
		ed.Fatalf("frame %d has no scopes", frame)
	}
	named := map[string]dap.Variable{}
	for _, v := range ed.variables(scopes[0].VariablesReference) {
		named[v.Name] = v
	}
	return named
}

// evaluate evaluates, in the debug console.
func (ed *editor) evaluate(expression string, frame int) dap.EvaluateResponseBody {
	ed.Helper()
	return ask[dap.EvaluateResponseBody](ed, "evaluate", with{"expression": expression, "frameId": frame, "context": "repl"})
}

// output waits for output that contains a text, and returns it.
func (ed *editor) output(category, text string) string {
	ed.Helper()
	return await(ed, "output", func(b dap.OutputEventBody) bool {
		return b.Category == category && strings.Contains(b.Output, text)
	}).Output
}

// targetFile is the path of a source file of internal/testkit/targets.
func targetFile(t testing.TB, elem ...string) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(file), "..", "internal", "testkit", "targets"}, elem...)...)
}

// lineOf is the number of the only line of a file that contains a text.
func lineOf(t testing.TB, file, text string) int {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for i, line := range strings.Split(string(content), "\n") {
		if !strings.Contains(line, text) {
			continue
		}
		if found != 0 {
			t.Fatalf("%s: lines %d and %d contain %q", file, found, i+1, text)
		}
		found = i + 1
	}
	if found == 0 {
		t.Fatalf("%s: no line contains %q", file, text)
	}
	return found
}
