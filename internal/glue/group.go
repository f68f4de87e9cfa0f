package glue

import (
	"errors"
	"fmt"
	"sync"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

// Observer is who watches the event loop. Its methods run on the tracer's
// thread.
type Observer interface {
	// Hit is told that one instruction of th touched the points of entries. Only
	// th is certain to be stopped. A breakpoint that is returned becomes th's, and
	// everything stops. The slice is valid during the call.
	Hit(th *Thread, entries []*lanes.Entry) *proc.Breakpoint

	// UnknownHit is told of a debug exception without a cause: entries are all that
	// are armed, and what the instruction touched has to be found out otherwise. If
	// stepped is set it may well have been none of them.
	UnknownHit(th *Thread, entries []*lanes.Entry, stepped bool) *proc.Breakpoint

	// Wrote is told of a write to pages with guards. All threads are stopped; th has executed
	// the instruction that wrote, and no more, or is at the end of the system call that did,
	// or is nil if nobody knows who wrote. What is returned is as with Hit.
	Wrote(p *Process, th *Thread, w *guard.Write) *proc.Breakpoint

	// Passes is asked whether a thread that has come to a breakpoint of Delve's at addr
	// runs on as if it had not: Delve is not told then. Only th is certain to be stopped;
	// its program counter is addr.
	Passes(th *Thread, addr uint64) bool

	// Missed is told of hits of an entry of which only the number is known.
	Missed(e *lanes.Entry, n uint64)

	// Pending reports whether Serve has something to do.
	Pending() bool

	// Serve runs what others want of the target while it is stopped; every thread
	// is.
	Serve()

	// Leaving is told that a process is about to end by its own doing: the last
	// occasion to read its memory. A process that is killed from outside does not
	// report this.
	Leaving(p *Process)

	// Followed is told that a process runs another program now, which Delve follows:
	// one that was there before, or a child of one. It is stopped before the first
	// instruction of that program.
	Followed(p *Process, t *proc.Target)

	// Execed is told that the process has replaced its program and was let go,
	// because Delve does not follow. p is what it has become, path its file, "" if it
	// was killed at once.
	Execed(p *ptrace.Process, path string)
}

// NoObserver ignores everything.
type NoObserver struct{}

// Hit lets every hit pass.
func (NoObserver) Hit(*Thread, []*lanes.Entry) *proc.Breakpoint { return nil }

// UnknownHit lets it pass.
func (NoObserver) UnknownHit(*Thread, []*lanes.Entry, bool) *proc.Breakpoint { return nil }

// Wrote lets it pass.
func (NoObserver) Wrote(*Process, *Thread, *guard.Write) *proc.Breakpoint { return nil }

// Passes has every breakpoint reported.
func (NoObserver) Passes(*Thread, uint64) bool { return false }

// Missed ignores them.
func (NoObserver) Missed(*lanes.Entry, uint64) {}

// Pending is false.
func (NoObserver) Pending() bool { return false }

// Serve does nothing.
func (NoObserver) Serve() {}

// Leaving does nothing.
func (NoObserver) Leaving(*Process) {}

// Followed does nothing.
func (NoObserver) Followed(*Process, *proc.Target) {}

// Execed does nothing.
func (NoObserver) Execed(*ptrace.Process, string) {}

// Group implements proc.ProcessGroup.
type Group struct {
	Targets *proc.TargetGroup

	observer  Observer
	slots     lanes.Options
	tracer    *ptrace.Tracer
	tracees   *ptrace.Tracees
	addTarget proc.AddTargetFunc

	cctx    *proc.ContinueOnceContext
	trapped *Thread // has something to report
	fired   []*lanes.Entry
	info    ptrace.Siginfo // of the event that is being handled
	addrs   []uint64       // room for those of a write that a step has made

	halting sync.Mutex
	inLoop  bool // guarded by halting: Delve is in ContinueOnce
	halted  bool // guarded by halting: somebody wants a stop, and Delve does not know yet

	mu    sync.Mutex
	procs []*Process // all there ever were, in order of appearance; guarded by mu
}

var _ proc.ProcessGroup = (*Group)(nil)

func newGroup(o Observer, slots lanes.Options) *Group {
	tracer := ptrace.NewTracer()
	g := &Group{observer: o, slots: slots, tracer: tracer, tracees: ptrace.NewTracees(tracer)}
	g.tracees.Safe = slots.Driver.Safe()
	return g
}

// Process returns the process that was launched or attached to.
func (g *Group) Process() *Process { return g.procs[0] }

// Do runs fn on the tracer's thread.
func (g *Group) Do(fn func()) error { return g.tracer.Do(fn) }

// OnTracer reports whether the caller runs on the tracer's thread.
func (g *Group) OnTracer() bool { return g.tracer.OnThread() }

// Nudge makes the event loop look whether its Observer has something pending.
func (g *Group) Nudge() error { return g.tracees.Nudge() }

// ContinueOnce lets everything run until something is to be reported.
func (g *Group) ContinueOnce(cctx *proc.ContinueOnceContext) (th proc.Thread, reason proc.StopReason, err error) {
	err = g.do(func() error {
		g.enter(true)
		defer g.enter(false)
		t, r, err := g.continueOnce(cctx)
		reason = r
		if t != nil {
			th = t
		}
		return err
	})
	return th, reason, err
}

// StepInstruction makes one thread execute one instruction.
func (g *Group) StepInstruction(tid int) error {
	return g.do(func() error {
		th := g.thread(tid)
		if th == nil {
			return fmt.Errorf("no thread %d", tid)
		}
		if err := g.stepOver(th); err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
			return err
		}
		return g.handleQueued()
	})
}

