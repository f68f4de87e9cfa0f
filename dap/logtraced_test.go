package dap

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/internal/testkit"
)

const flooding = `package main

import "fmt"

var n, done int

func main() {
	for range 60000 {
		n++
	}
	done = n
	fmt.Println("wrote", n)
}
`

var (
	isNumber = regexp.MustCompile(`^> \[Go \d+\]: n is (\d+)$`)
	isLost   = regexp.MustCompile(`: (\d+) writes? ha(?:s|ve) left no line`)
)

// lostOf is how many writes are said to have left no record.
func lostOf(lines []string) (n uint64) {
	for _, line := range lines {
		if m := isLost.FindStringSubmatch(line); m != nil {
			var some uint64
			fmt.Sscan(m[1], &some)
			n += some
		}
	}
	return n
}

// loggingN starts a program, which stands at its entry and of which each write to n is shown,
// without a stop.
func loggingN(t *testing.T, cfg Config, exe string, followExec bool) *editor {
	t.Helper()
	ed := newEditorWith(t, cfg)
	ed.launch(exe, with{"stopOnEntry": true, "followExec": followExec})
	ed.configured()
	ed.stopped()
	set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.n"), AccessType: "write"}, "n is {new}"})
	if !traced(t, set[0].Message) {
		t.Fatalf("%+v", set)
	}
	return ed
}

// TestLogFlood: every write is shown, or said not to be, and requests are answered
// meanwhile.
func TestLogFlood(t *testing.T) {
	exe := program(t, flooding)
	onDrivers(t, func(t *testing.T, cfg Config) {
		testkit.Thrice(t, func() error { return logFlood(t, cfg, exe) })
	})
}

// logFlood returns what is missing.
func logFlood(t *testing.T, cfg Config, exe string) error {
	t.Helper()
	ed := loggingN(t, cfg, exe, false)
	ed.resume("continue", 1)
	ed.output("stdout", "n is 1000\n")
	for range 5 {
		ed.evaluate("dlv config -list", 0)
		if len(ed.came("terminated")) > 0 {
			t.Error("it was answered when all was over")
		}
	}
	ed.ended()
	lines := ed.outputsAll()
	ed.disconnect()
	lost := lostOf(lines)
	if lost == 0 {
		if end, _, err := sequence(lines, isNumber, 0); err != nil || end != 60000 {
			return fmt.Errorf("the last is %d, %v", end, err)
		}
	}
	all, shown, last := lost, 0, 0
	for _, line := range lines {
		some := uint64(0)
		if m := gapLine.FindStringSubmatch(line); m != nil {
			fmt.Sscan(m[1], &some)
			all += some
		} else if m := isNumber.FindStringSubmatch(line); m != nil {
			before := last
			fmt.Sscan(m[1], &last)
			shown++
			if all++; last <= before {
				t.Fatalf("%s after %d", line, before)
			}
		}
	}
	t.Logf("%d lines, %d writes not recorded", shown, lost)
	if all != 60000 {
		return fmt.Errorf("%d lines, with those that are left out and lost", all)
	}
	return nil
}

// TestLogChangedWhileRunning: set, changed and taken back while the program runs, a data
// breakpoint that does not stop shows every write of the meantime.
func TestLogChangedWhileRunning(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "forever")
		ed.resume("continue", 1)
		id := packageVar("main.x")
		log := func(message, cond, hit string) dap.Breakpoint {
			t.Helper()
			set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: id, AccessType: "write", Condition: cond, HitCondition: hit}, message})
			if !set[0].Verified || !traced(t, set[0].Message) {
				t.Fatalf("%+v", set)
			}
			return set[0]
		}
		number := log("n is {new}", "", "").Id
		ed.output("stdout", ": n is ")
		for i := range 5 {
			text := fmt.Sprintf("(%d)", i)
			for _, b := range []dap.Breakpoint{log(text+" n is {new}", "", ""), log(text+" n is {new}", "main.x > 0", ""), log(text+" n is {new}", "main.x > 0", ">= 1"), log(text+" n is {new} still", "main.x > 0", ">= 1")} {
				if b.Id != number {
					t.Errorf("%+v", b)
				}
			}
			ed.output("stdout", text+" n is ")
		}
		ed.watch()
		ed.says("argus watches", "no data breakpoints")
		if stops := ed.came("stopped"); len(stops) > 0 {
			t.Errorf("%d stops", len(stops))
		}
		ask[struct{}](ed, "pause", with{"threadId": 1})
		ed.stoppedFor("pause")
		lines := ed.outputsAll()
		written := regexp.MustCompile(`^> \[Go 1\]: (?:\(\d\) )?n is (\d+)(?: still)?$`)
		first := uint64(0)
		for _, line := range lines {
			if m := written.FindStringSubmatch(line); m != nil {
				fmt.Sscan(m[1], &first)
				break
			}
		}
		if lost := lostOf(lines); lost > 0 {
			t.Skipf("%d writes were not recorded", lost)
		}
		if end, _ := inSequence(t, lines, written, first-1); end <= first {
			t.Errorf("from %d to %d", first, end)
		}
		ed.disconnect()
	})
}

// outputsAll are all lines of output, those too that were waited for.
func (ed *editor) outputsAll() (lines []string) {
	ed.Helper()
	ed.mu.Lock()
	defer ed.mu.Unlock()
	for _, m := range ed.inbox {
		if m.Event == "output" {
			lines = append(lines, strings.TrimSpace(bodyOf[dap.OutputEventBody](ed, m).Output))
		}
	}
	return lines
}

