package doctor

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

// A foreign user of slots that reaches a child just started is not bound to a
// task of its own (FACTS A3).
const mendForeign = "find and end the other user: a CPU-wide breakpoint event (perf record -a -e mem:..., bpftrace watchpoint:...), a perf event inherited from whoever started argus, or the kernel's own debugger"

func (h host) judgeSlots(limits hwbp.Limits, o childOutcome) Check {
	c := Check{Name: checkSlots}
	switch all := limits.DataSlots; {
	case o.launch != nil:
		c.Status, c.Found = StatusUnknown, "not tried, because no program could be held"
	case o.slots == all:
		c.Status = StatusOK
		c.Found = fmt.Sprintf("%s a thread, for up to %d bytes each", count(all, "debug register"), longest(limits))
	case o.slots > 0:
		c.Status = StatusLimited
		c.Found = fmt.Sprintf("%s a thread of %d: somebody else holds the rest", count(o.slots, "debug register"), all)
		c.Costs = fmt.Sprintf("%s at a time", count(all-o.slots, "watchpoint"))
		c.Mend = mendForeign
	case errors.Is(o.slot, ptrace.ErrNoSlot):
		c.Status = StatusMissing
		c.Found = fmt.Sprintf("no debug register is free: somebody else holds all %d", all)
		c.Costs, c.Mend = costAllWatches, mendForeign
	case errors.Is(o.slot, ptrace.ErrNoDebugRegisters):
		c.Status, c.Found = StatusMissing, "no access to debug registers"
		c.Costs, c.Mend = costAllWatches, mendEmulator
	default:
		c.Status, c.Found = StatusMissing, fmt.Sprintf("debug registers cannot be set: %v", o.slot)
		c.Costs, c.Mend = costAllWatches, mendEmulator
	}
	return c
}

const costAllWatches = "all watchpoints; breakpoints and stepping work without"

func (h host) judgeHits(o childOutcome) Check {
	c := Check{Name: checkHits}
	switch {
	case o.launch != nil:
		c.Status, c.Found = StatusUnknown, "not tried, because no program could be held"
	case o.slots == 0:
		c.Status, c.Found = StatusUnknown, "not tried, because no debug register could be set"
	case o.hit == nil:
		c.Status, c.Found = StatusOK, "a watched access of a program was reported"
	case errors.Is(o.hit, errTimeout):
		c.Status, c.Found = StatusUnknown, "nothing was reported in time: the machine is too busy, or hits do not arrive"
		c.Costs = "the answer: whether hits are reported was not found out"
		c.Mend = "ask again when the machine is idle"
	case errors.Is(o.hit, errNoHit):
		c.Status, c.Found = StatusMissing, "debug registers can be set, but a watched access was not reported"
		c.Costs = costAllWatches
		c.Mend = "the virtual machine or emulator loses debug exceptions (QEMU before 10 without KVM does): use another, or a later version of it"
	default:
		c.Status, c.Found = StatusUnknown, fmt.Sprintf("trying it failed: %v", o.hit)
		c.Costs = "the answer: whether hits are reported was not found out"
		c.Mend = "ask again"
	}
	return c
}
