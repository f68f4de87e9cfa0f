package glue

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/go-delve/delve/pkg/logflags"
	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/linutil"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

func (g *Group) continueOnce(cctx *proc.ContinueOnceContext) (*Thread, proc.StopReason, error) {
	if g.anyValid() == nil {
		return nil, proc.StopExited, proc.ErrProcessExited{Pid: g.procs[0].held.PID}
	}
	g.cctx, g.trapped = cctx, nil
	// A program that comes to breakpoints all the time, at which Delve does not stop, may
	// be on its way to one whenever somebody asks for a stop.
	if g.observer.Pending() {
		if g.observer.Serve(); g.anyValid() == nil {
			return nil, proc.StopExited, proc.ErrProcessDetached
		}
	}
	if err := g.stepOffBreakpoints(); err != nil {
		return nil, proc.StopExited, err
	}
	if cctx.ResumeChan != nil {
		close(cctx.ResumeChan)
		cctx.ResumeChan = nil
	}
	if g.trapped == nil {
		if err := g.run(); err != nil {
			return nil, proc.StopExited, err
		}
	}
	if err := g.stop(); err != nil {
		return nil, proc.StopExited, err
	}
	if g.trapped.held.Gone() { // it was killed while the others were being stopped
		if err := g.replaceTrapped(); err != nil {
			return nil, proc.StopExited, err
		}
	}
	if g.trapped.trap == trapManual {
		return g.trapped, proc.StopManual, nil
	}
	return g.trapped, proc.StopUnknown, nil
}

