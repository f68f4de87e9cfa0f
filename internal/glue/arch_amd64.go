package glue

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/amd64util"
	"github.com/go-delve/delve/pkg/proc/linutil"
	"github.com/go-delve/delve/pkg/proc/native/cpuid"

	"github.com/argusdbg/argus/ptrace"
)

const archName = "amd64"

func (th *Thread) delveRegisters(r ptrace.Regs) (proc.Registers, error) {
	regs := linutil.AMD64PtraceRegs(r)
	return linutil.NewAMD64Registers(&regs, func(r *linutil.AMD64Registers) error {
		var state amd64util.AMD64Xstate
		err := th.p.g.do(func() error {
			area, err := th.held.FPState()
			if err != nil {
				return err
			}
			state.Xsave = area
			return amd64util.AMD64XstateRead(area, true, &state, cpuid.AMD64XstateZMMHi256Offset())
		})
		r.Fpregs, r.Fpregset = state.Decode(), &state
		return err
	}), nil
}

func (th *Thread) restore(saved proc.Registers) error {
	s, ok := saved.(*linutil.AMD64Registers)
	if !ok {
		return fmt.Errorf("cannot restore registers of type %T", saved)
	}
	now, err := th.held.Registers()
	if err != nil {
		return err
	}
	r := ptrace.Regs(*s.Regs)
	// The thread's own: a saved copy may be another thread's.
	r.Fs_base, r.Gs_base = now.Fs_base, now.Gs_base
	if err := th.held.SetRegisters(&r); err != nil {
		return err
	}
	if s.Fpregset == nil || s.Fpregset.Xsave == nil {
		return nil
	}
	return th.held.SetFPState(s.Fpregset.Xsave)
}

func (th *Thread) set(regs proc.Registers, number uint64, value *op.DwarfRegister) error {
	r := regs.(*linutil.AMD64Registers)
	fpChanged, err := r.SetReg(number, value)
	if err != nil {
		return err
	}
	changed := ptrace.Regs(*r.Regs)
	if err := th.held.SetRegisters(&changed); err != nil {
		return err
	}
	if !fpChanged || r.Fpregset == nil || r.Fpregset.Xsave == nil {
		return nil
	}
	return th.held.SetFPState(r.Fpregset.Xsave)
}

// ranINT1 reports whether the thread has just executed INT1, which raises a debug
// exception without a cause.
func (th *Thread) ranINT1() bool {
	const int1 = 0xF1
	r, err := th.held.Registers()
	if err != nil {
		return false
	}
	var code [1]byte
	_, err = th.p.held.ReadProgram(code[:], r.PC()-1)
	return err == nil && code[0] == int1
}
