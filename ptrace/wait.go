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
		flags := 0
		if g.allListening() {
			flags = unix.WNOHANG
		}
		tid, ws, err := wait(-1, flags)
		if err != nil {
			return Event{}, fmt.Errorf("wait for the target: %w", err)
		}
		if tid == 0 {
			if g.nudgeWaits() {
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
	g.queue = append(g.queue, ev)
}

// digest takes one wait status in. What needs a decision goes to the queue.
func (g *Tracees) digest(tid int, ws unix.WaitStatus) error {
	th := g.threads[tid]
	switch {
	case ws.Exited() || ws.Signaled():
		g.exited(tid, th, ws)
		return nil
	case !ws.Stopped():
		return nil
	}
	event := int(uint32(ws)>>16) & 0xff
	if th == nil {
		// A new thread's first stop can come before its parent's report of it.
		if event == eventStop {
			g.early[tid] = ws
		}
		return nil
	}
	if event == unix.PTRACE_EVENT_EXEC {
		return g.exec(th)
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
		return g.passOn(th)
	case unix.PTRACE_EVENT_EXIT:
		th.leaving = true
		if th.Embryo || th.Proc.killed {
			return g.Resume(th)
		}
		g.push(Event{Kind: Leaving, Thread: th, Last: th.endsProcess()})
		return nil
	case eventStop:
		if starting {
			return g.born(th)
		}
		th.listening = ws.StopSignal() != unix.SIGTRAP
		return g.passOn(th)
	}
	return g.signalled(th, ws.StopSignal())
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
	th.Embryo = event != unix.PTRACE_EVENT_CLONE || parent.Embryo
	th.shared = event == unix.PTRACE_EVENT_VFORK
	if ws, stopped := g.early[tid]; stopped {
		delete(g.early, tid)
		return g.digest(tid, ws)
	}
	return nil
}

func (g *Tracees) born(th *Thread) error {
	if !th.Embryo {
		th.Proc.sorted = nil
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
	th.restoreOrigin(&ev.Info)
	switch {
	case th.Embryo && sig == unix.SIGTRAP && ev.Info.Code == siKernel:
		return g.embryoBreakpoint(th)
	case th.Embryo:
		th.signal = int(sig)
		return g.Resume(th)
	case sig == unix.SIGTRAP && ev.Info.Code == siKernel:
		ev.Kind = Breakpoint
	case sig == unix.SIGTRAP && ev.Info.Code > 0:
		ev.Kind = Trapped
	case isNudge(&ev.Info):
		ev.Kind = Nudged
	default:
		th.signal = int(sig)
		return g.passOn(th)
	}
	th.atSignal = true
	g.push(ev)
	return nil
}

// exec handles PTRACE_EVENT_EXEC: th, which carries the process's id by now, is
// the only thread left.
func (g *Tracees) exec(th *Thread) error {
	pid := th.TID
	former, err := eventMsg(pid)
	if err != nil {
		return nil // killed at once; its end will be reported
	}
	caller := th
	if t := g.threads[former]; t != nil {
		caller = t
	}
	wasEmbryo, old := caller.Embryo, caller.Proc
	g.removeThread(caller)
	g.removeThread(th)
	if wasEmbryo && !g.FollowExec {
		return letGo(pid)
	}
	if !wasEmbryo {
		for _, o := range old.threads {
			if !o.Embryo {
				g.removeThread(o)
			}
		}
	}
	p, err := g.addProcess(pid, old.launched && !wasEmbryo)
	if err != nil {
		return nil // as above
	}
	nth := g.addThread(p, pid, stateStopped)
	ev := Event{Kind: Execed, Thread: nth, Proc: p}
	if !wasEmbryo {
		for _, embryo := range old.threads {
			embryo.Proc = p
			p.threads[embryo.TID] = embryo
		}
		old.threads = map[int]*Thread{}
		g.endProcess(old)
		ev.Replaced = old
	}
	g.push(ev)
	return nil
}

func (g *Tracees) exited(tid int, th *Thread, ws unix.WaitStatus) {
	delete(g.early, tid)
	if th == nil {
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

// nudgeWaits reports whether a Nudge is queued that no thread has taken, and
// cannot while they are all in a job control stop.
func (g *Tracees) nudgeWaits() bool {
	for _, p := range g.procs {
		for _, th := range p.Threads() {
			// A thread in PTRACE_LISTEN cannot be asked; what is queued for its
			// process shows in /proc.
			if st, err := readStatus(th.TID); err == nil && st.sharedPending&(1<<(unix.SIGSTOP-1)) != 0 {
				return true
			}
			break
		}
	}
	return false
}