// stepOffBreakpoints gets threads past breakpoints that have been reported.
func (g *Group) stepOffBreakpoints() error {
	err := g.each(func(th *Thread) error {
		th.current.Clear()
		at := th.reported
		th.forget()
		// One in a slot would not fire again (FACTS K6), but for a signal handler of
		// the program's that comes in between and loses the flag which says so: Go's
		// preemption does.
		if at == 0 || !th.held.Stopped() || !th.p.held.HasBreakpoint(at) && !th.p.inSlot(at) {
			return nil
		}
		if pc, err := th.pc(); err != nil || pc != at {
			return nil // moved, or being killed
		}
		if err := g.stepOver(th); err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return g.handleQueued()
}

// stepOver executes one instruction of th with all other threads stopped.
func (g *Group) stepOver(th *Thread) error {
	if pc, err := th.pc(); err == nil && len(th.p.hooks[pc]) > 0 {
		stop, then := th.reach(pc)
		if stop {
			g.report(th, trapWatch)
		}
		for _, fn := range then {
			fn()
		}
	}
	return g.stepOne(th)
}

// stepOne executes one instruction of th, whatever hooks are there, with all other threads
// stopped.
func (g *Group) stepOne(th *Thread) error {
	ev, err := g.tracees.StepOver(th.held)
	if err != nil {
		return err
	}
	if ev.Kind == ptrace.Breakpoint { // ours was taken out: the instruction is the program's own
		g.report(th, trapHardcoded)
		return nil
	}
	th.stepped = true
	defer func() { th.stepped = false }()
	if err := g.handle(ev, true); err != nil {
		return err
	}
	return g.eachGuard((*guard.Guard).Tell)
}

// run lets everything run until a thread has something to report.
func (g *Group) run() error {
	if err := g.resumeAll(); err != nil {
		return err
	}
	for g.trapped == nil {
		ev, err := g.tracees.Wait()
		if err != nil {
			return err
		}
		if err := g.handle(ev, false); err != nil {
			return err
		}
	}
	return nil
}

// stop stops everything, and takes in what threads met on their way to the stop.
func (g *Group) stop() error {
	if err := g.stopAll(); err != nil {
		return err
	}
	if err := g.takeIn(); err != nil {
		return err
	}
	for _, p := range g.procs {
		if !p.valid() {
			continue
		}
		if err := linutil.ElfUpdateSharedObjects(p); err != nil {
			return err
		}
	}
	return g.each(func(th *Thread) error {
		if th.trap == trapBreakpoint || th.trap == trapWatch {
			return th.SetCurrentBreakpoint(true)
		}
		return nil
	})
}

func (g *Group) stopAll() error {
	for _, p := range g.procs {
		p.board.Pause()
	}
	return g.tracees.StopAll()
}

func (g *Group) resumeAll() error {
	_ = g.each(func(th *Thread) error { th.forget(); return nil })
	for _, p := range g.procs {
		p.board.Resume()
	}
	return g.tracees.ResumeAll()
}

func (g *Group) handleQueued() error {
	for {
		ev, ok := g.tracees.Queued()
		if !ok {
			return nil
		}
		if err := g.handle(ev, true); err != nil {
			return err
		}
	}
}

// takeIn hears what the threads met on their way to a stop.
func (g *Group) takeIn() error {
	if err := g.handleQueued(); err != nil {
		return err
	}
	if err := g.eachGuard((*guard.Guard).Tell); err != nil {
		return err
	}
	if err := g.judgeSteps(); err != nil {
		return err
	}
	return g.each(g.sweep)
}

// sweep looks for hits of a stopped thread that no event tells of: with safe stops
// another signal can have swallowed the one that was to tell.
func (g *Group) sweep(th *Thread) error {
	if !g.slots.Driver.Safe() || !th.held.Stopped() {
		return nil
	}
	stop, err := g.hit(th, &ptrace.Siginfo{})
	if stop {
		g.report(th, trapWatch)
	}
	return err
}

// handle takes in one event. If stopping is set the thread is left stopped.
func (g *Group) handle(ev ptrace.Event, stopping bool) error {
	switch ev.Kind {
	case ptrace.Born:
		p := ev.Proc.Data.(*Process)
		newThread(p, ev.Thread)
		if err := p.board.Born(ev.Thread); err != nil {
			return err
		}
	case ptrace.Trapped:
		th := ev.Thread.Data.(*Thread)
		g.info = ev.Info // a copy in ev would be allocated at each event
		one := th.p.stepper != nil && th.held.Stepped()
		was := th.stepped
		th.stepped = was || one
		stop, err := g.hit(th, &g.info)
		th.stepped = was
		if err != nil {
			return err
		}
		if stop {
			g.report(th, trapWatch)
		}
		if one {
			if resumed, err := g.stepped(th, stopping); resumed || err != nil {
				return err
			}
		}
		if th.trap == trapWatch {
			return nil
		}
	case ptrace.Breakpoint:
		th := ev.Thread.Data.(*Thread)
		addr, ours, err := ev.Thread.RanBreakpoint()
		if err != nil {
			return nil // being killed
		}
		if !ours {
			g.report(th, trapHardcoded)
			return nil
		}
		if len(th.p.hooks[addr]) > 0 {
			if err := ev.Thread.SetPC(addr); err != nil {
				return err
			}
			return g.hooked(th, addr, stopping)
		}
		if !stopping {
			if passed, err := g.pass(th, addr); passed || err != nil {
				return err
			}
		}
		g.report(th, trapBreakpoint)
		return ev.Thread.SetPC(addr)
	case ptrace.Nudged:
		if ev.Thread != nil && ev.Thread.Data != nil {
			if err := g.sweep(ev.Thread.Data.(*Thread)); err != nil {
				return err
			}
		}
		if ev.Directed {
			if err := boardOf(ev).Turn(ev.Thread); err != nil {
				return err
			}
			break
		}
		if g.cctx != nil && g.cctx.GetManualStopRequested() && ev.Thread != nil && ev.Thread.Data != nil {
			if g.trapped == nil {
				g.report(ev.Thread.Data.(*Thread), trapManual)
			}
			return nil
		}
		if !stopping && g.observer.Pending() {
			return g.serve()
		}
	case ptrace.Guarded:
		if stopping {
			return nil
		}
		return g.serveGuards()
	case ptrace.Leaving:
		for _, m := range boardOf(ev).Leaving(ev.Thread) {
			g.missed(m)
		}
		if ev.Last {
			g.observer.Leaving(ev.Proc.Data.(*Process))
		}
	case ptrace.Execed:
		return g.exec(ev, stopping)
	case ptrace.ThreadGone:
		for _, m := range boardOf(ev).Gone(ev.Thread) {
			g.missed(m)
		}
		if s := ev.Proc.Data.(*Process).switches; s != nil {
			return s.gone(ev.Thread.TID)
		}
		return nil
	case ptrace.ProcessGone:
		return g.processGone(ev)
	}
	if stopping || ev.Thread == nil {
		return nil
	}
	return g.tracees.Resume(ev.Thread)
}

func boardOf(ev ptrace.Event) *lanes.Board { return ev.Proc.Data.(*Process).board }

// report notes that a thread has something to tell.
func (g *Group) report(th *Thread, t trap) {
	th.trap = t
	if g.trapped == nil || g.trapped.held.Gone() {
		g.trapped = th
	}
}

// hit tells whoever owns them which watchpoints the thread's last instruction
// touched, and reports whether that is a reason to stop.
func (g *Group) hit(th *Thread, info *ptrace.Siginfo) (stop bool, err error) {
	fired, shot, err := th.p.board.Fired(g.fired[:0], th.held, info)
	g.fired = fired
	if err != nil {
		return false, nil // being killed
	}
	for _, m := range shot.Missed {
		g.missed(m)
	}
	switch {
	case shot.Verdict == lanes.Foreign && !th.stepped && th.wasUntold(info):
		return false, nil
	case shot.Verdict != lanes.Ours && shot.Verdict != lanes.Unknown && th.switched(info):
		return th.hit != nil, nil
	case shot.Verdict == lanes.Foreign && !th.stepped && info.Signo != 0,
		shot.Verdict == lanes.Unknown && !th.stepped && th.ranINT1():
		th.held.Deliver(info)
		return false, nil
	case shot.Verdict != lanes.Ours && shot.Verdict != lanes.Unknown:
		return false, nil
	}
	unknown := shot.Verdict == lanes.Unknown
	th.deferred, th.inCall, th.call = shot.Deferred, shot.Call, -1
	others := g.fired[:0]
	for _, e := range g.fired {
		bp, delves := e.Owner.(*proc.Breakpoint)
		switch {
		case !delves:
			others = append(others, e)
		case bp.WatchType == 0 && !th.at(bp.Addr): // one of several candidates
		case !unknown || !th.stepped:
			th.hit = bp
		}
	}
	if len(others) > 0 {
		var bp *proc.Breakpoint
		if unknown {
			bp = g.observer.UnknownHit(th, others, th.stepped)
		} else {
			bp = g.observer.Hit(th, others)
		}
		if bp != nil && th.hit == nil {
			th.hit = bp
		}
	}
	th.switched(info)
	return th.hit != nil, nil
}

// missed tells of hits of which only their number is known. Those of Delve's own
// watchpoints it has no word for.
func (g *Group) missed(m lanes.Missed) {
	if _, delves := m.Entry.Owner.(*proc.Breakpoint); !delves {
		g.observer.Missed(m.Entry, m.N)
	}
}

// serve stops everything for the Observer's requests, without anybody above
// being told, and goes on.
func (g *Group) serve() error {
	if err := g.stopAll(); err != nil {
		return err
	}
	if err := g.takeIn(); err != nil {
		return err
	}
	g.observer.Serve()
	if g.anyValid() == nil {
		return proc.ErrProcessDetached
	}
	if g.trapped != nil {
		return nil // to be reported first
	}
	return g.resumeAll()
}

func (g *Group) processGone(ev ptrace.Event) error {
	p := ev.Proc.Data.(*Process)
	p.end(&p.exited)
	status := ev.Status.Code
	if ev.Status.Signal != 0 {
		status = -int(ev.Status.Signal)
	}
	p.status = ev.Status
	if g.anyValid() == nil {
		g.finish()
		return proc.ErrProcessExited{Pid: p.held.PID, Status: status}
	}
	if g.trapped != nil && g.trapped.p == p {
		g.trapped = nil
	}
	return nil
}

// exec offers a new program image to Delve, which follows it or not.
func (g *Group) exec(ev ptrace.Event, stopping bool) error {
	pid := ev.Proc.PID
	p := newProcess(g, ev.Proc, false)
	th := newThread(p, ev.Thread)
	if ev.Replaced != nil {
		old := ev.Replaced.Data.(*Process)
		old.end(&old.exited)
		if g.trapped != nil && g.trapped.p == old {
			g.trapped = nil
		}
	}
	g.add(p)
	cmdline := commandLine(pid)
	exe := fmt.Sprintf("/proc/%d/exe", pid)
	g.halting.Lock() // the first target is selected, as Halt reads
	target, err := g.addTarget(p, pid, th, exe, proc.StopLaunched, cmdline)
	g.halting.Unlock()
	if err == nil && target != nil {
		g.observer.Followed(p, target)
		if stopping {
			return nil
		}
		return g.tracees.Resume(ev.Thread)
	}
	g.remove(p)
	path, _ := os.Readlink(exe) // it may end as soon as it is let go
	if err1 := g.tracees.Detach(ev.Proc); err1 != nil {
		return err1
	}
	p.end(&p.detached)
	if err != nil {
		var bad *proc.ErrBadBinaryInfo
		if !errors.As(err, &bad) {
			return err
		}
		logflags.DebuggerLogger().Warnf("process %d (%s) cannot be followed: %v", pid, cmdline, err)
	}
	if ev.Replaced != nil {
		g.observer.Execed(ev.Proc, path)
	}
	if g.anyValid() == nil {
		g.finish()
		return proc.ErrProcessExited{Pid: pid}
	}
	return nil
}

// replaceTrapped picks another thread when the one that had something to report
// is gone.
func (g *Group) replaceTrapped() error {
	g.trapped = nil
	_ = g.each(func(th *Thread) error {
		if g.trapped == nil || (g.trapped.trap == trapNone && th.trap != trapNone) {
			g.trapped = th
		}
		return nil
	})
	if g.trapped == nil {
		return fmt.Errorf("every thread of the target has ended: %w", ptrace.ErrThreadGone)
	}
	return nil
}

func commandLine(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	args := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	for i, arg := range args {
		if strings.ContainsRune(arg, ' ') {
			args[i] = fmt.Sprintf("%q", arg)
		}
	}
	return strings.Join(args, " ")
}
