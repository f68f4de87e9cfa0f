package glue

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/linutil"

	"github.com/argusdbg/argus/ptrace"
)

const archName = "arm64"

func (th *Thread) delveRegisters(r ptrace.Regs) (proc.Registers, error) {
	regs := linutil.ARM64PtraceRegs(r)
	cgo := th.p.g.Targets.Selected != nil && th.p.g.Targets.Selected.IsCgo()
	var tls uint64
	if cgo {
		err := th.p.g.do(func() (err error) {
			tls, err = th.held.TLS()
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return linutil.NewARM64Registers(&regs, cgo, tls, func(r *linutil.ARM64Registers) error {
		return th.p.g.do(func() error {
			area, err := th.held.FPState()
			if err != nil {
				return err
			}
			fp := linutil.ARM64PtraceFpRegs{Vregs: area}
			r.Fpregs, r.Fpregset = fp.Decode(), area
			return nil
		})
	}), nil
}

func (th *Thread) restore(saved proc.Registers) error {
	s, ok := saved.(*linutil.ARM64Registers)
	if !ok {
		return fmt.Errorf("cannot restore registers of type %T", saved)
	}
	r := ptrace.Regs(*s.Regs)
	if err := th.held.SetRegisters(&r); err != nil {
		return err
	}
	if s.Fpregset == nil {
		return nil
	}
	return th.held.SetFPState(s.Fpregset)
}

func (th *Thread) set(regs proc.Registers, number uint64, value *op.DwarfRegister) error {
	r := regs.(*linutil.ARM64Registers)
	fpChanged, err := r.SetReg(number, value)
	if err != nil {
		return err
	}
	changed := ptrace.Regs(*r.Regs)
	if err := th.held.SetRegisters(&changed); err != nil {
		return err
	}
	if !fpChanged || r.Fpregset == nil {
		return nil
	}
	return th.held.SetFPState(r.Fpregset)
}

// wrote is not known here: values are compared.
func (th *Thread) wrote(uint64, *ptrace.Regs) (addr, size uint64, some bool) { return 0, 0, true }

// arguments are those of the system call that has just ended, but for the first, in the place
// of which is its result.
func arguments(r *ptrace.Regs) [6]uint64 { return [6]uint64(r.Regs[1:7]) }

// ranINT1 is about an instruction of x86.
func (th *Thread) ranINT1() bool { return false }

// leap is for instructions of x86: others are stepped over where they are.
func (g *Group) leap(_ *Thread, _ *ptrace.Regs, _, _ uint64) (ev ptrace.Event, done bool, err error) {
	return ev, false, nil
}

// instruction is what a breakpoint is written over.
type instruction struct{}
