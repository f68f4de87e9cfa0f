package dap

import (
	"strings"
	"testing"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

func TestParseWatch(t *testing.T) {
	for line, want := range map[string]dataWish{
		"main.x":                           {access: backend.Write, on: dataID{Expr: "main.x"}},
		"  -rw main.x":                     {access: backend.ReadWrite, on: dataID{Expr: "main.x"}},
		"-r -mode sampled m[\"a b\"].c":    {access: backend.Read, on: dataID{Expr: `m["a b"].c`, Mode: backend.ModeSampled}},
		"-hit 5 -quiet a if a > 3 && b":    {access: backend.Write, on: dataID{Expr: "a"}, hit: "5", quiet: true, cond: "a > 3 && b"},
		`-hit "> 5" -log "is {new}, x" *p`: {access: backend.Write, on: dataID{Expr: "*p"}, hit: "> 5", log: "is {new}, x"},
		"0xc000010 if x":                   {access: backend.Write, on: dataID{Addr: 0xc000010, Bytes: 8}, cond: "x"},
		"-goroutine id=18 a":               {access: backend.Write, on: dataID{Expr: "a"}, who: backend.Selector{ID: 18}},
		"--goroutine func=f --hit 2 a":     {access: backend.Write, on: dataID{Expr: "a"}, hit: "2", who: backend.Selector{Func: "f"}},
		"-bytes 3 main.x":                  {access: backend.Write, on: dataID{Expr: "main.x", Bytes: 3}},
	} {
		got, err := parseWatch(line)
		if err != nil || *got != want {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
	for _, line := range []string{"", "-rw", "-mode x", "-mode", "-bytes 0 x", "-bytes two x", "-often x", "-goroutine 18 x", "-goroutine", "-hit", "if x"} {
		if line == "if x" {
			continue // an expression that is none: the backend says so
		}
		if got, err := parseWatch(line); err == nil {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

// refused is what the console says of a command that fails.
func (ed *editor) refused(command string) string {
	ed.Helper()
	return fails(ed, "evaluate", with{"expression": command, "context": "repl"}).Format
}

func (ed *editor) says(command string, want ...string) {
	ed.Helper()
	got := ed.evaluate(command, 0).Result
	for _, w := range want {
		if !strings.Contains(got, w) {
			ed.Errorf("%s says\n%s\nwithout %q", command, got, w)
		}
	}
}

// TestDataCommands: data breakpoints of the console live beside those of the editor.
func TestDataCommands(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "fields", "4")
		ed.says("argus watches", "no data breakpoints")
		ed.says("argus watch main.pair.A if main.pair.A == 2", "watchpoint ", "main.pair.A", "mode exact, coverage exact")
		ed.says(`dlv watch -quiet main.pair.B`, "main.pair.B")
		ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.x")})
		ed.watch() // leaves them alone
		ed.says("argus watches", "main.pair.A", "if main.pair.A == 2", "main.pair.B")
		ed.says("argus who main.pair.B", "no access since")
		ed.resume("continue", 1)
		stop := ed.stoppedFor("data breakpoint")
		if !strings.HasPrefix(stop.Text, "main.pair.A: 1 -> 2, written by goroutine 1 at main.fields") {
			t.Errorf("%+v", stop)
		}
		ed.says("argus who main.pair.A", "main.pair.A: 1 -> 2, written by goroutine 1 at main.fields", "hit 3 of 3", "coverage exact")
		ed.says("argus who main.pair", "main.pair.A: 1 -> 2", "main.pair.B: 0 -> 1, written by goroutine 1 at main.fields") // both lie in it
		if got := ed.refused("argus who main.x"); !strings.Contains(got, "not watched") || !strings.Contains(got, "watch -quiet main.x") {
			t.Error(got)
		}
		for command, why := range map[string]string{"argus watch": "nothing to watch", "argus watch main.nobody": "nobody", "argus who": "who EXPR", "argus unwatch 99": "99",
			"argus watch main.x if": "", "argus watch -log { main.x": "log point", "argus watch -mode never main.x": "no mode"} {
			if got := ed.refused(command); !strings.Contains(got, why) {
				t.Errorf("%s: %s", command, got)
			}
		}
		set := ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.x")})
		ed.says("argus unwatch main.x", "main.x removed")
		if e := await[dap.BreakpointEventBody](ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Reason == "removed" }); e.Breakpoint.Id != set[0].Id {
			t.Errorf("%+v, and not %+v", e, set)
		}
		ed.says("argus unwatch main.pair.A", "main.pair.A removed")
		ed.says(`argus watch -log "A is {new}" main.pair.A`, "main.pair.A")
		ed.resume("continue", 1)
		ed.output("stdout", "> [Go 1]: A is 3\n")
		ed.ended()
		ed.disconnect()

		ed = scenarioEditor(t, cfg, "fields", "4")
		ed.says("argus watch main.pair.A")
		ed.says("argus watch main.pair.B")
		ed.says("argus unwatch -all", "main.pair.A removed", "main.pair.B removed")
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}
