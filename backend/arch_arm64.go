package backend

import (
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

func findWriter(_ *insn.Cache, r *ptrace.Regs, _ uint64, _ int) (insn.Store, error) {
	return insn.WriterARM64(r.PC()), nil
}

func written(insn.Store, *ptrace.Regs) (insn.Value, bool) { return insn.Value{}, false }

func oldValue(insn.Store, *ptrace.Regs) (insn.Value, bool) { return insn.Value{}, false }

// gPointer returns the address of the runtime.g of a thread: R28 while it runs Go code.
func (s *Session) gPointer(r *ptrace.Regs) uint64 { return r.Regs[28] }

// callLen is the length of a system call instruction.
const callLen = 4
