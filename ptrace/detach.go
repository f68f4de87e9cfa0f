package ptrace

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// Detach lets a process run on as if it had never been held: breakpoints out,
// debug registers disarmed, signals in hand delivered. The caller has called
// [Tracees.StopAll] and handled what was queued (a thread that executed a
// breakpoint must have been set back to it).
//
// A process whose leader has left stays unseen by its parent after its end until
// the Tracer is closed or waits for something else.
func (g *Tracees) Detach(p *Process) error {
	if p.ended {
		return nil
	}
	g.mu.Lock()
	p.unheard = true
	g.mu.Unlock()
	if err := g.drainNudges(p); err != nil {
		return err
	}
	if err := g.stopEmbryos(p); err != nil {
		return err
	}
	if p.ended { // killed meanwhile
		return nil
	}
	for addr := range p.breakpoints {
		if err := p.RemoveBreakpoint(addr); err != nil {
			return err
		}
	}
	if err := p.clearSpare(); err != nil {
		return err
	}
	var first error
	var killed []*Thread
	for _, th := range p.threads {
		if th.state == stateLeaving {
			continue // reports nothing and cannot be detached; the kernel ends the relation
		}
		err := error(ErrThreadGone) // not stopped: is being killed
		if th.state == stateStopped {
			err = th.letGo()
		}
		switch {
		case err == nil:
		case errors.Is(err, ErrThreadGone):
			killed = append(killed, th)
		case first == nil:
			first = err
		}
	}
	status, err := g.seeOff(p, killed)
	if first == nil {
		first = err
	}
	g.endProcess(p)
	g.queue = slices.DeleteFunc(g.queue, func(ev Event) bool { return ev.Proc == p })
	if p.launched {
		reaped := make(chan ExitStatus, 1)
		p.Reaped = reaped
		if status != nil {
			reaped <- *status
		} else {
			go reap(p.PID, reaped)
		}
	}
	return first
}

// seeOff waits for the end of threads that cannot be detached because they are
// being killed: each may stop once more to report that it leaves, and stay there.
// The status is the process's, if its end was reported.
func (g *Tracees) seeOff(p *Process, killed []*Thread) (*ExitStatus, error) {
	if len(killed) == 0 {
		return nil, nil
	}
	p.killed = true
	if leader := p.threads[p.PID]; leader != nil && leader.state == stateLeaving {
		killed = append(killed, leader)
	}
	for _, th := range killed {
		th.setState(stateRunning)
	}
	for _, th := range killed {
		for th.state != stateGone {
			if err := g.collect(); err != nil {
				return nil, fmt.Errorf("wait for the end of thread %d: %w", th.TID, err)
			}
		}
	}
	for _, ev := range g.queue {
		if ev.Kind == ProcessGone && ev.Proc == p {
			return &ev.Status, nil
		}
	}
	return nil, nil
}

// letGo disarms and detaches a stopped thread. The kernel puts it back into a job
// control stop that its process is in. The error is ErrThreadGone if the thread is
// being killed.
func (th *Thread) letGo() error {
	err := th.disarm()
	sig := th.signal
	if sig == 0 && th.atSignal && len(th.deferred) > 0 {
		var err1 error
		if sig, err1 = th.takeDeferred(); err1 != nil && err == nil {
			err = err1
		}
	}
	if err1 := th.resendDeferred(); err1 != nil && err == nil {
		err = err1
	}
	if err1 := ptraceCall(reqDetach, th.TID, 0, uintptr(sig)); gone(err1) {
		return ErrThreadGone
	} else if err1 != nil {
		err = err1
	}
	if err != nil {
		return fmt.Errorf("detach from thread %d: %w", th.TID, err)
	}
	return nil
}

