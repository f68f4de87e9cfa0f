package glue

import (
	"errors"

	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/ptrace"
)

// pass lets a thread that has come to a breakpoint at addr run on if the Observer has no
// interest in it: nobody above is told, and the other threads run on where the instruction
// under the breakpoint permits that. passed is false if the breakpoint is to be reported.
func (g *Group) pass(th *Thread, addr uint64) (passed bool, err error) {
	bp := th.p.bps.M[addr]
	if bp == nil || len(bp.Breaklets) != 1 { // a step ends there too, or Delve wants to know
		return false, nil
	}
	regs, err := th.held.Registers()
	if err != nil {
		return true, nil // being killed
	}
	regs.SetPC(addr) // where the thread is for whoever looks at it; nothing is written yet
	if !g.observer.Passes(th, addr) {
		return false, nil
	}
	return true, g.goPast(th, regs, addr)
}

// goPast gets a thread past the breakpoint instruction at addr and lets it run on. The
// others run.
func (g *Group) goPast(th *Thread, regs *ptrace.Regs, addr uint64) error {
	ev, done, err := g.leap(th, regs, addr, th.p.spareCode(insn.MaxLen))
	if errors.Is(err, ptrace.ErrThreadGone) {
		return nil
	}
	if err != nil {
		return err
	}
	if !done {
		return g.passStopped(th, addr)
	}
	if ev.Thread != nil {
		th.stepped = true
		err := g.handle(ev, true)
		th.stepped = false
		if err != nil || g.trapped != nil {
			return err
		}
	}
	return g.tracees.Resume(th.held)
}

// passStopped steps over a breakpoint with all other threads stopped meanwhile.
func (g *Group) passStopped(th *Thread, addr uint64) error {
	if err := th.held.SetPC(addr); err != nil {
		return nil // being killed
	}
	if err := g.stopAll(); err != nil {
		return err
	}
	if err := g.takeIn(); err != nil {
		return err
	}
	if !th.held.Gone() {
		if err := g.stepOne(th); err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
			return err
		}
		if err := g.handleQueued(); err != nil {
			return err
		}
	}
	if g.trapped != nil {
		return nil // to be reported first
	}
	if g.anyValid() == nil {
		return nil
	}
	return g.resumeAll()
}

// spareCode is where instructions are moved to: the first of the program, which are
// executed once, before anything that an Observer could let pass. 0 if there is no room.
func (p *Process) spareCode(room int) uint64 {
	if p.spare.known {
		return p.spare.addr
	}
	p.spare.known = true
	entry, err := p.EntryPoint()
	if err != nil {
		return 0
	}
	if fn := p.bi.PCToFunc(entry + uint64(room)); fn != nil && fn.Entry > entry {
		return 0
	}
	p.spare.addr = entry
	return entry
}
