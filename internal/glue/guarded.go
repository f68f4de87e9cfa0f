package glue

import (
	"errors"
	"slices"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

// errUnsafe is why a program that must survive the debugger has no page guards: most writes
// are emulated, and leave it unharmed at whatever moment that is, but not all.
var errUnsafe = errors.New("a thread that is being stepped over a guard dies with the debugger, and the program must survive that (--safe auto allows it)")

// openGuard makes the page guards of a process, all of whose threads are stopped. Whoever
// asks for them, the board, closes them.
func (p *Process) openGuard() (lanes.Guards, error) {
	if p.g.slots.Survive {
		return nil, errUnsafe
	}
	th := p.stoppedThread()
	if th == nil {
		return nil, guard.ErrGone
	}
	opened, err := guard.Open(p.g.tracees, th)
	if err != nil {
		return nil, err
	}
	opened.Reads = p.board.Reads
	opened.Writes = func(addr, size uint64) bool { return p.traced != nil && p.traced(addr, size) }
	p.guard = opened
	return opened, nil
}

func (p *Process) stoppedThread() *ptrace.Thread {
	for _, th := range p.held.Threads() {
		if th.Stopped() && !th.Leaving() {
			return th
		}
	}
	return nil
}

// serveGuards stops everything for threads that wait to write to guarded pages, lets them
// through, and goes on unless there is a reason to stop.
func (g *Group) serveGuards() error {
	if err := g.tracees.StopOthers(); err != nil {
		return err
	}
	if err := g.eachGuard((*guard.Guard).Serve); err != nil {
		return err
	}
	if err := g.takeIn(); err != nil {
		return err
	}
	if g.trapped != nil || g.anyValid() == nil {
		return nil // to be reported first
	}
	for _, p := range g.procs {
		if p.valid() && p.guard != nil && p.allStopped() {
			p.board.Rearrange()
		}
	}
	return g.tracees.ResumeAll()
}

// allStopped is false while threads are spared: see ptrace.Tracees.StopOthers.
func (p *Process) allStopped() bool {
	return !slices.ContainsFunc(p.held.Threads(), func(th *ptrace.Thread) bool { return !th.Stopped() })
}

// eachGuard has the guards of all processes tell what was written.
func (g *Group) eachGuard(do func(*guard.Guard, func(guard.Write) error) error) error {
	for _, p := range g.procs {
		if p.guard == nil || !p.valid() {
			continue
		}
		if err := do(p.guard, func(w guard.Write) error { return g.written(p, w) }); err != nil {
			return err
		}
	}
	return nil
}

// written takes in one write.
func (g *Group) written(p *Process, w guard.Write) error {
	var th *Thread
	if w.Thread != nil {
		th = newThread(p, w.Thread)
		th.inCall, th.call, th.deferred = w.InCall, w.Call, false
	}
	if w.Event.Kind != 0 {
		th.stepped = true
		err := g.handle(w.Event, true)
		th.stepped = false
		if err != nil {
			return err
		}
	}
	if bp := g.observer.Wrote(p, th, &w); bp != nil && th != nil {
		if th.hit == nil {
			th.hit = bp
		}
		g.report(th, trapWatch)
	}
	return nil
}
