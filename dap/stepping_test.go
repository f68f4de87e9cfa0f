package dap

import (
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// at fails the test unless the program stands in a function, on a line.
func (ed *editor) at(thread int, function string, line int) {
	ed.Helper()
	if top := ed.top(thread); top.Name != function || top.Line != line {
		ed.Errorf("in %s on line %d, and not in %s on line %d", top.Name, top.Line, function, line)
	}
}

func TestSteps(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "9")
	round, add, used := lineOf(t, file, "// round"), lineOf(t, file, "// add"), lineOf(t, file, "// used")
	ed.breakAt(file, round)
	ed.configured()
	stop := ed.stoppedFor("breakpoint")
	ed.breakAt(file)
	for _, step := range []struct {
		how, function string
		line          int
	}{
		{"next", "main.loop", add}, {"next", "main.loop", add + 3}, {"next", "main.loop", round - 1}, {"next", "main.loop", round},
		{"stepIn", "main.step", lineOf(t, file, "func step(")}, {"next", "main.step", used - 1}, {"next", "main.step", used},
		{"stepOut", "main.loop", add}, // nothing of the line is left to do
	} {
		ed.resume(step.how, stop.ThreadId)
		if c := await[dap.ContinuedEventBody](ed, "continued", nil); c.ThreadId != stop.ThreadId || !c.AllThreadsContinued {
			t.Errorf("%+v", c)
		}
		stop = ed.stoppedFor("step")
		ed.at(stop.ThreadId, step.function, step.line)
	}
	// By instructions: next over calls, stepIn into them.
	ed.breakAt(file, round)
	ed.resume("continue", stop.ThreadId)
	ed.stoppedFor("breakpoint")
	inside := false
	for range 20 {
		before := ed.top(stop.ThreadId).InstructionPointerReference
		ask[struct{}](ed, "next", with{"threadId": stop.ThreadId, "granularity": "instruction"})
		ed.stoppedFor("step")
		top := ed.top(stop.ThreadId)
		if inside = inside || top.Name != "main.loop"; top.InstructionPointerReference == before {
			t.Error("it did not move")
		}
		if top.Line != round {
			break
		}
	}
	if inside {
		t.Error("next by instructions goes into calls")
	}
	ed.resume("continue", stop.ThreadId)
	ed.stoppedFor("breakpoint")
	for range 20 {
		ask[struct{}](ed, "stepIn", with{"threadId": stop.ThreadId, "granularity": "instruction"})
		ed.stoppedFor("step")
		if inside = ed.top(stop.ThreadId).Name == "main.step"; inside {
			break
		}
	}
	if !inside {
		t.Error("stepIn by instructions does not go into calls")
	}
	ask[struct{}](ed, "stepOut", with{"threadId": stop.ThreadId, "granularity": "instruction"}) // one, as with Delve
	ed.stoppedFor("step")
	if name := ed.top(stop.ThreadId).Name; name != "main.step" {
		t.Errorf("in %s", name)
	}
	ed.disconnect()
}

// TestStepOfNobody: a step that cannot begin leaves everything where it is.
func TestStepOfNobody(t *testing.T) {
	ed, _ := stopsEditor(t, "loop", "9")
	ed.breakIn("main.step")
	ed.configured()
	stop := ed.stopped()
	ed.breakIn()
	ed.resume("next", -1000)
	if stop = ed.stoppedFor("error"); stop.Text != "unknown goroutine -1000" || stop.ThreadId != 1 {
		t.Errorf("%+v", stop)
	}
	if top := ed.top(1); top.Name != "main.step" {
		t.Errorf("in %s", top.Name)
	}
	if e := fails(ed, "stepIn", with{"threadId": 1, "targetId": 7}); !strings.Contains(e.Format, "no target 7") {
		t.Errorf("%+v", e)
	}
	ed.resume("next", 1)
	ed.stoppedFor("step")
	ed.disconnect()
}

// TestStepInTargets: one of several calls on a line.
func TestStepInTargets(t *testing.T) {
	ed, file := stopsEditor(t, "names", "3")
	ed.breakAt(file, lineOf(t, file, "s.push(larger(i, 1))"))
	ed.configured()
	stop := ed.stopped()
	list := ask[dap.StepInTargetsResponseBody](ed, "stepInTargets", with{"frameId": ed.top(stop.ThreadId).Id}).Targets
	push := 0
	for _, target := range list {
		if strings.Contains(target.Label, "push") {
			push = target.Id
		}
	}
	if len(list) < 2 || push == 0 {
		t.Fatalf("%+v", list)
	}
	ask[struct{}](ed, "stepIn", with{"threadId": stop.ThreadId, "targetId": push})
	if name := ed.top(ed.stoppedFor("step").ThreadId).Name; !strings.Contains(name, "push") {
		t.Errorf("in %s", name)
	}
	fails(ed, "stepInTargets", with{"frameId": ed.stack(stop.ThreadId)[1].Id})
	fails(ed, "stepInTargets", with{"frameId": -5})
	ed.disconnect()
}

// TestStepOfAnother: a step is of the goroutine that the user has chosen.
func TestStepOfAnother(t *testing.T) {
	ed, file := stopsEditor(t, "workers", "6")
	line := lineOf(t, file, "// used")
	ed.breakAt(file, line)
	ed.configured()
	stop := ed.stopped()
	ed.breakAt(file)
	other := 0
	for _, th := range ed.threads() {
		if th.Id != stop.ThreadId && strings.Contains(th.Name, "main.") && !strings.Contains(th.Name, "main.main") {
			other = th.Id
		}
	}
	if other == 0 {
		t.Skip("no other goroutine has begun")
	}
	ed.resume("stepOut", other)
	if stop = ed.stoppedFor("step"); stop.ThreadId != other {
		t.Errorf("the step of goroutine %d has ended in %d", other, stop.ThreadId)
	}
	ed.disconnect()
}

// TestPause: as soon as it is asked for, wherever the program is.
func TestPause(t *testing.T) {
	ed := newEditor(t)
	ed.launch(testkit.Scenarios(t, testkit.Debug), with{"args": []string{"forever"}})
	ed.breakIn("main.main")
	ed.configured()
	stop := ed.stoppedFor("function breakpoint")
	ask[struct{}](ed, "pause", with{"threadId": stop.ThreadId}) // it is stopped: nothing happens
	for range 20 {
		next := ed.send("continue", with{"threadId": stop.ThreadId})
		pause := ed.send("pause", with{"threadId": 1})
		if !ed.response(next).Success || !ed.response(pause).Success {
			t.Fatal("refused")
		}
		if got := ed.stoppedFor("pause"); got.ThreadId <= 0 || !got.AllThreadsStopped {
			t.Errorf("%+v", got)
		}
	}
	if stack := ed.stack(1); len(stack) == 0 {
		t.Error("no stack")
	}
	for _, what := range []string{"continue", "next", "stepIn", "stepOut"} {
		ed.resume("continue", 1)
		if e := fails(ed, what, with{"threadId": 1}); !strings.Contains(e.Format, "running") {
			t.Errorf("%s of a running program: %+v", what, e)
		}
		ask[struct{}](ed, "pause", with{"threadId": 1})
		ed.stoppedFor("pause")
	}
	if more := ed.came("stopped"); len(more) > 0 {
		t.Errorf("%d more stops", len(more))
	}
	ed.disconnect()
}
