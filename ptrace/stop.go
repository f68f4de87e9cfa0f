package ptrace

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// StopAll stops every thread. What threads met on their way to the stop is
// queued for [Tracees.Wait] and [Tracees.Queued]; afterwards no thread has a
// trap under way. Embryos are not stopped: a process that waits for one in
// vfork cannot be stopped before that has called exec, so StopAll waits too.
//
// It holds until [Tracees.ResumeAll]: threads that are resumed singly before are
// left where they stop next, even if that needs no decision.
func (g *Tracees) StopAll() error {
	for _, th := range g.threads {
		th.spared = false
	}
	return g.stopAll(false)
}

func (g *Tracees) stopAll(spare bool) error {
	g.stopping = true
	for _, th := range g.threads {
		if th.state == stateStopped && th.leaving && !th.ends { // see digest
			if err := g.Resume(th); err != nil {
				return err
			}
		}
		if th.state == stateRunning && !th.Embryo && !th.spared {
			// Leaves nothing behind if the thread stops for another reason first.
			if err := ptraceCall(reqInterrupt, th.TID, 0, 0); err != nil && !gone(err) {
				return fmt.Errorf("stop thread %d: %w", th.TID, err)
			}
		}
	}
	// Not before all threads are told to: those that it lets through would meet others that run.
	g.wardens(func(w Warden) { w.Stopping(spare) })
	defer g.wardens(Warden.Stopped)
	if err := g.awaitStops(); err != nil {
		return err
	}
	for _, p := range slices.Clone(g.procs) {
		for _, th := range p.Threads() {
			if err := g.leaveCall(th); err != nil {
				return err
			}
			if err := g.fetchTraps(th); err != nil {
				return err
			}
		}
	}
	return g.awaitStops() // somebody may have been killed meanwhile
}

// leaveCall gets a thread that stopped inside a system call (clone, fork, exec)
// to the end of it: until then the kernel would overwrite the result register.
func (g *Tracees) leaveCall(th *Thread) error {
	if th.state != stateStopped || !th.midCall {
		return nil
	}
	was := g.stopping
	g.stopping = true
	defer func() { g.stopping = was }()
	if err := ptraceCall(reqInterrupt, th.TID, 0, 0); err != nil && !gone(err) {
		return fmt.Errorf("stop thread %d: %w", th.TID, err)
	}
	if err := th.restart(reqCont); err != nil {
		return err
	}
	return g.awaitThread(th)
}

// awaitThread waits until a thread is not running.
func (g *Tracees) awaitThread(th *Thread) error {
	for th.state == stateRunning {
		if err := g.collect(); err != nil {
			return fmt.Errorf("wait for thread %d: %w", th.TID, err)
		}
	}
	return nil
}

// collect takes in one wait status.
func (g *Tracees) collect() error {
	tid, ws, err := g.next(-1)
	if err != nil || tid == 0 {
		return err
	}
	return g.digest(tid, ws)
}

// next returns the next wait status of a thread, or of any for pid -1. tid is 0 if
// there is none yet, or never will be because the thread is a leader that ended
// without a report: a thread that is killed makes none of leaving, and that a
// leader has ended is not reported while we hold another thread in its exit stop.
func (g *Tracees) next(pid int) (tid int, ws unix.WaitStatus, err error) {
	leader := g.silentLeader()
	if leader == nil {
		return g.wait(pid, 0)
	}
	if tid, ws, err = g.wait(pid, unix.WNOHANG); err != nil || tid != 0 {
		return tid, ws, err
	}
	if isZombie(leader.TID) {
		leader.setState(stateLeaving)
		leader.leaving, leader.Proc.sorted = true, nil
	} else {
		time.Sleep(leaderPoll)
	}
	return 0, 0, nil
}

// leaderPoll is how often next looks whether a leader has ended.
const leaderPoll = 100 * time.Microsecond

// silentLeader returns a leader that may end without a report, or nil.
func (g *Tracees) silentLeader() *Thread {
	for _, p := range g.procs {
		if th := p.threads[p.PID]; p.silent && th != nil && th.state == stateRunning {
			return th
		}
	}
	return nil
}

func (g *Tracees) awaitStops() error {
	for g.anyMoving() {
		if err := g.collect(); err != nil {
			return fmt.Errorf("wait for the target to stop: %w", err)
		}
	}
	return nil
}

func (g *Tracees) anyMoving() bool {
	for _, th := range g.threads {
		switch {
		case th.Embryo, th.spared && th.state == stateRunning:
		case th.state == stateRunning, th.state == stateStarting:
			return true
		case th.state == stateLeaving && th.last():
			return true // its end is about to be reported
		}
	}
	return false
}

// last reports whether no other thread of the process is held any more.
func (th *Thread) last() bool {
	for _, o := range th.Proc.threads {
		if o != th && !o.Embryo {
			return false
		}
	}
	return true
}

// fetchTraps gets the trap that is pending in a stopped thread: PTRACE_INTERRUPT
// is served before signals are (get_signal in kernel/signal.c), so a thread can
// stop with the SIGTRAP of the instruction it has just executed still queued.
// Left there it would kill the process after a detach, or be taken for
// something else when its breakpoint has gone. The thread executes no
// instruction between the two stops. The same for the signal of a program's hit,
// before which another may come.
func (g *Tracees) fetchTraps(th *Thread) error {
	for th.state == stateStopped && !th.atSignal && th.signal == 0 && !th.leaving {
		pending, err := g.deliverable(th, false, func(si *Siginfo) bool {
			return si.Signo == int32(unix.SIGTRAP) && si.Code > 0 || g.programs() && si.FromProgram()
		})
		if err != nil || !pending {
			th.due = false // it is where it was: whoever stopped it may send it elsewhere
			return nil     // an error here: the thread is being killed
		}
		th.rejoin, th.listening = th.rejoin || th.listening, false
		if err := th.restart(reqCont); err != nil {
			return err
		}
		if err := g.awaitThread(th); err != nil {
			return err
		}
	}
	return nil
}
