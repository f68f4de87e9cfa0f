package backend

import (
	"encoding/binary"

	"github.com/go-delve/delve/pkg/proc"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

func findWriter(_ *insn.Cache, r *ptrace.Regs, _ uint64, _ int) (insn.Store, error) {
	return insn.WriterARM64(r.PC()), nil
}

// executed returns the instruction at pc, which has just been executed alone. What it wrote
// is not known.
func executed(_ *insn.Cache, pc uint64, _ *ptrace.Regs) (store insn.Store, addr uint64, size int, err error) {
	return insn.WriterARM64(pc), 0, 0, nil
}

func written(insn.Store, *ptrace.Regs) (insn.Value, bool) { return insn.Value{}, false }

func oldValue(insn.Store, *ptrace.Regs) (insn.Value, bool) { return insn.Value{}, false }

// gPointer returns the address of the runtime.g of a thread: R28 while it runs Go code.
func (s *Session) gPointer(r *ptrace.Regs) uint64 { return r.Regs[28] }

// dwarfRegisters puts registers in the order of package cond.
func dwarfRegisters(to *cond.Registers, r *ptrace.Regs) {
	copy(to[:], r.Regs[:])
	to[31] = r.Sp
}

// callLen is the length of a system call instruction.
const callLen = 4

// isCall reports whether code is SVC #0.
func isCall(code [callLen]byte) bool { return code == [callLen]byte{0x01, 0x00, 0x00, 0xd4} }

// framePointer is what R29 holds in a frame: 8 bytes below where the return address is
// saved, which is at the stack pointer.
func framePointer(f *proc.Stackframe) uint64 { return f.Regs.SP() - 8 }

func framePointerOf(r *ptrace.Regs) uint64 { return r.Regs[29] }

// instructionLen is 0 if there is none.
func instructionLen(code []byte) int {
	if len(code) < callLen {
		return 0
	}
	return callLen
}

func isReturn(code []byte) bool { return binary.LittleEndian.Uint32(code) == 0xD65F03C0 }

// callTarget returns where a direct call at pc goes: BL of the Arm Architecture Reference
// Manual, C6.2.
func callTarget(pc uint64, code []byte) (uint64, bool) {
	op := binary.LittleEndian.Uint32(code)
	return pc + uint64(int64(int32(op<<6)>>6)*4), op>>26 == 0x25
}

// futexWait reports whether a system call that is about to be made is one that waits for
// another thread.
func futexWait(r *ptrace.Regs) bool {
	return r.Regs[8] == unix.SYS_FUTEX && r.Regs[1]&futexCommand == futexWaits
}

// writesAt returns what an instruction writes relative to a stack pointer: that is not known.
func writesAt([]byte, uint64) (addr uint64, size int, ok bool) { return 0, 0, false }
