package backend

import (
	"encoding/binary"

	"github.com/go-delve/delve/pkg/proc"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

func insnRegs(r *ptrace.Regs) insn.Regs {
	return insn.Regs{
		GPR: [16]uint64{r.Rax, r.Rcx, r.Rdx, r.Rbx, r.Rsp, r.Rbp, r.Rsi, r.Rdi,
			r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15},
		PC: r.Rip, Flags: r.Eflags, FSBase: r.Fs_base, GSBase: r.Gs_base,
	}
}

func findWriter(c *insn.Cache, r *ptrace.Regs, addr uint64, size int) (insn.Store, error) {
	regs := insnRegs(r)
	return c.Writer(&regs, addr, size)
}

// executed returns the instruction at pc, which has just been executed alone, and what it
// wrote; size is 0 if that is not known.
func executed(c *insn.Cache, pc uint64, r *ptrace.Regs) (store insn.Store, addr uint64, size int, err error) {
	regs := insnRegs(r)
	return c.Executed(pc, &regs)
}

func written(s insn.Store, r *ptrace.Regs) (insn.Value, bool) {
	if s.Len == 0 {
		return insn.Value{}, false
	}
	regs := insnRegs(r)
	return s.Written(&regs)
}

func oldValue(s insn.Store, r *ptrace.Regs) (insn.Value, bool) {
	if s.Len == 0 {
		return insn.Value{}, false
	}
	regs := insnRegs(r)
	return s.OldValue(&regs)
}

// gPointer returns the address of the runtime.g of a thread.
func (s *Session) gPointer(r *ptrace.Regs) uint64 {
	buf := s.gBuf[:8] // one of its own would have to be allocated
	if _, err := s.target.Memory().ReadMemory(buf, r.TLS()+s.tlsG); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(buf)
}

// dwarfRegisters puts registers in the order of package cond.
func dwarfRegisters(to *cond.Registers, r *ptrace.Regs) {
	*to = cond.Registers{r.Rax, r.Rdx, r.Rcx, r.Rbx, r.Rsi, r.Rdi, r.Rbp, r.Rsp,
		r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15}
}

// callLen is the length of a system call instruction.
const callLen = 2

// isCall reports whether code is a SYSCALL, SYSENTER or INT 0x80.
func isCall(code [callLen]byte) bool {
	return code == [callLen]byte{0x0f, 0x05} || code == [callLen]byte{0x0f, 0x34} || code == [callLen]byte{0xcd, 0x80}
}

// framePointer is what BP holds in a frame: where the caller's is saved, 8 bytes below the
// return address.
func framePointer(f *proc.Stackframe) uint64 { return uint64(f.Regs.CFA) - 16 }

func framePointerOf(r *ptrace.Regs) uint64 { return r.Rbp }

// instructionLen is 0 if there is none.
func instructionLen(code []byte) int {
	n, err := insn.Len(code)
	if err != nil {
		return 0
	}
	return n
}

func isReturn(code []byte) bool { return code[0] == 0xC3 }

// callTarget returns where a direct call at pc goes.
func callTarget(pc uint64, code []byte) (uint64, bool) {
	if len(code) != 5 || code[0] != 0xE8 {
		return 0, false
	}
	return pc + 5 + uint64(int64(int32(binary.LittleEndian.Uint32(code[1:])))), true
}

// futexWait reports whether a system call that is about to be made is one that waits for
// another thread.
func futexWait(r *ptrace.Regs) bool {
	return r.Rax == unix.SYS_FUTEX && r.Rsi&futexCommand == futexWaits
}

// writesAt returns what an instruction writes relative to a stack pointer.
func writesAt(code []byte, sp uint64) (addr uint64, size int, ok bool) {
	regs := insn.Regs{}
	regs.GPR[4] = sp // RSP
	return insn.Writes(code, &regs)
}
