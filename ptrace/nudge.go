package ptrace

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// What marks the signals of Nudge ("argus"), of NudgeThread and of Knock.
const (
	nudgeValue       = 0x61_72_67_75_73
	threadNudgeValue = nudgeValue | 1<<40
	knockValue       = nudgeValue | 1<<41
)

// Nudge makes a Wait that is under way, or the next one, return an event of
// kind [Nudged]; with several processes, one of each perhaps. Any goroutine may
// call it. The signal it sends can be lost to a SIGCONT that somebody else sends:
// whoever must be heard repeats it.
func (g *Tracees) Nudge() error {
	g.nudges.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	err, sent := error(unix.ESRCH), false
	for _, p := range g.procs {
		// All of them: one that is in a job control stop takes no signal.
		if p.unheard {
			continue
		}
		if p.attaching { // Attach has the nudge sent when it is done
			sent = true
			continue
		}
		if e := g.nudgeProcess(p); e != nil {
			err = e
		} else {
			sent = true
		}
	}
	if !sent {
		return fmt.Errorf("nudge: %w", err)
	}
	return nil
}

// NudgeThread makes one running thread stop, which [Tracees.Wait] reports by an
// event of kind [Nudged] with Directed set. Any goroutine may call it. A thread
// that is stopped is left alone, and one that is in a job control stop hears it
// when that ends. Nothing remembers a nudge: the signal can be lost to a SIGCONT
// that somebody else sends, and arrive late when the thread stops by itself
// meanwhile. Whoever still wants the stop repeats it. The error is [ErrThreadGone] if
// no such thread is held.
func (g *Tracees) NudgeThread(tid int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	th := g.known[tid]
	switch {
	case th == nil || th.Proc.unheard:
		return fmt.Errorf("nudge thread %d: %w", tid, ErrThreadGone)
	case !th.runs.Load():
		return nil
	}
	return g.signalThread(th, threadNudgeValue)
}

// Knock makes one running thread of a process stop, which [Tracees.Wait] reports by an event
// of kind [Guarded]: that tid itself if it is not zero, else any that may be. It reports
// whether there is one. Any goroutine may call it.
func (g *Tracees) Knock(p *Process, tid int, may func(tid int) bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if tid != 0 {
		th := g.known[tid]
		return th != nil && th.Proc == p && th.runs.Load() && !p.unheard && g.signalThread(th, knockValue) == nil
	}
	for _, th := range g.known {
		if th.Proc == p && th.runs.Load() && !p.unheard && may(th.TID) && g.signalThread(th, knockValue) == nil {
			return true
		}
	}
	return false
}

// Holds reports whether a thread of a process is held, and has made its first stop. Any
// goroutine may call it.
func (g *Tracees) Holds(p *Process, tid int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	th := g.known[tid]
	return th != nil && th.Proc == p
}

// signalThread sends a thread a signal of ours. Preconditions: g.mu is held.
func (g *Tracees) signalThread(th *Thread, value uint64) error {
	sig := unix.SIGSTOP
	if g.Safe {
		if st, err := readStatus(th.TID); err == nil {
			sig = st.nudgeSignal()
		}
	}
	info := sentBy(sig, value)
	if err := queueToThread(th.Proc.PID, th.TID, &info); gone(err) {
		return fmt.Errorf("nudge thread %d: %w", th.TID, ErrThreadGone)
	} else if err != nil {
		return fmt.Errorf("nudge thread %d: %w", th.TID, err)
	}
	return nil
}

// nudgeProcess sends one thread of a process the signal of Nudge: with Safe one that
// is nothing to a process whose tracer has died. It goes to a thread, not to the
// process, where it would stand for a SIGCHLD of the process's own. Preconditions:
// g.mu is held.
//
// The leader comes first, which lives as long as its process as a rule: see renudge.
func (g *Tracees) nudgeProcess(p *Process) error {
	if !g.Safe {
		return queueSignal(p.PID, unix.SIGSTOP, nudgeValue)
	}
	best, tid := unix.SIGSTOP, 0
	for _, th := range append([]*Thread{g.known[p.PID]}, slices.Collect(maps.Values(g.known))...) {
		if th == nil || th.Proc != p {
			continue
		}
		st, err := readStatus(th.TID)
		if err != nil || st.state == 'Z' || st.state == 'X' {
			continue
		}
		sig := st.nudgeSignal()
		if sig == unix.SIGCHLD && (st.state == 'R' || st.state == 'S') { // takes it at once
			best, tid = sig, th.TID
			break
		}
		if sig != unix.SIGSTOP && best != unix.SIGCHLD {
			best, tid = sig, th.TID
		}
	}
	if tid == 0 {
		return queueSignal(p.PID, unix.SIGSTOP, nudgeValue)
	}
	if th := g.known[tid]; th != nil {
		th.carries = true
	}
	info := sentBy(best, nudgeValue)
	return queueToThread(p.PID, tid, &info)
}

// renudge sends the signal of Nudge that has ended with a thread before it took it, or
// that a process was spared while it was being attached to.
func (g *Tracees) renudge() {
	if !g.lost || g.nudges.Load() == g.heard {
		return
	}
	g.lost = false
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.procs {
		if !p.unheard && !p.attaching {
			_ = g.nudgeProcess(p) // fails if it is being killed
		}
	}
}

// nudgeSignal is the signal for a thread to be nudged by that is ignored when nobody
// traces it, or SIGSTOP if the thread blocks all of those.
func (st status) nudgeSignal() unix.Signal {
	for _, sig := range []unix.Signal{unix.SIGCHLD, unix.SIGURG} {
		if st.blocked&maskOf(sig) == 0 {
			return sig
		}
	}
	return unix.SIGSTOP
}

// makeKnown lets NudgeThread find a thread that is not an embryo.
func (g *Tracees) makeKnown(th *Thread) {
	g.mu.Lock()
	g.known[th.TID] = th
	g.mu.Unlock()
}

func isNudge(info *Siginfo) bool {
	switch unix.Signal(info.Signo) {
	case unix.SIGSTOP, unix.SIGCHLD, unix.SIGURG:
		switch info.Value() {
		case nudgeValue, threadNudgeValue, knockValue:
			return info.Code == siQueue
		}
	}
	return false
}

// nudged is the event for a nudge that a thread has stopped by.
func (g *Tracees) nudged(th *Thread, info *Siginfo) Event {
	th.keepUrgent(info)
	if info.Value() == threadNudgeValue {
		return Event{Kind: Nudged, Thread: th, Info: *info, Directed: true}
	}
	if info.Value() == knockValue {
		return Event{Kind: Guarded, Thread: th, Info: *info}
	}
	g.heard = g.nudges.Load()
	g.mu.Lock()
	th.carries = false
	g.mu.Unlock()
	return Event{Kind: Nudged, Thread: th, Info: *info}
}
