package dap

import (
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// TestCoverageWhileRunning: that something is missed is told while the program runs.
func TestCoverageWhileRunning(t *testing.T) {
	ed := crowdEditor(t, Config{}, "turns", "1000000")
	ed.watch(ed.cells(6)...)
	ed.breakIn()
	ed.resume("continue", 1)
	await(ed, "breakpoint", func(e dap.BreakpointEventBody) bool {
		return e.Reason == "changed" && strings.HasPrefix(e.Breakpoint.Message, "mode sampled, coverage partial")
	})
	if n := len(ed.came("stopped")) + len(ed.came("terminated")); n != 0 {
		t.Error("the program has stopped")
	}
	ed.disconnect()
}

// TestEndOfRunningProgram: whoever waits for a stop is told of the end instead.
func TestEndOfRunningProgram(t *testing.T) {
	ed, _ := stopsEditor(t, "loop", "1")
	ed.configured()
	ed.ended()
	for _, command := range []string{"continue", "next", "pause"} {
		fails(ed, command, with{"threadId": 1})
	}
	ed.disconnect()
}
