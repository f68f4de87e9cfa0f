package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// followEditor launches a program that runs another, which is followed if it is to be.
func followEditor(t *testing.T, follow bool) (ed *editor, parent, child string) {
	t.Helper()
	program, file := stopsProgram(t)
	ed = newEditor(t)
	ed.launch(program, with{"args": []string{"run", "2", lifeTarget(t), "say", "HOME"}, "followExec": follow})
	ed.event("process", nil)
	return ed, file, targetFile(t, "life", "main.go")
}

// TestFollowExecPending: breakpoints of a program that starts later are accepted, and the
// client is told when that program has them, before it runs.
func TestFollowExecPending(t *testing.T) {
	ed, parent, child := followEditor(t, true)
	line := lineOf(t, child, "os.Getwd()")
	set := ed.breakAt(child, line, 100_000)
	if set[0].Verified || set[0].Line != 0 || !strings.Contains(set[0].Message, "it waits for a program that has it") || set[1].Verified {
		t.Errorf("%+v", set)
	}
	if bad := ed.breakIn("String"); bad[0].Verified || strings.Contains(bad[0].Message, "waits") {
		t.Errorf("%+v", bad)
	}
	ed.configured()
	said := ed.event("breakpoint", nil)
	process := ed.event("process", nil)
	stop := ed.event("stopped", nil)
	if said.Seq > process.Seq || process.Seq > stop.Seq {
		t.Errorf("breakpoint %d, process %d, stopped %d", said.Seq, process.Seq, stop.Seq)
	}
	at := bodyOf[dap.BreakpointEventBody](ed, said)
	if b := at.Breakpoint; at.Reason != "changed" || b.Id != set[0].Id || !b.Verified || b.Line != line || b.Source.Path != child || b.Message != "" {
		t.Errorf("%+v", at)
	}
	started := bodyOf[dap.ProcessEventBody](ed, process)
	if started.Name != lifeTarget(t)+" say HOME" || started.SystemProcessId == ed.pid || started.StartMethod != "" {
		t.Errorf("%+v", started)
	}
	where := bodyOf[dap.StoppedEventBody](ed, stop)
	if where.Reason != "breakpoint" || len(where.HitBreakpointIds) != 1 || where.HitBreakpointIds[0] != set[0].Id {
		t.Errorf("%+v", where)
	}
	if top := ed.top(where.ThreadId); top.Source == nil || top.Source.Path != child || top.Line != line {
		t.Errorf("%+v", top)
	}
	if after := ed.breakAt(parent, lineOf(t, parent, "// ran")); !after[0].Verified || after[0].Source.Path != parent {
		t.Errorf("of the parent, while the child is stopped: %+v", after)
	}
	ed.breakAt(child) // the second child does not stop
	ed.resume("continue", where.ThreadId)
	ed.event("process", nil)
	if stop := ed.stoppedFor("breakpoint"); ed.top(stop.ThreadId).Source.Path != parent {
		t.Errorf("%+v", ed.top(stop.ThreadId))
	}
	ed.resume("continue", 1)
	ed.ended()
	if n := len(ed.came("breakpoint")); n != 0 {
		t.Errorf("%d breakpoint events more", n)
	}
	ed.disconnect()
}

// TestFollowExecLater: what was refused waits once programs are followed.
func TestFollowExecLater(t *testing.T) {
	ed, _, child := followEditor(t, false)
	line := lineOf(t, child, "os.Getwd()")
	set := ed.breakAt(child, line)
	if set[0].Verified || strings.Contains(set[0].Message, "waits") {
		t.Errorf("%+v", set)
	}
	ed.breakIn("main.run")
	ed.configured()
	stop := ed.stoppedFor("function breakpoint")
	ed.evaluate("argus target follow-exec -on", ed.top(stop.ThreadId).Id)
	waits := bodyOf[dap.BreakpointEventBody](ed, ed.event("breakpoint", nil)).Breakpoint
	if waits.Id != set[0].Id || waits.Verified || !strings.Contains(waits.Message, "waits") {
		t.Errorf("%+v", waits)
	}
	ed.resume("continue", stop.ThreadId)
	if b := bodyOf[dap.BreakpointEventBody](ed, ed.event("breakpoint", nil)).Breakpoint; b.Id != set[0].Id || !b.Verified {
		t.Errorf("%+v", b)
	}
	ed.stoppedFor("breakpoint")
	ed.disconnect()
}

// TestFollowExecRestart: after a restart breakpoints wait again.
func TestFollowExecRestart(t *testing.T) {
	ed, _, child := followEditor(t, true)
	set := ed.breakAt(child, lineOf(t, child, "os.Getwd()"))
	for range 2 {
		ed.configured()
		if b := bodyOf[dap.BreakpointEventBody](ed, ed.event("breakpoint", nil)).Breakpoint; b.Id != set[0].Id || !b.Verified {
			t.Errorf("%+v", b)
		}
		ed.stoppedFor("breakpoint")
		ask[struct{}](ed, "restart", with{})
		if b := bodyOf[dap.BreakpointEventBody](ed, ed.event("breakpoint", nil)).Breakpoint; b.Id != set[0].Id || b.Verified {
			t.Errorf("after the restart: %+v", b)
		}
		ed.event("initialized", nil)
	}
	ed.disconnect()
}