// drainNudges takes the signals of ours that no thread has taken yet out of the
// queues of a process and its threads: a SIGSTOP would stop the target for good
// after a detach.
func (g *Tracees) drainNudges(p *Process) error {
	for _, th := range slices.Clone(p.Threads()) {
		for _, shared := range []bool{true, false} {
			for th.state == stateStopped {
				waits, err := g.deliverable(th, shared, isNudge)
				if err != nil || !waits {
					break // an error: being killed
				}
				if err := g.takeNudge(th); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// takeNudge lets a thread take the nudge. A signal in its hand is kept back
// meanwhile. The thread executes no instruction: a queued signal is taken on
// the way to user mode.
func (g *Tracees) takeNudge(th *Thread) error {
	inHand := signal{number: th.signal}
	if inHand.number != 0 {
		_ = getSiginfo(th.TID, &inHand.info)
		th.signal = 0
	}
	deferred := th.deferred
	th.deferred, th.listening, th.rejoin = nil, false, false
	if err := th.restart(reqCont); err != nil {
		return err
	}
	if err := g.awaitThread(th); err != nil {
		return err
	}
	if th.state != stateStopped {
		return nil
	}
	if th.signal != 0 { // another signal came first
		s := signal{number: th.signal}
		_ = getSiginfo(th.TID, &s.info)
		deferred = append(deferred, s)
		th.signal, th.atSignal = 0, true
	}
	if inHand.number != 0 {
		deferred = append([]signal{inHand}, deferred...)
	}
	th.deferred = deferred
	return nil
}

// stopEmbryos stops the children that have not called exec yet.
func (g *Tracees) stopEmbryos(p *Process) error {
	for th := p.movingEmbryo(); th != nil; th = p.movingEmbryo() {
		if err := ptraceCall(reqInterrupt, th.TID, 0, 0); err != nil && !gone(err) {
			return fmt.Errorf("stop process %d: %w", th.TID, err)
		}
		tid, ws, err := g.wait(-1, 0)
		if err != nil {
			return fmt.Errorf("wait for process %d: %w", th.TID, err)
		}
		event := int(uint32(ws) >> 16)
		if tid != th.TID || !ws.Stopped() || th.state == stateStarting || (event != 0 && event != eventStop) || g.peeked != 0 {
			if err := g.digest(tid, ws); err != nil {
				return err
			}
			continue
		}
		th.setStopped()
		if event == 0 {
			th.signal = int(ws.StopSignal())
			th.stepBack()
		}
	}
	return nil
}

// movingEmbryo returns an embryo that is not stopped, or nil.
func (p *Process) movingEmbryo() *Thread {
	for _, th := range p.threads {
		if th.Embryo && th.state != stateStopped {
			return th
		}
	}
	return nil
}

// stepBack undoes the breakpoint that an embryo in its parent's memory has just
// executed, if it has.
func (th *Thread) stepBack() {
	var info Siginfo
	if th.signal != int(unix.SIGTRAP) || getSiginfo(th.TID, &info) != nil || info.Code != siKernel {
		return
	}
	addr, ours, err := th.RanBreakpoint()
	if _, removed := th.former[addr]; err == nil && (ours || removed) && th.SetPC(addr) == nil {
		th.signal = 0
	}
}

// letGo detaches a thread that needs nothing undone. sig is the signal it is about
// to be given, or 0.
func letGo(tid, sig int) error {
	if err := ptraceCall(reqDetach, tid, 0, uintptr(sig)); err != nil && !gone(err) {
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
		tid, ws, err := g.wait(-1, 0)
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
func reap(pid int, reaped chan<- ExitStatus) {
	for {
		var ws unix.WaitStatus
		_, err := unix.Wait4(pid, &ws, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil { // somebody else was quicker
			reaped <- ExitStatus{Unknown: true}
			return
		}
		reaped <- exitStatus(ws)
		return
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
	return letGo(th.TID, 0)
}

// cleanse takes our breakpoints out of a child's copy of the program.
func (th *Thread) cleanse() {
	spare := th.Proc.spare
	if len(th.Proc.breakpoints) == 0 && spare.original == nil {
		return
	}
	m, err := OpenMemory(th.TID)
	if err != nil {
		return // killed before it ran
	}
	defer m.Close()
	for addr, original := range th.Proc.breakpoints {
		_ = restore(m, addr, original) // fails if the child is being killed
	}
	if spare.original != nil {
		_, _ = m.WriteMemory(spare.addr, spare.original) // the same
	}
}
