package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// TestExceptions: what users of Delve see of panics and fatal errors.
func TestExceptions(t *testing.T) {
	for how, want := range map[string]struct{ description, text string }{
		"text":     {"panic", `"out of money"`},
		"value":    {"panic", "main.odd"},
		"index":    {"panic", "index out of range"},
		"deadlock": {"fatal error", `"all goroutines are asleep - deadlock!"`},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			ed, file := stopsEditor(t, "panic", how)
			ed.configured()
			stop := ed.stoppedFor("exception")
			if stop.Description != want.description || !strings.Contains(stop.Text, want.text) {
				t.Errorf("%+v, and not %q, %q", stop, want.description, want.text)
			}
			info := ask[dap.ExceptionInfoResponseBody](ed, "exceptionInfo", with{"threadId": stop.ThreadId})
			if info.ExceptionId != want.description || info.Description != stop.Text || info.BreakMode == "" || info.Details == nil {
				t.Fatalf("%+v", info)
			}
			if trace := info.Details.StackTrace; how != "deadlock" && (!strings.Contains(trace, "main.panics\n") ||
				!strings.Contains(trace, file) || strings.Contains(trace, "in runtime.")) {
				t.Errorf("the stack is\n%s", trace)
			}
			ed.resume("continue", stop.ThreadId)
			if code := ed.ended(); code != 2 {
				t.Errorf("exit code %d", code)
			}
			ed.disconnect()
		})
	}
}

// TestExceptionFilters: the user can choose, and one that is recovered is none.
func TestExceptionFilters(t *testing.T) {
	ed, _ := stopsEditor(t, "panic", "recovered")
	set := ask[dap.SetExceptionBreakpointsResponseBody](ed, "setExceptionBreakpoints",
		with{"filters": []string{filterPanic, "other"}, "filterOptions": []with{{"filterId": filterFatal}}}).Breakpoints
	if len(set) != 3 || !set[0].Verified || set[1].Verified || set[1].Message == "" || !set[2].Verified {
		t.Errorf("%+v", set)
	}
	ed.configured()
	ed.ended()
	set = ask[dap.SetExceptionBreakpointsResponseBody](ed, "setExceptionBreakpoints", with{"filters": []string{}}).Breakpoints
	if len(set) != 0 {
		t.Errorf("%+v", set)
	}
	ed.disconnect()

	ed, _ = stopsEditor(t, "panic", "text")
	ask[struct{}](ed, "setExceptionBreakpoints", with{"filters": []string{filterFatal}})
	ed.configured()
	if code := ed.ended(); code != 2 {
		t.Errorf("exit code %d", code)
	}
	ed.disconnect()
}

func TestNoException(t *testing.T) {
	ed, _ := stopsEditor(t, "loop", "1")
	ed.breakIn("main.step")
	ed.configured()
	stop := ed.stopped()
	if e := fails(ed, "exceptionInfo", with{"threadId": stop.ThreadId}); !strings.Contains(e.Format, "no runtime error found") {
		t.Errorf("%+v", e)
	}
	ed.disconnect()
}
