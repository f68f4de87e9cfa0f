package dap

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// TestEndOfLocal: the data breakpoint on a local variable ends with its function: with a
// stop, an event and a line in the console.
func TestEndOfLocal(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := newEditorWith(t, cfg)
		program, file := stopsProgram(t)
		ed.launch(program, with{"args": []string{"loop", "3"}})
		ed.breakAt(file, lineOf(t, file, "// used"))
		ed.configured()
		frame := ed.top(ed.stopped().ThreadId).Id
		ed.breakAt(file)
		info := ed.info(with{"name": "local", "variablesReference": ed.scopes(frame)[0].VariablesReference})
		if info.DataId == nil || !strings.Contains(info.Description, "until its function returns") {
			t.Fatalf("%+v", info)
		}
		local := dap.DataBreakpoint{DataId: info.DataId.(string), AccessType: "write"}
		set := ed.watch(local)
		ed.resume("continue", 1)
		if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, "local: 0 -> 1, written by goroutine 1 at main.use (main.go:") {
			t.Errorf("%+v", stop)
		}
		ed.resume("continue", 1)
		stop := ed.stoppedFor("data breakpoint")
		if !strings.Contains(stop.Text, "local: its variable has gone out of scope") || !slices.Equal(stop.HitBreakpointIds, []int{set[0].Id}) || stop.Description == "" {
			t.Errorf("%+v", stop)
		}
		e := await(ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Breakpoint.Id == set[0].Id && !e.Breakpoint.Verified })
		if e.Reason != "removed" || !strings.Contains(e.Breakpoint.Message, "out of scope") {
			t.Errorf("%+v", e)
		}
		if line := ed.output("console", "out of scope"); !strings.Contains(line, "local") || !strings.Contains(line, "1 hit") {
			t.Errorf("%q", line)
		}
		// What its id meant is no more.
		if set := ed.watch(local); set[0].Verified || set[0].Message == "" {
			t.Errorf("%+v", set)
		}
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}

// TestMissedIsTold: what was missed until the end is told, though no stop will be.
func TestMissedIsTold(t *testing.T) {
	ed := crowdEditor(t, Config{}, "turns", "100")
	ed.watch(ed.cells(6)...)
	ed.breakIn()
	ed.resume("continue", 1)
	ed.ended()
	for range 6 {
		if line := ed.output("console", "main.cells["); !strings.Contains(line, "mode sampled, coverage ") {
			t.Errorf("%q", line)
		}
	}
	ed.disconnect()
}

// TestRestartKeepsStops: everything is set again in the new process, under the same ids, but for
// what meant memory of the old one.
func TestRestartKeepsStops(t *testing.T) {
	ed := newEditor(t)
	program, file := stopsProgram(t)
	ed.launch(program, with{"args": []string{"loop", "2"}})
	line := ed.breakAt(file, lineOf(t, file, "// used"))
	fn := ed.breakIn("main.step")
	ed.configured()
	ed.stopped()
	frame := ed.top(1).Id
	addr := ed.addressOf("main.account", frame)
	set := ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.total"), HitCondition: "2"},
		dap.DataBreakpoint{DataId: ed.info(with{"name": addr, "asAddress": true, "bytes": 8}).DataId.(string)})
	ask[struct{}](ed, "restart", with{})
	ed.event("initialized", nil)
	gone := await(ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Reason == "removed" })
	if gone.Breakpoint.Id != set[1].Id {
		t.Errorf("%+v is gone, and not %+v", gone, set[1])
	}
	ed.output("console", "8 bytes at "+addr)
	ed.configured()
	for _, want := range []struct {
		reason string
		id     int
	}{{"function breakpoint", fn[0].Id}, {"breakpoint", line[0].Id}, {"function breakpoint", fn[0].Id}, {"breakpoint", line[0].Id}, {"data breakpoint", set[0].Id}} {
		if stop := ed.stoppedFor(want.reason); !slices.Equal(stop.HitBreakpointIds, []int{want.id}) {
			t.Errorf("%+v, and not %+v", stop, want)
		}
		ed.resume("continue", 1)
	}
	ed.ended()
	ed.disconnect()
}
