package glue

import (
	"encoding/binary"

	"github.com/argusdbg/argus/ptrace"
)

// firstArgument is how far above the stack pointer a call finds the first argument that
// is passed in memory, above the slot of the link register: runtime.gogo is assembly, and
// has ABI0.
const firstArgument = 8

// goroutineRegister is the thread's runtime.g in Go code (src/cmd/compile/abi-internal.md).
func goroutineRegister(r *ptrace.Regs) uint64 { return r.Regs[28] }

// prologue is where a function is looked at: at its first instruction.
func prologue([]byte) uint64 { return 0 }

// callAt returns the length of the instruction at pc, 0 if there is none, and where it
// leads if it is a direct call (BL; Arm Architecture Reference Manual, C6.2).
func callAt(code []byte, pc uint64) (n int, target uint64, call bool) {
	const size = 4
	if len(code) < size {
		return 0, 0, false
	}
	op := binary.LittleEndian.Uint32(code)
	return size, pc + uint64(int64(int32(op<<6)>>6)*size), op>>26 == 0x25
}
