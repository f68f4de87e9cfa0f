package guard

import (
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

// emulated returns the registers of a thread as they are behind its next instruction, and
// what that writes; x is room.
func (x *room) emulated(th *ptrace.Thread, r ptrace.Regs, from sources) (after ptrace.Regs, addr uint64, data []byte, ok bool) {
	n, _ := th.Proc.Memory.ReadMemory(x.code[:], r.PC())
	vectors := func() []byte {
		n, err := th.FPStateStart(x.vectors[:])
		if err != nil {
			return nil
		}
		return x.vectors[:n]
	}
	regs := insn.Regs{
		GPR: [16]uint64{r.Rax, r.Rcx, r.Rdx, r.Rbx, r.Rsp, r.Rbp, r.Rsi, r.Rdi,
			r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15},
		PC: r.Rip, Flags: r.Eflags, FSBase: r.Fs_base, GSBase: r.Gs_base,
	}
	if addr, data, ok = insn.Emulate(x.code[:n], from, &regs, vectors, &x.data); !ok {
		return r, 0, nil, false
	}
	for i, to := range []*uint64{&r.Rax, &r.Rcx, &r.Rdx, &r.Rbx, &r.Rsp, &r.Rbp, &r.Rsi, &r.Rdi,
		&r.R8, &r.R9, &r.R10, &r.R11, &r.R12, &r.R13, &r.R14, &r.R15} {
		*to = regs.GPR[i]
	}
	r.Rip, r.Eflags = regs.PC, regs.Flags
	return r, addr, data, true
}

// room is what emulation needs of it.
type room struct {
	code    [16]byte
	data    [32]byte
	vectors [1024]byte
}
