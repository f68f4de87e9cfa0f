package ptrace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Detach lets a process run on as if it had never been held: breakpoints out,
// debug registers disarmed, signals in hand delivered. The caller has called
// [Tracees.StopAll] and handled what was queued (a thread that executed a
// breakpoint must have been set back to it).
func (g *Tracees) Detach(p *Process) error {
	if p.ended {
		return nil
	}
	for addr := range p.breakpoints {
		if err := p.RemoveBreakpoint(addr); err != nil {
			return err
		}
	}
	if err := g.recallEmbryos(p); err != nil {
		return err
	}
	g.mu.Lock() // no Nudge from here on
	defer func() {
		g.mu.Unlock()
		g.endProcess(p)
	}()
	if err := g.drainNudge(p); err != nil {
		return err
	}
	var first error
	for _, th := range p.Threads() {
		if th.state != stateStopped {
			continue
		}
		if err := th.letGo(); err != nil && first == nil {
			first = err
		}
	}
	if leader := p.threads[p.PID]; leader != nil && leader.state == stateLeaving {
		// It reports nothing and cannot be detached; the kernel drops the
		// relation when it is reaped.
		g.removeThread(leader)
	}
	if p.launched {
		go reap(p.PID)
	}
	return first
}

// letGo disarms and detaches a stopped thread.
func (th *Thread) letGo() error {
	err := th.disarm()
	sig := th.signal
	if sig == 0 && th.atSignal && len(th.deferred) > 0 {
		var err1 error
		if sig, err1 = th.deliverDeferred(); err1 != nil && err == nil {
			err = err1
		}
	}
	if err1 := ptraceCall(reqDetach, th.TID, 0, uintptr(sig)); err1 != nil && err == nil {
		err = err1
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("detach from thread %d: %w", th.TID, err)
	}
	return nil
}

// drainNudge takes a SIGSTOP of ours that no thread has taken yet out of the
// process's queue: after a detach it would stop the target for good.
func (g *Tracees) drainNudge(p *Process) error {
	for _, th := range p.Threads() {
		if th.state != stateStopped {
			continue
		}
		for {
			waits, err := peekSiginfo(th.TID, true, isNudge)
			if err != nil {
				break // being killed: ask another
			}
			if !waits {
				return nil
			}
			if err := g.takeNudge(th); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeNudge lets a thread take the nudge. A signal in its hand is kept back
// meanwhile. The thread executes no instruction: a queued signal is taken on
// the way to user mode.
func (g *Tracees) takeNudge(th *Thread) error {
	listening, inHand := th.listening, signal{number: th.signal}
	if inHand.number != 0 {
		_ = getSiginfo(th.TID, &inHand.info)
		th.signal = 0
	}
	deferred := th.deferred
	th.deferred, th.listening = nil, false
	if err := th.restart(reqCont); err != nil {
		return err
	}
	for th.state == stateRunning {
		tid, ws, err := wait(-1, 0)
		if err != nil {
			return fmt.Errorf("wait for thread %d: %w", th.TID, err)
		}
		if err := g.digest(tid, ws); err != nil {
			return err
		}
	}
	if th.state != stateStopped {
		return nil
	}
	if th.signal != 0 { // another signal came first
		s := signal{number: th.signal}
		_ = getSiginfo(th.TID, &s.info)
		deferred = append(deferred, s)
		th.signal = 0
	}
	if inHand.number != 0 {
		deferred = append([]signal{inHand}, deferred...)
	}
	if listening {
		th.signal = int(unix.SIGSTOP)
	}
	th.deferred, th.atSignal = deferred, true
	return nil
}

// recallEmbryos detaches the children that have not called exec yet.
func (g *Tracees) recallEmbryos(p *Process) error {
	for {
		var embryo *Thread
		for _, th := range p.threads {
			if th.Embryo {
				embryo = th
			}
		}
		if embryo == nil {
			return nil
		}
		if embryo.state != stateStopped {
			if err := ptraceCall(reqInterrupt, embryo.TID, 0, 0); err != nil && !gone(err) {
				return fmt.Errorf("stop process %d: %w", embryo.TID, err)
			}
			tid, ws, err := wait(-1, 0)
			if err != nil {
				return fmt.Errorf("wait for process %d: %w", embryo.TID, err)
			}
			if tid == embryo.TID && ws.Stopped() {
				embryo.setStopped()
				if uint32(ws)>>16 == 0 {
					embryo.signal = int(ws.StopSignal())
				}
			} else if err := g.digest(tid, ws); err != nil {
				return err
			}
		}
		if embryo.state == stateStopped {
			if err := embryo.letGo(); err != nil {
				return err
			}
			g.removeThread(embryo)
		}
	}
}

// letGo detaches a thread that needs nothing undone.
func letGo(tid int) error {
	if err := ptraceCall(reqDetach, tid, 0, 0); err != nil && !gone(err) {
		return fmt.Errorf("detach from process %d: %w", tid, err)
	}
	return nil
}

// Kill ends a process and waits until it has. Events that come meanwhile are
// queued.
func (g *Tracees) Kill(p *Process) error {
	if p.ended {
		return nil
	}
	if p.ownGroup {
		_ = unix.Kill(-p.PID, unix.SIGKILL) // its children; it may have left the group
	}
	if err := unix.Kill(p.PID, unix.SIGKILL); err != nil && !gone(err) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	p.killed = true
	for _, th := range p.threads {
		if th.leaving { // in an exit stop, from which SIGKILL does not wake it
			if err := g.Resume(th); err != nil {
				return err
			}
		}
	}
	for !p.ended {
		tid, ws, err := wait(-1, 0)
		if err != nil {
			g.endProcess(p)
			return nil // ECHILD: somebody else has reaped it
		}
		if err := g.digest(tid, ws); err != nil {
			return err
		}
	}
	return nil
}

// reap collects the end of a child that was launched and then let go.
func reap(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}

// hatch decides about a new child process at its first stop.
func (g *Tracees) hatch(th *Thread) error {
	if th.shared {
		return g.Resume(th) // held until it calls exec: it may run into a breakpoint
	}
	th.cleanse()
	if g.FollowExec {
		return g.Resume(th)
	}
	g.removeThread(th)
	return letGo(th.TID)
}

// cleanse takes our breakpoints out of a child's copy of the program.
func (th *Thread) cleanse() {
	if len(th.Proc.breakpoints) == 0 {
		return
	}
	m, err := OpenMemory(th.TID)
	if err != nil {
		return // killed before it ran
	}
	defer m.Close()
	for addr, original := range th.Proc.breakpoints {
		_, _ = m.WriteMemory(addr, original)
	}
}
