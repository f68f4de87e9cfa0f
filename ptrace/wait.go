package ptrace

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNothing is returned by [Tracees.Wait] when no process is held any more.
var ErrNothing = errors.New("no process is held")

// stoppedPoll is how often Wait looks when every thread is in a job control
// stop, where the signal of a Nudge is not seen before SIGCONT comes. The
// target does not run then: nothing is slowed.
const stoppedPoll = 5 * time.Millisecond

// Wait returns the next event. Threads that met something which needs no
// decision have been resumed.
func (g *Tracees) Wait() (Event, error) {
	for {
		if ev, ok := g.Queued(); ok {
			return ev, nil
		}
		if len(g.procs) == 0 {
			return Event{}, ErrNothing
		}
		g.renudge()
		// In this order: who looks at blocked has put down before what is to be done.
		g.blocked.Store(true)
		if p := g.guarded(); p != nil {
			g.blocked.Store(false)
			return Event{Kind: Guarded, Proc: p}, nil
		}
		flags := 0
		if g.allListening() {
			flags = unix.WNOHANG
		}
		tid, ws, err := g.wait(-1, flags)
		g.blocked.Store(false)
		if err != nil {
			return Event{}, fmt.Errorf("wait for the target: %w", err)
		}
		if tid == 0 {
			if n := g.nudges.Load(); n != g.heard {
				g.heard = n
				return Event{Kind: Nudged, Thread: g.anyThread()}, nil
			}
			time.Sleep(stoppedPoll)
			continue
		}
		if err := g.digest(tid, ws); err != nil {
			return Event{}, err
		}
	}
}

// Queued returns an event that is already known, without waiting.
func (g *Tracees) Queued() (Event, bool) {
	if len(g.queue) == 0 {
		return Event{}, false
	}
	ev := g.queue[0]
	g.queue = g.queue[1:]
	if len(g.queue) == 0 {
		g.queue = nil
	}
	return ev, true
}

func (g *Tracees) push(ev Event) {
	if ev.Proc == nil {
		ev.Proc = ev.Thread.Proc
	}
	if len(g.queue) == 0 { // as a rule: a hit is to allocate nothing
		g.first = append(g.first[:0], ev)
		g.queue = g.first
		return
	}
	g.queue = append(g.queue, ev)
}

// digest takes one wait status in. What needs a decision goes to the queue.
func (g *Tracees) digest(tid int, ws unix.WaitStatus) error {
	err := g.classify(tid, ws)
	if g.peeked != 0 && g.peeked == tid {
		g.peeked = 0
		if e := g.settle(tid, ws); err == nil {
			err = e
		}
	}
	return err
}

func (g *Tracees) classify(tid int, ws unix.WaitStatus) error {
	th := g.threads[tid]
	switch {
	case ws.Exited() || ws.Signaled():
		g.exited(tid, th, ws)
		return nil
	case !ws.Stopped():
		return nil
	}
	event := int(uint32(ws)>>16) & 0xff
	switch {
	case event == unix.PTRACE_EVENT_EXEC:
		return g.exec(tid)
	case th == nil:
		return g.stranger(tid, event, ws)
	}
	starting := th.state == stateStarting
	th.setStopped()
	switch event {
	case unix.PTRACE_EVENT_CLONE, unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK:
		child, err := eventMsg(tid)
		if err != nil {
			return nil // killed
		}
		if err := g.announce(child, th, event); err != nil {
			return err
		}
		th.midCall = true
		return g.passOn(th)
	case unix.PTRACE_EVENT_EXIT:
		th.leaving = true
		th.ends = !th.Embryo && th.endsProcess()
		// An exec waits for the other threads to leave: one that is held would keep
		// the thread that execs from ever stopping.
		if th.Embryo || th.Proc.killed || (g.stopping && !th.ends) {
			return g.Resume(th)
		}
		g.push(Event{Kind: Leaving, Thread: th, Last: th.ends})
		return nil
	case eventStop:
		th.rejoin = false
		if starting {
			return g.born(th)
		}
		th.listening = ws.StopSignal() != unix.SIGTRAP
		return g.passOn(th)
	}
	return g.signalled(th, ws.StopSignal())
}

// stranger takes in a stop of a thread that is not in the table.
func (g *Tracees) stranger(tid, event int, ws unix.WaitStatus) error {
	if event == eventStop && len(g.procs) > 0 {
		// A new thread's first stop can come before its parent's report of it.
		g.early[tid] = ws
		return nil
	}
	// Killed before its first stop, as its parent before it could report; or the
	// child of a process that has ended.
	delete(g.early, tid)
	sig := 0
	if event == 0 {
		sig = int(ws.StopSignal())
	}
	return letGo(tid, sig)
}

// passOn resumes a thread about which nothing is to be decided, unless
// everything is being stopped.
func (g *Tracees) passOn(th *Thread) error {
	if g.stopping && !th.Embryo {
		return nil
	}
	return g.Resume(th)
}

// announce records a thread that its parent has reported.
func (g *Tracees) announce(tid int, parent *Thread, event int) error {
	th := g.addThread(parent.Proc, tid, stateStarting)
	// PTRACE_EVENT_CLONE is reported of processes too (clone(2) with another exit
	// signal than SIGCHLD), and memory may be shared without vfork.
	th.Embryo = parent.Embryo || unix.Tgkill(parent.Proc.PID, tid, 0) != nil
	if th.Embryo {
		th.shared = sharesMemory(parent.TID, tid, event == unix.PTRACE_EVENT_VFORK)
	}
	if ws, stopped := g.early[tid]; stopped {
		delete(g.early, tid)
		return g.digest(tid, ws)
	}
	return nil
}

