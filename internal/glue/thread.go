package glue

import (
	"github.com/go-delve/delve/pkg/dwarf/op"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/ptrace"
)

// trap says why a thread stopped.
type trap uint8

const (
	trapNone       trap = iota
	trapBreakpoint      // a breakpoint of ours; the PC was set back to it
	trapHardcoded       // a breakpoint instruction of the program's own
	trapWatch
	trapManual // somebody asked for a stop
)

// Thread implements proc.Thread.
type Thread struct {
	p       *Process
	held    *ptrace.Thread
	common  proc.CommonThread
	current proc.BreakpointState

	trap     trap
	hit      *proc.Breakpoint // a watchpoint hit that stops, not yet reported
	reported uint64           // address of the breakpoint that was reported at this stop
	stepped  bool             // what is being handled is the end of a step
	deferred bool             // the hit that is being handled was some time ago
	inCall   bool             // the hit that is being handled was a system call's
	call     int              // the number of that; -1: the registers tell
}

var _ proc.Thread = (*Thread)(nil)

func newThread(p *Process, held *ptrace.Thread) *Thread {
	if th, ok := held.Data.(*Thread); ok {
		return th
	}
	th := &Thread{p: p, held: held}
	held.Data = th
	return th
}

// forget drops what was known of the last stop.
func (th *Thread) forget() {
	th.trap, th.hit, th.reported = trapNone, nil, 0
}

// ForgetGoroutine drops Delve's idea of the goroutine that runs on the thread.
// Whoever has asked Delve for it inside the event loop calls it before the
// thread runs on (FACTS F6).
func (th *Thread) ForgetGoroutine() { th.common = proc.CommonThread{} }

// Deferred reports of a thread at a hit that it was not stopped behind the instruction:
// it had the signal blocked.
func (th *Thread) Deferred() bool { return th.deferred }

// Call reports of a thread at a hit whether the kernel made the access, for a system
// call that is just over, and the number of that.
func (th *Thread) Call() (number int, made bool) {
	if !th.inCall {
		return 0, false
	}
	if th.call >= 0 {
		return th.call, true
	}
	regs, err := th.held.Registers()
	if err != nil {
		return 0, false
	}
	return regs.SystemCall()
}

// Process returns the thread's process.
func (th *Thread) Process() *Process { return th.p }

// Held returns the thread as package ptrace has it.
func (th *Thread) Held() *ptrace.Thread { return th.held }

// Breakpoint is what Delve stops for.
func (th *Thread) Breakpoint() *proc.BreakpointState { return &th.current }

// ThreadID is the id that the kernel gave the thread.
func (th *Thread) ThreadID() int { return th.held.TID }

// BinInfo returns the debug information of the process.
func (th *Thread) BinInfo() *proc.BinaryInfo { return th.p.bi }

// ProcessMemory returns the memory of the process.
func (th *Thread) ProcessMemory() proc.MemoryReadWriter { return memory{th.p} }

// Common returns what Delve keeps with a thread.
func (th *Thread) Common() *proc.CommonThread { return &th.common }

// SoftExc reports whether an exception stopped the thread.
func (th *Thread) SoftExc() bool {
	return th.trap == trapBreakpoint || th.trap == trapHardcoded || th.trap == trapWatch
}

// SetCurrentBreakpoint finds out which breakpoint the thread is at. There is no
// PC to adjust: the signal said exactly what the trap was.
func (th *Thread) SetCurrentBreakpoint(bool) error {
	th.current.Clear()
	if th.hit != nil {
		th.current.Breakpoint = th.hit
		if th.hit.WatchType == 0 {
			th.reported = th.hit.Addr
		}
		return nil
	}
	pc, err := th.pc()
	if err != nil {
		return err
	}
	if bp := th.p.bps.M[pc]; bp != nil && bp.WatchType == 0 {
		th.current.Breakpoint = bp
		th.reported = pc
	}
	return nil
}

func (th *Thread) pc() (pc uint64, err error) {
	err = th.p.g.do(func() error {
		r, err := th.held.Registers()
		if err == nil {
			pc = r.PC()
		}
		return err
	})
	return pc, err
}

// at reports whether the thread is at pc. It runs on the tracer's thread.
func (th *Thread) at(pc uint64) bool {
	r, err := th.held.Registers()
	return err == nil && r.PC() == pc
}

// Registers returns a copy of the thread's registers. Delve asks for them again and again:
// they are read once at every stop.
func (th *Thread) Registers() (regs proc.Registers, err error) {
	r, err := th.General()
	if err != nil {
		return nil, err
	}
	return th.delveRegisters(r)
}

// General returns a copy of the general registers, to whoever has the target: on the tracer's
// thread or not.
func (th *Thread) General() (regs ptrace.Regs, err error) {
	if r, ok := th.held.KnownRegisters(); ok { // nobody else has the tracer do anything
		return r, nil
	}
	err = th.p.g.do(func() error {
		r, err := th.held.Registers()
		if err == nil {
			regs = *r
		}
		return err
	})
	return regs, err
}

// RestoreRegisters writes saved registers back.
func (th *Thread) RestoreRegisters(saved proc.Registers) error {
	return th.p.g.do(func() error { return th.restore(saved) })
}

// SetReg changes one register, named by its DWARF number.
func (th *Thread) SetReg(number uint64, value *op.DwarfRegister) error {
	return th.p.g.do(func() error {
		r, err := th.held.Registers()
		if err != nil {
			return err
		}
		regs, err := th.delveRegisters(*r)
		if err != nil {
			return err
		}
		return th.set(regs, number, value)
	})
}

// At returns the thread as if its program counter were pc, for Delve to read from.
func (th *Thread) At(pc uint64) proc.Thread { return elsewhere{th, pc} }

type elsewhere struct {
	*Thread
	pc uint64
}

func (e elsewhere) Registers() (regs proc.Registers, err error) {
	err = e.p.g.do(func() error {
		r, err := e.held.Registers()
		if err == nil {
			moved := *r
			moved.SetPC(e.pc)
			regs, err = e.delveRegisters(moved)
		}
		return err
	})
	return regs, err
}
