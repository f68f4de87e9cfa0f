package dap

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// scenarioEditor launches the target "scenarios", stopped in main.main.
func scenarioEditor(t *testing.T, cfg Config, args ...string) *editor {
	t.Helper()
	ed := newEditorWith(t, cfg)
	ed.launch(testkit.Scenarios(t, testkit.Debug), with{"args": args})
	ed.breakIn("main.main")
	ed.configured()
	ed.stoppedFor("function breakpoint")
	ed.breakIn()
	return ed
}

// dataID asks for the id of a package variable.
func (ed *editor) dataID(name string) string {
	ed.Helper()
	body := ed.info(with{"name": name})
	if body.DataId == nil {
		ed.Fatalf("%s: %s", name, body.Description)
	}
	return body.DataId.(string)
}

// logged is a data breakpoint with what the protocol lacks.
type logged struct {
	dap.DataBreakpoint
	LogMessage string `json:"logMessage,omitempty"`
}

func (ed *editor) watchLogged(list ...logged) []dap.Breakpoint {
	ed.Helper()
	return ask[dap.SetDataBreakpointsResponseBody](ed, "setDataBreakpoints", with{"breakpoints": list}).Breakpoints
}

// TestEveryWriteIsTold: with several goroutines that write at once, and a breakpoint that
// others reach meanwhile, no hit is lost, and each stop names all that it is about.
func TestEveryWriteIsTold(t *testing.T) {
	const n = 12
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "atomics", fmt.Sprint(n))
		set := ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.counter.v"), AccessType: "write"})
		fn := ed.breakIn("sync/atomic.(*Int64).Add")
		if !set[0].Verified || !fn[0].Verified {
			t.Fatalf("%+v %+v", set, fn)
		}
		hit := regexp.MustCompile(`^main\.counter\.v: \d+ -> \d+, written by goroutine \d+ at sync/atomic\.`)
		told := 0
		for {
			ed.resume("continue", 1)
			m := ed.wait("a stop or the end", func(m *message) bool { return m.Event == "stopped" || m.Event == "terminated" })
			if m.Event == "terminated" {
				break
			}
			stop := bodyOf[dap.StoppedEventBody](ed, m)
			for _, line := range strings.Split(stop.Text, "\n") {
				if line == "" {
					continue
				}
				told++
				if !hit.MatchString(line) {
					t.Errorf("%q", line)
				}
				if stop.Reason != "data breakpoint" || !slices.Contains(stop.HitBreakpointIds, set[0].Id) {
					t.Errorf("%+v", stop)
				}
			}
			if stop.Text == "" && !slices.Equal(stop.HitBreakpointIds, []int{fn[0].Id}) {
				t.Errorf("%+v", stop)
			}
		}
		if told != 4*n {
			t.Errorf("%d of %d writes were told of", told, 4*n)
		}
		ed.disconnect()
	})
}

// TestOneStoreTwoDataBreakpoints: both fire, and both are named.
func TestOneStoreTwoDataBreakpoints(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "3")
		part := ed.info(with{"name": "main.x", "bytes": 4}).DataId.(string)
		set := ed.watch(dap.DataBreakpoint{DataId: ed.dataID("main.x")}, dap.DataBreakpoint{DataId: part},
			dap.DataBreakpoint{DataId: part}, dap.DataBreakpoint{DataId: part, AccessType: "sometimes"}, dap.DataBreakpoint{DataId: "made up"})
		for i, b := range set {
			if b.Verified != (i < 2) || b.Message == "" {
				t.Errorf("%d: %+v", i, b)
			}
		}
		for n := range 6 {
			ed.resume("continue", 1)
			stop := ed.stoppedFor("data breakpoint")
			if ids := stop.HitBreakpointIds; len(ids) != 2 || ids[0] == ids[1] || !strings.Contains(stop.Text, "main.x: ") || !strings.Contains(stop.Text, "4 bytes at main.x: ") {
				t.Errorf("hit %d: %+v", n+1, stop)
			}
		}
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}

