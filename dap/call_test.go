package dap

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestCall(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	for _, test := range []struct{ expr, want string }{
		{"call add(1, 2)", "3"},
		{"  call   add(1, len(list))  ", "4"},
		{"call both(9)", `4, "9"`},
		{"call reset(5)", ""},
		{"call acc.deposit(2)", "42"},
		{"call big = 77", ""},
		{`call boom("why")`, `interface {}(string) "why"`},
		{"call long(5)", `"xxxxx"`},
		{"call long(2000)", `"` + strings.Repeat("x", 1024) + `...+976 more"`},
	} {
		got := ed.evaluate(test.expr, frame)
		if got.Result != test.want || (got.VariablesReference > 0) != (test.want != "") {
			t.Errorf("%s: %+v, want %s", test.expr, got, test.want)
		}
	}
	list := ed.variables(ed.evaluate("call both(8)", frame).VariablesReference)
	if len(list) != 2 || list[0].Name != "half" || list[0].Value != "4" || list[1].Name != "text" || list[1].EvaluateName != "" {
		t.Errorf("the results of both: %+v", list)
	}
	if got := ed.evaluate("main.counter", frame).Result; got != "5 = 0x5" {
		t.Errorf("counter is %s after reset(5)", got)
	}
	if got := ed.evaluate("big", frame).Result; got != "77" {
		t.Errorf("big is %s after big = 77", got)
	}
	for expr, want := range map[string]string{
		"call add(1)":    "not enough arguments",
		"call nobody(1)": "nobody",
	} {
		e := fails(ed, "evaluate", with{"expression": expr, "frameId": frame, "context": inRepl})
		if !strings.HasPrefix(e.Format, "Unable to evaluate expression: ") || !strings.Contains(e.Format, want) || e.ShowUser {
			t.Errorf("%s: %+v, want %s", expr, e, want)
		}
	}
	outer := ed.stack(thread)[1].Id
	e := fails(ed, "evaluate", with{"expression": "call add(1, 2)", "frameId": outer})
	if e.Format != "Unable to evaluate expression: call is only supported with topmost stack frame" || !e.ShowUser {
		t.Errorf("a call in an outer frame: %+v", e)
	}
	if n := len(ed.came("stopped")) + len(ed.came("continued")); n != 0 {
		t.Errorf("%d events tell that the program ran", n)
	}
}

// TestCallStops: a breakpoint in what is called stops there, and the call can be finished.
func TestCallStops(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	file := viewsFile(t)
	look := lineOf(t, file, "// here: look")
	ed.breakAt(file, look, lineOf(t, file, "// here: through"))
	e := fails(ed, "evaluate", with{"expression": "call through()", "frameId": frame})
	if e.Format != "Unable to evaluate expression: call stopped" {
		t.Errorf("a call that stops: %+v", e)
	}
	called := ed.stoppedFor("breakpoint").ThreadId // the runtime calls in a goroutine of its own
	if top := ed.top(called); top.Name != "main.through" {
		t.Errorf("stopped in %+v", top)
	}
	if e := fails(ed, "evaluate", with{"expression": "call add(1, 2)", "frameId": ed.top(called).Id}); !strings.Contains(e.Format, "already in progress") {
		t.Errorf("a call during a call: %+v", e)
	}
	ed.resume("continue", called)
	ed.stopped()
	if top := ed.top(thread); top.Name != "main.look" || top.Line != look {
		t.Errorf("after the call: %+v", top)
	}
	ed.breakAt(file)
	ed.resume("continue", thread)
	if code := ed.ended(); code != 0 {
		t.Errorf("exit status %d", code)
	}
}

// TestCallCancelled: the client can give up a call that does not return, and go on.
func TestCallCancelled(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	seq := ed.send("evaluate", with{"expression": "call endless()", "frameId": frame, "context": inRepl})
	ed.underway()
	ask[struct{}](ed, "cancel", with{"requestId": seq})
	if m := ed.response(seq); m.Success || m.Message != "cancelled" {
		t.Errorf("the cancelled call: %v %s", m.Success, m.Message)
	}
	stop := ed.stopped()
	inCall := func(th dap.Thread) bool { return strings.Contains(fmt.Sprint(ed.stack(th.Id)), "main.endless") }
	for tries := 1; ; tries++ {
		list := ed.threads()
		if slices.ContainsFunc(list, inCall) {
			break
		}
		if tries == 5 { // it can be in a handler of the runtime's: the stack of that is another
			t.Fatalf("stopped where no goroutine is in the call: %+v", list)
		}
		ed.resume("continue", stop.ThreadId)
		ask[struct{}](ed, "pause", with{"threadId": stop.ThreadId})
		stop = ed.stopped()
	}
	set(ed, "setExpression", with{"expression": "main.quit.v", "value": "1", "frameId": 0})
	ed.breakAt(viewsFile(t))
	ed.resume("continue", stop.ThreadId)
	ed.stopped() // the call has returned
	ed.resume("continue", stop.ThreadId)
	ed.ended()
}

// underway waits until endless has begun.
func (ed *editor) underway() {
	ed.Helper()
	for ed.evaluate("main.begun.v", 0).Result != "1 = 0x1" { // which the test's deadline ends
	}
}

// set sends a request that assigns, and waits for all that follows from it.
func set(ed *editor, command string, args with) string {
	ed.Helper()
	body := ask[struct{ Value string }](ed, command, args)
	ed.event("invalidated", nil)
	return body.Value
}

// TestCallPaused: so can the user, by the pause button.
func TestCallPaused(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	seq := ed.send("evaluate", with{"expression": "call endless()", "frameId": frame, "context": inRepl})
	ask[struct{}](ed, "pause", with{"threadId": thread})
	if m := ed.response(seq); m.Success {
		t.Error("the paused call has returned")
	}
	ed.stoppedFor("pause")
	ed.disconnect()
}

// TestCallEnds: what is called may end the program.
func TestCallEnds(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	e := fails(ed, "evaluate", with{"expression": "call leave(3)", "frameId": frame})
	if e.Format != "Unable to evaluate expression: terminated" {
		t.Errorf("a call that ends the program: %+v", e)
	}
	if code := ed.ended(); code != 3 {
		t.Errorf("exit status %d, want 3", code)
	}
	ed.disconnect()
}

// TestCallHangup: a client that goes away during a call leaves nothing behind.
func TestCallHangup(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	ed.send("evaluate", with{"expression": "call endless()", "frameId": frame})
	ed.underway()
	ed.leave()
}

func TestUnwrapCall(t *testing.T) {
	inner := errors.New("not enough arguments")
	if got := unwrapCall(fmt.Errorf("call f(1): %w", inner)); got != inner {
		t.Error(got)
	}
	other := fmt.Errorf("the session: %w", inner)
	if got := unwrapCall(other); got != other {
		t.Error(got)
	}
	if unwrapCall(nil) != nil {
		t.Error("nil becomes an error")
	}
}
