package glue

import (
	"errors"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/ptrace"
)

// StepOn executes one more instruction of a thread of which an Observer has just been told
// that it wrote to pages with guards: all others are stopped. What the instruction meets
// the Observer is told of before StepOn returns. It is done unless the thread cannot go on:
// it has ended, or is at something that is to be reported first.
func (th *Thread) StepOn() (done bool, err error) {
	g := th.p.g
	if !th.held.Stopped() || th.trap != trapNone && th.trap != trapWatch {
		return false, nil
	}
	ev, err := g.tracees.StepOver(th.held)
	switch {
	case errors.Is(err, ptrace.ErrThreadGone):
		return false, nil
	case err != nil:
		return false, err
	case ev.Kind == ptrace.Breakpoint:
		g.report(th, trapHardcoded)
		return false, nil
	}
	was := th.stepped
	th.stepped = true
	err = g.handle(ev, true)
	th.stepped = was
	if err == nil {
		err = g.eachGuard((*guard.Guard).Tell)
	}
	return err == nil && !th.held.Gone(), err
}

// AtBreakpoint reports whether a breakpoint is at an address, which a thread that is
// stepped there would pass unnoticed.
func (th *Thread) AtBreakpoint(addr uint64) bool {
	return th.p.held.HasBreakpoint(addr) || th.p.inSlot(addr)
}
