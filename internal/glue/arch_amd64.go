package glue

import (
	"encoding/binary"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/amd64util"
	"github.com/go-delve/delve/pkg/proc/linutil"
	"github.com/go-delve/delve/pkg/proc/native/cpuid"

	"github.com/argusdbg/argus/internal/insn"
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

// leap gets a thread that is at a breakpoint at addr behind the instruction there, without
// a stop of the others. done is false if that instruction does not permit it.
func (g *Group) leap(th *Thread, regs *ptrace.Regs, addr, spare uint64) (ev ptrace.Event, done bool, err error) {
	at := th.p.under(addr, spare)
	r := insn.Regs{PC: addr, Flags: regs.Eflags}
	if next, ret, call, ok := insn.Branch(at.code[:], &r); ok {
		after := *regs
		after.SetPC(next)
		if call {
			after.Rsp -= 8
			if th.p.watches(after.Rsp, 8) { // nobody would see this write
				return ev, false, nil
			}
			if _, err := th.p.held.Memory.WriteMemory(after.Rsp, binary.LittleEndian.AppendUint64(nil, ret)); err != nil {
				return ev, false, nil // a stack overflow: the program is to find it
			}
		}
		return ev, true, th.held.SetRegisters(&after)
	}
	// What is only moved into a register needs no step, where nobody could be watching.
	if r = insnRegs(regs); th.p.board.Empty() && insn.Simple(at.code[:], &r, th.p.held.Memory, &at.room) {
		after := *regs
		after.SetPC(r.PC)
		for i, to := range generalRegisters(&after) {
			*to = r.GPR[i]
		}
		return ev, true, th.held.SetRegisters(&after)
	}
	if at.moved == nil || th.p.refuses(at.code[:], &r) {
		return ev, false, nil
	}
	ev, err = g.tracees.StepElsewhere(th.held, at.moved, spare)
	return ev, true, err
}

// refuses reports whether an instruction may write to a page with a guard, where it would
// wait for a stop of everything.
func (p *Process) refuses(code []byte, r *insn.Regs) bool {
	if p.guard == nil && !p.held.Stepping() {
		return false
	}
	addr, size, some := insn.Writes(code, r)
	return some && (p.held.Stepping() || p.guard.Covers(addr, uint64(size)))
}

// wrote returns what the instruction at from wrote, which th has just executed alone: size
// is 0 if that is not known, and some is false if it was nothing.
func (th *Thread) wrote(from uint64, r *ptrace.Regs) (addr, size uint64, some bool) {
	regs := insnRegs(r)
	addr, n, some := insn.Stepped(program{th.p.held}, from, &regs)
	return addr, uint64(n), some
}

// watches reports whether somebody watches memory, by slots or page guards.
func (p *Process) watches(addr, size uint64) bool {
	return p.guard != nil && p.guard.Covers(addr, size) || p.board.Watches(addr, size)
}

// generalRegisters are those of the processor, in the order of its encoding.
func generalRegisters(r *ptrace.Regs) [16]*uint64 {
	return [16]*uint64{&r.Rax, &r.Rcx, &r.Rdx, &r.Rbx, &r.Rsp, &r.Rbp, &r.Rsi, &r.Rdi,
		&r.R8, &r.R9, &r.R10, &r.R11, &r.R12, &r.R13, &r.R14, &r.R15}
}

func insnRegs(r *ptrace.Regs) insn.Regs {
	regs := insn.Regs{PC: r.PC(), Flags: r.Eflags, FSBase: r.Fs_base, GSBase: r.Gs_base}
	for i, from := range generalRegisters(r) {
		regs.GPR[i] = *from
	}
	return regs
}

// instruction is what a breakpoint is written over.
type instruction struct {
	code  [insn.MaxLen]byte
	room  [8]byte // for what it reads
	moved []byte  // what does the same in the spare code; nil: nothing does
}

// under returns the instruction under a breakpoint.
func (p *Process) under(addr, spare uint64) *instruction {
	if at := p.leaps[addr]; at != nil {
		return at
	}
	at := &instruction{}
	if p.leaps == nil {
		p.leaps = map[uint64]*instruction{}
	}
	p.leaps[addr] = at
	n, err := p.held.ReadProgram(at.code[:], addr)
	if err != nil || spare == 0 || addr-spare < insn.MaxLen {
		return at
	}
	moved := make([]byte, insn.MaxLen)
	if size, ok := insn.Move(moved, at.code[:n], addr, spare); ok {
		at.moved = moved[:size]
	}
	return at
}

// arguments are those of the system call that has just ended. The kernel leaves them as they
// were.
func arguments(r *ptrace.Regs) [6]uint64 {
	return [6]uint64{r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9}
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

// program is the code as it was before breakpoints were written into it.
type program struct{ p *ptrace.Process }

func (c program) ReadMemory(buf []byte, addr uint64) (int, error) { return c.p.ReadProgram(buf, addr) }
