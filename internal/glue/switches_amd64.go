package glue

import (
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

// firstArgument is how far above the stack pointer a call finds the first argument that
// is passed in memory: runtime.gogo is assembly, and has ABI0.
const firstArgument = 0

// goroutineRegister is the thread's runtime.g in Go code (src/cmd/compile/abi-internal.md).
func goroutineRegister(r *ptrace.Regs) uint64 { return r.R14 }

// prologue is where a function begins its frame: the kernel does that for a thread, and need
// not let it step (arch/x86/kernel/uprobes.c). 0 if it is not soon.
func prologue(code []byte) uint64 {
	const pushRBP = 0x55
	for at, n := 0, 0; n < 4 && at < len(code); n++ {
		if code[at] == pushRBP {
			return uint64(at)
		}
		size, err := insn.Len(code[at:])
		if err != nil {
			break
		}
		at += size
	}
	return 0
}

// callAt returns the length of the instruction at pc, 0 if there is none, and where it
// leads if it is a direct call.
func callAt(code []byte, pc uint64) (n int, target uint64, call bool) {
	n, err := insn.Len(code)
	if err != nil {
		return 0, 0, false
	}
	target, _, call, _ = insn.Branch(code, &insn.Regs{PC: pc})
	return n, target, call
}