// Detach lets go of a process, or ends it.
func (g *Group) Detach(pid int, kill bool) error {
	p := g.find(pid)
	if p == nil {
		return nil
	}
	return g.do(func() error {
		defer g.closeIfDone()
		if kill {
			p.board.Settle()
			err := g.tracees.Kill(p.held)
			p.end(&p.exited)
			g.dropQueued()
			return err
		}
		err := g.tracees.StopAll()
		if err == nil {
			err = g.takeIn()
		}
		if !p.valid() {
			return nil // it ended meanwhile
		}
		if err == nil {
			err = p.board.Close()
		}
		if err1 := g.tracees.Detach(p.held); err == nil {
			err = err1
		}
		p.end(&p.detached)
		return err
	})
}

// Close releases nothing: the tracer ends with the last process.
func (g *Group) Close() error { return nil }

// do runs fn on the tracer's thread and returns its error.
func (g *Group) do(fn func() error) error {
	var err error
	if err1 := g.tracer.Do(func() { err = fn() }); err1 != nil {
		return err1
	}
	return err
}

func (g *Group) thread(tid int) *Thread {
	if th := g.tracees.Thread(tid); th != nil && th.Data != nil {
		return th.Data.(*Thread)
	}
	return nil
}

// each calls fn for every thread of every process until it returns an error.
func (g *Group) each(fn func(*Thread) error) error {
	for _, p := range g.procs {
		for _, th := range p.threads() {
			if err := fn(th.Data.(*Thread)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *Group) find(pid int) *Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.procs {
		if p.held.PID == pid && p.valid() {
			return p
		}
	}
	return nil
}

// anyValid returns a process that is still held, or nil.
func (g *Group) anyValid() *Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.procs {
		if p.valid() {
			return p
		}
	}
	return nil
}

func (g *Group) add(p *Process) {
	g.mu.Lock()
	g.procs = append(g.procs, p)
	g.mu.Unlock()
}

func (g *Group) remove(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, q := range g.procs {
		if q == p {
			g.procs = append(g.procs[:i:i], g.procs[i+1:]...)
			return
		}
	}
}

// finish ends the tracer: nothing is held any more.
func (g *Group) finish() {
	g.tracer.Close()
	_ = g.slots.Driver.Close() // an error of closing descriptors: nobody can do anything about it
}

func (g *Group) closeIfDone() {
	if g.anyValid() == nil {
		g.finish()
	}
}

// dropQueued forgets events after a kill.
func (g *Group) dropQueued() {
	for {
		ev, ok := g.tracees.Queued()
		if !ok {
			return
		}
		if ev.Kind == ptrace.ProcessGone {
			g.processGone(ev)
		}
	}
}
