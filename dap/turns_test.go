package dap

import (
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// crowdEditor launches the target "crowd", stopped in main.main. There are no page guards:
// what finds no debug registers takes turns, or is refused.
func crowdEditor(t *testing.T, cfg Config, args ...string) *editor {
	t.Helper()
	cfg.Options.NoGuards = true
	ed := newEditorWith(t, cfg)
	ed.launch(testkit.Target(t, "crowd", testkit.Optimized), with{"args": args})
	ed.breakIn("main.main")
	ed.configured()
	ed.stoppedFor("function breakpoint")
	return ed
}

// cells are data breakpoints on the first n cells, that count and hardly ever stop.
func (ed *editor) cells(n int) (list []dap.DataBreakpoint) {
	for i := range n {
		list = append(list, dap.DataBreakpoint{DataId: ed.dataID(fmt.Sprintf("main.cells[%d].V", i)), HitCondition: "== 1000000000000"})
	}
	return list
}

// allSay fails the test unless the messages of all begin so.
func (ed *editor) allSay(set []dap.Breakpoint, begin string) {
	ed.Helper()
	for i, b := range set {
		if !b.Verified || !strings.HasPrefix(b.Message, begin) {
			ed.Errorf("%d: %+v, and not %q", i, b, begin)
		}
	}
}

// TestMoreThanFour: all are exact as long as they can be, and all take turns when there
// are more; each says so, and what it has missed.
func TestMoreThanFour(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := crowdEditor(t, cfg, "turns", "200")
		six := ed.cells(6)
		four := ed.watch(six[:4]...)
		ed.allSay(four, "mode exact, coverage exact")
		set := ed.watch(six...)
		ed.allSay(set, "mode sampled, coverage exact")
		if set[0].Id != four[0].Id {
			t.Errorf("%+v became %+v", four[0], set[0])
		}
		ed.allSay(ed.watch(six[:5]...), "mode sampled") // still too many
		ed.allSay(ed.watch(six[1:5]...), "mode exact, coverage exact")

		// With an exact one among them the others share what it leaves.
		exact := ed.info(with{"name": "main.cells[9].V", "mode": "exact"})
		if exact.DataId == nil {
			t.Fatalf("%+v", exact)
		}
		seven := append(six[:6:6], dap.DataBreakpoint{DataId: exact.DataId.(string), HitCondition: "== 1000000000000"})
		set = ed.watch(seven...)
		ed.allSay(set[:6], "mode sampled")
		ed.allSay(set[6:], "mode exact")
		ed.breakIn("main.finished")
		ed.resume("continue", 1)
		ed.stoppedFor("function breakpoint")
		for _, b := range set[:6] {
			e := await(ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Breakpoint.Id == b.Id })
			if e.Reason != "changed" || !e.Breakpoint.Verified || !strings.HasPrefix(e.Breakpoint.Message, "mode sampled, coverage ") || strings.Contains(e.Breakpoint.Message, "coverage exact") {
				t.Errorf("%+v", e)
			}
		}
		out := ed.evaluate("argus watches", 0).Result
		if strings.Count(out, "mode sampled") != 6 || strings.Count(out, "mode exact, coverage exact") != 1 {
			t.Errorf("%s", out)
		}
		ed.disconnect()
	})
}

// TestTooManyExact: what is to be exact is refused when there is no room for it.
func TestTooManyExact(t *testing.T) {
	ed := crowdEditor(t, Config{}, "turns", "50")
	var list []dap.DataBreakpoint
	for i := range 4 {
		list = append(list, dap.DataBreakpoint{DataId: ed.info(with{"name": fmt.Sprintf("main.cells[%d].V", i), "mode": "exact"}).DataId.(string)})
	}
	id := ed.dataID("main.cells[5].V")
	set := ed.watch(append(list, dap.DataBreakpoint{DataId: id})...)
	ed.allSay(set[:4], "mode exact")
	if set[4].Verified || !strings.Contains(set[4].Message, "main.cells[0].V") {
		t.Errorf("%+v", set[4])
	}
	if got := ed.info(with{"name": "main.cells[6].V"}); got.DataId != nil || !strings.Contains(got.Description, "main.cells[0].V") {
		t.Errorf("%+v", got)
	}
	ed.allSay(ed.watch(append(list[1:], dap.DataBreakpoint{DataId: id})...), "mode exact") // now there is
	ed.disconnect()
}

// TestMoreThanFourGuarded: with page guards all of them are exact.
func TestMoreThanFourGuarded(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := newEditorWith(t, cfg)
		ed.launch(testkit.Target(t, "stops", testkit.Debug), with{"args": []string{"loop", "5"}})
		ed.breakIn("main.main")
		ed.configured()
		ed.stoppedFor("function breakpoint")
		var list []dap.DataBreakpoint
		for _, name := range []string{"main.total", "main.account.Balance[0]", "main.account.Balance[1]", "main.theOwner.Age", "main.account"} {
			info := ed.info(with{"name": name})
			if info.DataId == nil {
				t.Skip(info.Description) // no page guards here
			}
			list = append(list, dap.DataBreakpoint{DataId: info.DataId.(string), HitCondition: "== 1000000000000"})
		}
		set := ed.watch(list...)
		if strings.HasPrefix(set[4].Message, "mode sampled") {
			t.Skip("no page guards here: " + set[4].Message)
		}
		ed.allSay(set, "mode exact, coverage exact")
		if !strings.Contains(set[4].Message, "page guard") {
			t.Errorf("%+v", set[4])
		}
		ed.disconnect()
	})
}