// TestDataBreakpointsAreChanged: one that gets other conditions is the same, and goes on
// counting.
func TestDataBreakpointsAreChanged(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "30")
		id := ed.dataID("main.x")
		first := ed.watch(dap.DataBreakpoint{DataId: id, AccessType: "write", HitCondition: "== 11"})
		if !first[0].Verified || first[0].Message != "mode exact, coverage exact" {
			t.Fatalf("%+v", first)
		}
		hit := func(text string) {
			t.Helper()
			ed.resume("continue", 1)
			if stop := ed.stoppedFor("data breakpoint"); !strings.HasPrefix(stop.Text, text) || !slices.Equal(stop.HitBreakpointIds, []int{first[0].Id}) {
				t.Errorf("%+v, and not %s", stop, text)
			}
		}
		change := func(b dap.DataBreakpoint) dap.Breakpoint {
			t.Helper()
			b.DataId, b.AccessType = id, "write"
			set := ed.watch(b)
			if set[0].Id != first[0].Id {
				t.Errorf("%+v", set)
			}
			return set[0]
		}
		hit("main.x: -4 -> 5, written by goroutine 1 at main.twice (main.go:") // rounds 0 to 4 were ten writes
		change(dap.DataBreakpoint{HitCondition: "% 14"})
		hit("main.x: 6 -> -6, ") // the fourteenth: it counted on
		change(dap.DataBreakpoint{Condition: "main.x > 20"})
		hit("main.x: -20 -> 21, ")
		change(dap.DataBreakpoint{})
		hit("main.x: 21 -> -21, ")
		if b := change(dap.DataBreakpoint{Condition: "main.x >"}); b.Verified || b.Message == "" {
			t.Errorf("%+v", b)
		}
		if b := change(dap.DataBreakpoint{HitCondition: "often"}); b.Verified || !strings.Contains(b.Message, "often") {
			t.Errorf("%+v", b)
		}
		change(dap.DataBreakpoint{Condition: "main.x == 28"}) // set anew
		hit("main.x: -27 -> 28, ")
		ed.watch()
		ed.resume("continue", 1)
		ed.ended()
		ed.disconnect()
	})
}

// TestDataLogMessages: they show the value before and after, and whatever is in scope, and
// do not stop.
func TestDataLogMessages(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "twice", "5")
		id := ed.dataID("main.x")
		set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: id, Condition: "main.x > 1"}, "{old} to {new} in round {i}, {nobody}"})
		if !set[0].Verified {
			t.Fatalf("%+v", set)
		}
		file := targetFile(t, "scenarios", "main.go")
		ed.resume("continue", 1)
		for i := 2; i < 5; i++ {
			body := await(ed, "output", func(b dap.OutputEventBody) bool { return strings.HasPrefix(b.Output, "> ") })
			want := fmt.Sprintf("> [Go 1]: %d to %d in round %d, {eval err: ", 1-i, i, i)
			if !strings.HasPrefix(body.Output, want) || body.Category != "stdout" || body.Source == nil || body.Source.Path != file || body.Line != lineOf(t, file, "// first") {
				t.Errorf("%+v, and not %s", body, want)
			}
		}
		ed.ended()
		if stops := ed.came("stopped"); len(stops) != 0 {
			t.Errorf("%d stops", len(stops))
		}
		ed.disconnect()

		ed = scenarioEditor(t, cfg, "twice", "5")
		if set := ed.watchLogged(logged{dap.DataBreakpoint{DataId: id}, "{"}); set[0].Verified || set[0].Message == "" {
			t.Errorf("%+v", set)
		}
		ed.disconnect()
	})
}

// TestDataBreakpointWhileRunning: the user sees nothing of how it is set.
func TestDataBreakpointWhileRunning(t *testing.T) {
	onDrivers(t, func(t *testing.T, cfg Config) {
		ed := scenarioEditor(t, cfg, "forever")
		quiet := ed.dataID("main.quiet")
		ed.resume("continue", 1)
		for range 20 {
			if set := ed.watch(dap.DataBreakpoint{DataId: quiet}); !set[0].Verified {
				t.Errorf("%+v", set)
			}
			ed.watch()
		}
		if stops := ed.came("stopped"); len(stops) != 0 {
			t.Errorf("%d stops", len(stops))
		}
		set := ed.watch(dap.DataBreakpoint{DataId: quiet}, dap.DataBreakpoint{DataId: ed.dataID("main.x"), Condition: "main.x % 100 == 0"})
		stop := ed.stoppedFor("data breakpoint")
		if !regexp.MustCompile(`^main\.x: \d*99 -> \d+00, written by goroutine \d+ at main\.forever`).MatchString(stop.Text) ||
			!slices.Equal(stop.HitBreakpointIds, []int{set[1].Id}) {
			t.Errorf("%+v", stop)
		}
		ed.disconnect()
	})
}
