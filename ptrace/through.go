package ptrace

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"
)

// Call is a system call that a thread is in.
type Call struct {
	Thread *Thread
	Return uint64 // address of the instruction behind it
}

// Through lets threads that the kernel holds in system calls come out of them, while all
// others are stopped ([Tracees.StopOthers]). No call is cut short, as by a signal: it is a
// breakpoint behind the call that stops the thread, before its next instruction. open is
// called when that is in place, and is to let the threads go; until they have stopped pause
// is called again and again, and ends it by true: the threads are waiting for something
// else, and stay in their calls. close is called before the breakpoints go.
func (g *Tracees) Through(calls []Call, open func(), pause func() bool, close func()) error {
	planted := map[uint64]*Process{}
	defer func() {
		for addr, p := range planted {
			if !p.ended {
				_ = p.RemoveBreakpoint(addr) // fails if the process is being killed
			}
		}
	}()
	defer close()
	for _, c := range calls {
		p := c.Thread.Proc
		c.Thread.lifted = 0
		if p.HasBreakpoint(c.Return) {
			continue
		}
		if err := p.InsertBreakpoint(c.Return); err != nil {
			return g.goneOr(c.Thread, err)
		}
		planted[c.Return] = p
	}
	open()
	for {
		tid, ws, err := g.wait(-1, unix.WNOHANG)
		if err != nil {
			return err
		}
		if tid != 0 {
			if err := g.digest(tid, ws); err != nil {
				return err
			}
			continue
		}
		inside := false
		for _, c := range calls {
			if c.Thread.state == stateStopped && c.Thread.midCall { // at the birth of a thread
				if err := c.Thread.restart(reqCont); err != nil {
					return err
				}
			}
			inside = inside || c.Thread.state == stateRunning
		}
		if !inside || pause() {
			break
		}
	}
	for _, c := range calls {
		th := c.Thread
		if planted[c.Return] == nil {
			continue
		}
		if th.state == stateRunning {
			th.lifted = c.Return
			continue
		}
		g.queue = slices.DeleteFunc(g.queue, func(ev Event) bool {
			if ev.Kind != Breakpoint || ev.Thread != th {
				return false
			}
			addr, _, err := th.RanBreakpoint()
			if err != nil || addr != c.Return {
				return false
			}
			return th.SetPC(addr) == nil
		})
	}
	return nil
}

// ranLifted sets a thread back that has executed a breakpoint of Through which is no more,
// and reports whether it has.
func (th *Thread) ranLifted() bool {
	if th.lifted == 0 {
		return false
	}
	addr, ours, err := th.RanBreakpoint()
	now := make([]byte, len(breakpointInstruction))
	if err != nil || ours || addr != th.lifted {
		return false
	}
	if _, err := th.Proc.Memory.ReadMemory(now, addr); err != nil || bytes.Equal(now, breakpointInstruction) {
		return false
	}
	th.lifted = 0
	return th.SetPC(addr) == nil
}