func (g *Tracees) born(th *Thread) error {
	if !th.Embryo {
		th.Proc.sorted = nil
		g.makeKnown(th)
		g.push(Event{Kind: Born, Thread: th})
		return nil
	}
	return g.hatch(th)
}

func (g *Tracees) signalled(th *Thread, sig unix.Signal) error {
	ev := Event{Thread: th}
	if err := getSiginfo(th.TID, &ev.Info); err != nil {
		if gone(err) {
			return nil
		}
		return g.passOn(th) // EINVAL: a group stop that ended meanwhile
	}
	resent := th.restoreOrigin(&ev.Info)
	switch {
	case th.Embryo && sig == unix.SIGTRAP && ev.Info.Code == siKernel:
		return g.embryoBreakpoint(th)
	case th.Embryo:
		th.signal = int(sig)
		return g.Resume(th)
	case sig == unix.SIGTRAP && ev.Info.Code == siKernel && th.ranLifted():
		return g.passOn(th)
	case sig == unix.SIGTRAP && ev.Info.Code == siKernel && th.came():
		ev.Kind = Guarded
	case sig == unix.SIGTRAP && ev.Info.Code == siKernel:
		ev.Kind = Breakpoint
	case sig == unix.SIGTRAP && ev.Info.Code > 0:
		th.due = false
		if ev.Kind = Trapped; th.pushes {
			th.pushes = false
			if err := th.unpushTrapFlag(); err != nil {
				return nil // being killed
			}
		}
	case isNudge(&ev.Info):
		ev = g.nudged(th, &ev.Info)
	case g.programs() && !resent && ev.Info.FromProgram():
		g.hit(th, &ev)
	default:
		th.signal = int(sig)
		if g.Safe && g.stopping {
			return g.forward(th)
		}
		return g.passOn(th)
	}
	th.atSignal = true
	g.push(ev)
	return nil
}

// exec handles PTRACE_EVENT_EXEC: the thread that did it carries the process's
// id by now, and is the only one left.
func (g *Tracees) exec(pid int) error {
	former, err := eventMsg(pid)
	if err != nil {
		return nil // killed at once; its end will be reported
	}
	leader, caller := g.threads[pid], g.threads[former]
	if caller == nil {
		caller = leader
	}
	if caller == nil {
		return letGo(pid, 0) // the child of a process that has ended
	}
	wasEmbryo, old := caller.Embryo, caller.Proc
	g.removeThread(caller)
	if leader != nil {
		g.removeThread(leader)
	}
	if wasEmbryo && !g.FollowExec {
		return letGo(pid, 0)
	}
	p := &Process{PID: pid, Memory: &Memory{}, launched: old.launched && !wasEmbryo, ownGroup: old.ownGroup && !wasEmbryo}
	// Fails if the process is being killed, which will be reported, and if we may
	// not read the new program: whoever gets the event finds the memory closed.
	_ = p.Memory.open(pid)
	g.addProcess(p)
	th := g.addThread(p, pid, stateStopped)
	th.midCall = true
	ev := Event{Kind: Execed, Thread: th, Proc: p}
	if !wasEmbryo {
		g.replace(old, p)
		ev.Replaced = old
	}
	g.push(ev)
	return nil
}

// replace hands the children of a process that called exec over to what it has
// become, and forgets the rest.
func (g *Tracees) replace(old, p *Process) {
	for tid, th := range old.threads {
		if !th.Embryo {
			g.removeThread(th)
			continue
		}
		if th.shared {
			th.cleanse() // nobody else has the old memory any more
			th.former = old.breakpoints
		}
		th.Proc = p
		p.threads[tid] = th
	}
	old.threads = map[int]*Thread{}
	g.endProcess(old)
}

func (g *Tracees) exited(tid int, th *Thread, ws unix.WaitStatus) {
	delete(g.early, tid)
	if th == nil {
		// A process whose leader we do not hold, killed while another thread
		// became the leader by exec.
		if p := g.process(tid); p != nil {
			g.endProcess(p)
			g.push(Event{Kind: ProcessGone, Proc: p, Status: exitStatus(ws)})
		}
		return
	}
	p := th.Proc
	embryo := th.Embryo
	g.removeThread(th)
	switch {
	case embryo:
	case tid == p.PID:
		g.endProcess(p)
		g.push(Event{Kind: ProcessGone, Proc: p, Thread: th, Status: exitStatus(ws)})
	case p.untraced && len(p.Threads()) == 0:
		g.endProcess(p)
		g.push(Event{Kind: ProcessGone, Proc: p, Thread: th, Status: ExitStatus{Unknown: true}})
	default:
		g.push(Event{Kind: ThreadGone, Thread: th})
	}
}

func (g *Tracees) anyThread() *Thread {
	for _, p := range g.procs {
		if ths := p.Threads(); len(ths) > 0 {
			return ths[0]
		}
	}
	return nil
}

// allListening reports whether everything is in a job control stop.
func (g *Tracees) allListening() bool {
	some := false
	for _, th := range g.threads {
		if th.Gone() {
			continue
		}
		if !th.listening {
			return false
		}
		some = true
	}
	return some
}
