package dap

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-dap"
)

func (ed *editor) breakAtInstructions(list ...dap.InstructionBreakpoint) []dap.Breakpoint {
	ed.Helper()
	return ask[dap.SetInstructionBreakpointsResponseBody](ed, "setInstructionBreakpoints", with{"breakpoints": list}).Breakpoints
}

func TestInstructionBreakpoints(t *testing.T) {
	ed, file := stopsEditor(t, "loop", "9")
	line := lineOf(t, file, "// add")
	ed.breakAt(file, line)
	ed.configured()
	pc := ed.top(ed.stoppedFor("breakpoint").ThreadId).InstructionPointerReference
	ed.breakAt(file)
	addr, err := strconv.ParseInt(pc, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	set := ed.breakAtInstructions(dap.InstructionBreakpoint{InstructionReference: fmt.Sprintf("%#x", addr-100), Offset: 100, Condition: "i == 3"},
		dap.InstructionBreakpoint{InstructionReference: pc}, dap.InstructionBreakpoint{InstructionReference: "nowhere"}, dap.InstructionBreakpoint{InstructionReference: "0x1"})
	if !set[0].Verified || set[0].Line != line || set[0].InstructionReference != pc {
		t.Errorf("with an offset: %+v", set[0])
	}
	for i, b := range set[1:] { // the same again, no address, no code
		if b.Verified || b.Message == "" {
			t.Errorf("%d: %+v", i+1, b)
		}
	}
	ed.resume("continue", 1)
	stop := ed.stoppedFor("instruction breakpoint")
	if got := ed.value("i", stop.ThreadId); got != "3" || len(stop.HitBreakpointIds) != 1 || stop.HitBreakpointIds[0] != set[0].Id {
		t.Errorf("at i = %s: %+v", got, stop)
	}
	ed.disconnect()
}
