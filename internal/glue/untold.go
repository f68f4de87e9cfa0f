package glue

import (
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// Untold has fn called, on the tracer's thread, for every debug exception of which nothing
// tells the cause (FACTS A12) and that none of the watchpoints can have had: fn says
// whether it was a hit of something else. The program dies of the others. nil ends it.
func (p *Process) Untold(fn func() bool) error {
	return p.g.do(func() error {
		p.untold = fn
		return nil
	})
}

// Traced has fn asked, on the tracer's thread, whether a write of some bytes is to be seen by
// perf events that the board knows nothing of: these see what the processor does, and not what
// is done for a thread. nil ends it.
func (p *Process) Traced(fn func(addr, size uint64) bool) error {
	return p.g.do(func() error {
		p.traced = fn
		return nil
	})
}

// wasUntold reports whether a signal is such an exception, and has been taken.
func (th *Thread) wasUntold(info *ptrace.Siginfo) bool {
	return th.p.untold != nil && info.Signo == int32(unix.SIGTRAP) && info.Code == ptrace.TrapUnknown && !th.ranINT1() && th.p.untold()
}
