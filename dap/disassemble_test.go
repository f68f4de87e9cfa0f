package dap

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

func TestDisassemble(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	top := ed.top(thread)
	pc := top.InstructionPointerReference
	get := func(args with) []dap.DisassembledInstruction {
		t.Helper()
		return ask[dap.DisassembleResponseBody](ed, "disassemble", args).Instructions
	}
	one := get(with{"memoryReference": pc, "instructionCount": 1, "resolveSymbols": true})
	if len(one) != 1 || one[0].Address != pc || one[0].Instruction == "" || one[0].InstructionBytes == "" ||
		!strings.HasPrefix(one[0].Symbol, "main.look+0x") || one[0].Line != top.Line || one[0].Location == nil || one[0].Location.Path != top.Source.Path {
		t.Fatalf("the instruction at %s is %+v", pc, one)
	}
	many := get(with{"memoryReference": pc, "instructionOffset": -10, "instructionCount": 30})
	if len(many) != 30 || many[10].Address != pc || many[10].Symbol != "" {
		t.Errorf("30 from 10 before: %d, the eleventh %+v", len(many), many[10])
	}
	for i := 1; i < len(many); i++ {
		a, _ := strconv.ParseUint(many[i-1].Address, 0, 64)
		b, _ := strconv.ParseUint(many[i].Address, 0, 64)
		if a+uint64(len(many[i-1].InstructionBytes)/2) != b {
			t.Errorf("%+v does not follow on %+v", many[i], many[i-1])
		}
	}
	// The source is told where it changes only.
	if many[0].Location == nil {
		t.Error("the first has no source")
	}
	next := get(with{"memoryReference": pc, "instructionOffset": 1, "instructionCount": 1})
	if len(next) != 1 || next[0].Address != many[11].Address {
		t.Errorf("the next: %+v, want %s", next, many[11].Address)
	}
	offset := get(with{"memoryReference": pc, "offset": len(one[0].InstructionBytes) / 2, "instructionCount": 1})
	if len(offset) != 1 || offset[0].Address != next[0].Address {
		t.Errorf("behind the first: %+v, want %s", offset, next[0].Address)
	}
	if none := get(with{"memoryReference": pc, "instructionCount": 0}); none == nil || len(none) != 0 {
		t.Errorf("none: %+v", none)
	}
	for _, addr := range []uint64{0, math.MaxUint64} {
		list := get(with{"memoryReference": fmt.Sprintf("%#x", addr), "instructionCount": 10})
		if len(list) != 10 {
			t.Errorf("%#x: %d instructions, want 10 invalid ones", addr, len(list))
		}
		for _, in := range list {
			if in.Instruction != "invalid instruction" || in.Address != fmt.Sprintf("%#x", addr) {
				t.Errorf("%#x: %+v", addr, in)
			}
		}
	}
	for _, args := range []with{
		{"memoryReference": "hello, world!", "instructionCount": 1},
		{"memoryReference": "0x5", "instructionCount": 100},
		{"memoryReference": pc, "instructionCount": -1},
		{"memoryReference": pc, "instructionOffset": math.MinInt64, "instructionCount": 1},
		{"memoryReference": pc, "instructionOffset": math.MaxInt64, "instructionCount": 1},
		{"memoryReference": pc, "instructionCount": 1 << 40},
	} {
		if e := fails(ed, "disassemble", args); !strings.HasPrefix(e.Format, "Unable to disassemble: ") || e.Id != idDisassemble {
			t.Errorf("%v: %+v", args, e)
		}
	}
}

// TestDisassembleBreakpoint: the program's instructions are shown, and not those that
// breakpoints are made of.
func TestDisassembleBreakpoint(t *testing.T) {
	ed, thread, _ := view(t, "look", nil)
	pc := ed.top(thread).InstructionPointerReference
	code := func() []dap.DisassembledInstruction {
		return ask[dap.DisassembleResponseBody](ed, "disassemble", with{"memoryReference": pc, "instructionCount": 5}).Instructions
	}
	before := code()
	ed.breakAt(viewsFile(t))
	if after := code(); !reflect.DeepEqual(before, after) {
		t.Errorf("with a breakpoint: %+v\nwithout: %+v", before, after)
	}
}