// TestLogBeforeTheStop: what was written before the program stopped, by itself or because it
// was let go, has been shown when the client is told.
func TestLogBeforeTheStop(t *testing.T) {
	file := targetFile(t, "scenarios", "main.go")
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "6")
		set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.x"), AccessType: "write"}, "x is {new}"})
		if !traced(t, set[0].Message) {
			t.Fatalf("%+v", set)
		}
		ed.breakOn(file, dap.SourceBreakpoint{Line: lineOf(t, file, "// second"), LogMessage: "before the second", Condition: "i < 2"},
			dap.SourceBreakpoint{Line: lineOf(t, file, "// first"), Condition: "i == 3"})
		ed.resume("continue", 1)
		ed.stoppedFor("breakpoint")
		want := []string{"x is 0", "before the second", "x is 0", "x is 1", "before the second", "x is -1", "x is 2", "x is -2"}
		if got := ed.logged(); lostOf(ed.outputsAll()) == 0 && strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%q", got)
		}
		ed.says("argus who main.x", "main.x: 2 -> -2, written by goroutine 1 at main.twice (main.go:", "record 6", withoutStop)
		ed.says("argus watches", "main.x", "  6  ", withoutStop)
		ask[struct{}](ed, "next", with{"threadId": 1})
		ed.stoppedFor("step")
		ask[struct{}](ed, "disconnect", with{})
		ed.hangup()
		want = append(want, "x is 3")
		if got := ed.logged(); lostOf(ed.outputsAll()) == 0 && strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%q", got)
		}
	})
}

// logged are the texts of log points.
func (ed *editor) logged() (texts []string) {
	for _, line := range ed.outputsAll() {
		if _, text, ok := strings.Cut(line, "]: "); ok && strings.HasPrefix(line, "> [Go ") {
			texts = append(texts, text)
		}
	}
	return texts
}

// TestLogDisconnectRunning: a program that is let go while it runs has had its lines shown.
func TestLogDisconnectRunning(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "forever")
		set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.x"), AccessType: "write", HitCondition: "% 100"}, "n is {new}"})
		if !traced(t, set[0].Message) {
			t.Fatalf("%+v", set)
		}
		ed.resume("continue", 1)
		ed.output("stdout", "n is ")
		ask[struct{}](ed, "disconnect", with{})
		ed.hangup()
		over := false
		ed.mu.Lock()
		defer ed.mu.Unlock()
		for _, m := range ed.inbox {
			over = over || m.Event == "terminated"
			if over && m.Event == "output" {
				t.Errorf("%s comes after the end", m.Body)
			}
		}
	})
}

// TestLogRestart: a data breakpoint that does not stop is kept.
func TestLogRestart(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "3")
		set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: packageVar("main.x"), AccessType: "write", Condition: "main.x != 0"}, "x is {new}"},
			logged{dap.DataBreakpoint{DataId: packageVar("main.pair.A")}, "{"})
		if !traced(t, set[0].Message) || set[1].Verified {
			t.Fatalf("%+v", set)
		}
		for range 2 {
			ask[struct{}](ed, "restart", with{"arguments": with{"request": "launch", "args": []string{"twice", "3"}, "rebuild": false}})
			if e := await[dap.BreakpointEventBody](ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Breakpoint.Id == set[0].Id }); e.Reason != "changed" || !traced(t, e.Breakpoint.Message) {
				t.Errorf("%+v", e)
			}
			if e := await[dap.BreakpointEventBody](ed, "breakpoint", func(e dap.BreakpointEventBody) bool { return e.Breakpoint.Id == set[1].Id }); e.Breakpoint.Verified || e.Breakpoint.Message == "" {
				t.Errorf("%+v", e)
			}
			ed.event("initialized", nil)
		}
		ed.configured()
		ed.ended()
		if got := ed.logged(); lostOf(ed.outputsAll()) == 0 && strings.Join(got, "; ") != "x is 1; x is -1; x is 2; x is -2" {
			t.Errorf("%q", got)
		}
		ed.disconnect()
	})
}

const replacing = `package main

import (
	"fmt"
	"os"
	"syscall"
)

var n int

func main() {
	for range 50 {
		n++
	}
	if len(os.Args) < 2 {
		fmt.Println(syscall.Exec(os.Args[0], []string{os.Args[0], "again"}, os.Environ()))
	}
}
`

// TestLogExec: what a program wrote that has become another was shown before the client is
// told, whether that is debugged or not.
func TestLogExec(t *testing.T) {
	exe := program(t, replacing)
	for _, follow := range []bool{false, true} {
		t.Run(fmt.Sprint("follow ", follow), func(t *testing.T) {
			onDrivers(t, func(t *testing.T, cfg Config) {
				ed := loggingN(t, cfg, exe, follow)
				ed.resume("continue", 1)
				ed.ended()
				ed.disconnect()
				lines := ed.outputsAll()
				if end, left := inSequence(t, lines, isNumber, 0); end+lostOf(lines) != 50 || left > 0 {
					t.Errorf("%d lines, %q", end, lines)
				}
				last := ""
				for _, line := range lines {
					if isNumber.MatchString(line) {
						if strings.Contains(last, "replaced itself") {
							t.Errorf("%s, and only then %s", last, line)
						}
					} else {
						last = line
					}
				}
			})
		})
	}
}
