package dap

import (
	"fmt"
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	for _, prefix := range []string{"argus", "dlv", "  dlv  "} {
		text := ed.evaluate(prefix+" help", frame).Result
		for _, c := range commands {
			if !strings.Contains(text, "argus "+c.names[0]) {
				t.Errorf("%s help does not name %s:\n%s", prefix, c.names[0], text)
			}
		}
	}
	for _, c := range commands {
		for _, name := range c.names {
			text := ed.evaluate("argus help "+name, frame).Result
			if !strings.HasPrefix(text, c.help) || !strings.Contains(text, "argus "+c.names[0]+" ") {
				t.Errorf("help %s: %s", name, text)
			}
		}
	}
	for _, bad := range []string{"argus help nobody", "dlv nobody", "argus nobody at all"} {
		e := fails(ed, "evaluate", with{"expression": bad, "frameId": frame, "context": inRepl})
		if !strings.HasPrefix(e.Format, "Unable to run command: command not available: nobody") || e.ShowUser || e.Id != idCommand {
			t.Errorf("%s: %+v", bad, e)
		}
	}
	// By themselves they are expressions.
	for _, expr := range []string{"argus", "dlv", "help", "call"} {
		if e := fails(ed, "evaluate", with{"expression": expr, "frameId": frame}); !strings.HasPrefix(e.Format, evaluateFailed) {
			t.Errorf("%s: %+v", expr, e)
		}
	}
}

func TestListCommands(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	file := viewsFile(t)
	if got := ed.evaluate("dlv sources", frame).Result; !strings.Contains(got, "\n") || !strings.Contains(got, "targets/views/main.go") {
		t.Errorf("sources: %.200s", got)
	}
	if got := ed.evaluate(`dlv sources views/main\.go$`, frame).Result; strings.Contains(got, "\n") || !strings.HasSuffix(got, "targets/views/main.go") {
		t.Errorf("sources that match %s: %s", file, got)
	}
	if got := ed.evaluate(`dlv types ^main\.account$`, frame).Result; got != "main.account" {
		t.Errorf("types: %s", got)
	}
	for _, empty := range []string{"sources nonexistent", "types nonexistent"} {
		if got := ed.evaluate("dlv "+empty, frame).Result; got != "" {
			t.Errorf("%s: %s", empty, got)
		}
	}
	if e := fails(ed, "evaluate", with{"expression": "dlv sources (", "frameId": frame}); !strings.Contains(e.Format, "missing closing )") {
		t.Errorf("a broken expression: %+v", e)
	}
}

func TestGoroutinesCommand(t *testing.T) {
	ed, thread, frame := view(t, "look", nil)
	total := len(ed.threads())
	text := ed.evaluate("argus goroutines", frame).Result
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != total+1 || lines[total] != fmt.Sprintf("[%d goroutines]", total) {
		t.Errorf("goroutines:\n%s\nwant %d", text, total)
	}
	if !strings.HasPrefix(lines[0], fmt.Sprintf("* Goroutine %d - User: ", thread)) || !strings.Contains(lines[0], "main.look") || !strings.Contains(lines[0], "(thread ") {
		t.Errorf("the first is %s", lines[0])
	}
	text = ed.evaluate("dlv goroutines -start 1 -count 1 -with userloc main.worker", frame).Result
	if strings.Count(text, "main.worker") != 1 || !strings.Contains(text, "[chan receive]") || !strings.Contains(text, "[3 goroutines, 1 shown]") {
		t.Errorf("the second worker: %s", text)
	}
	for _, bad := range []string{"-count", "-start x", "-count -1", "-with nonsense"} {
		fails(ed, "evaluate", with{"expression": "argus goroutines " + bad, "frameId": frame})
	}
}

func TestTargetCommand(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	if got := ed.evaluate("dlv target list", frame).Result; strings.Count(got, "\n") != 1 || !strings.Contains(got, "views-debug") || !strings.HasPrefix(got, "*\t") {
		t.Errorf("target list: %s", got)
	}
	if got := ed.evaluate("dlv target follow-exec", frame).Result; got != "Follow exec mode is disabled" {
		t.Errorf("target follow-exec: %s", got)
	}
	for _, bad := range []string{"", " bad", " switch 5", " follow-exec -off path", " follow-exec maybe"} {
		fails(ed, "evaluate", with{"expression": "dlv target" + bad, "frameId": frame})
	}
}

// TestWatchCommands: what the console sets the console shows, and takes away.
func TestWatchCommands(t *testing.T) {
	ed, _, frame := view(t, "look", nil)
	ed.evaluate("argus watch main.counter", frame)
	if got := ed.evaluate("argus watches", frame).Result; !strings.Contains(got, "main.counter") {
		t.Errorf("watches: %s", got)
	}
	if got := ed.evaluate("argus who main.counter", frame).Result; !strings.Contains(got, "main.counter") {
		t.Errorf("who: %s", got)
	}
	ed.evaluate("argus unwatch main.counter", frame)
	if got := ed.evaluate("argus watches", frame).Result; strings.Contains(got, "main.counter") {
		t.Errorf("watches after unwatch: %s", got)
	}
}
