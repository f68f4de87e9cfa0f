package dap

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func logAt(line int, message string) dap.SourceBreakpoint {
	return dap.SourceBreakpoint{Line: line, LogMessage: message}
}

func isLog(b dap.OutputEventBody) bool { return strings.HasPrefix(b.Output, "> ") }

// TestConditionThatCannotBe: it stops, says why, and can be asked about.
func TestConditionThatCannotBe(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "3")
	set := ed.breakOn(file, dap.SourceBreakpoint{Line: lineOf(t, file, "// round"), Condition: "nobody > 1"})
	ed.configured()
	stop := ed.stoppedFor("exception")
	if stop.Description != "runtime error" || !strings.Contains(stop.Text, "nobody") || !slices.Equal(stop.HitBreakpointIds, []int{set[0].Id}) {
		t.Errorf("%+v", stop)
	}
	info := ask[dap.ExceptionInfoResponseBody](ed, "exceptionInfo", with{"threadId": stop.ThreadId})
	if info.ExceptionId != "runtime error" || info.Description != stop.Text {
		t.Errorf("%+v", info)
	}
	ed.breakAt(file)
	ed.resume("next", stop.ThreadId)
	ed.stoppedFor("step")
	fails(ed, "exceptionInfo", with{"threadId": stop.ThreadId}) // it is over
	ed.disconnect()
}

// TestHitInTheMidstOfAStep: a data breakpoint that fires while the user steps ends the step.
func TestHitInTheMidstOfAStep(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := newEditorWith(t, cfg)
		program, file := stopsProgram(t)
		ed.launch(program, with{"args": []string{"loop", "3"}})
		ed.breakAt(file, lineOf(t, file, "// round"))
		ed.configured()
		ed.stopped()
		ed.breakAt(file)
		ed.resume("next", 1)
		ed.stoppedFor("step")
		set := ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.total")})
		ed.resume("next", 1)
		if stop := ed.stoppedFor("data breakpoint"); !slices.Equal(stop.HitBreakpointIds, []int{set[0].Id}) || !strings.HasPrefix(stop.Text, "main.total: 0 -> 0, written by goroutine 1 at main.loop") {
			t.Errorf("%+v", stop)
		}
		ed.resume("next", 1)
		ed.stoppedFor("step")
		ed.disconnect()
	})
}
