package backend

import (
	"encoding/binary"

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
	var buf [8]byte
	if _, err := s.target.Memory().ReadMemory(buf[:], r.TLS()+s.tlsG); err != nil {
		return 0
	}
	return binary.LittleEndian.Uint64(buf[:])
}

// callLen is the length of a system call instruction.
const callLen = 2
