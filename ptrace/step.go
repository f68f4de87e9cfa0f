package ptrace

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const sigTrap = unix.SIGTRAP

// ErrThreadGone is returned when a thread ended before it could do what was
// asked of it.
var ErrThreadGone = errors.New("the thread has ended")

// StepOver makes a stopped thread execute one instruction. A breakpoint at its
// PC is taken out for that time: the caller has stopped all other threads, so
// that none runs past the place meanwhile.
//
// The event is Trapped after the instruction, or Breakpoint if the
// instruction was itself an int3. Signals that come meanwhile are kept until
// the thread is resumed, but for those which the instruction caused.
func (g *Tracees) StepOver(th *Thread) (Event, error) {
	r, err := th.Registers()
	if err != nil {
		return Event{}, g.goneOr(th, err)
	}
	pc := r.PC()
	if original, ok := th.Proc.breakpoints[pc]; ok {
		p := th.Proc
		if _, err := p.Memory.WriteMemory(pc, original); err != nil {
			return Event{}, g.goneOr(th, err)
		}
		defer func() {
			if !p.ended {
				// Fails only if the process is being killed or has exec'ed.
				_, _ = p.Memory.WriteMemory(pc, breakpointInstruction)
			}
		}()
	}
	return g.step(th)
}

// goneOr says what an error means: of a thread that is being killed nothing works
// any more, each in its own way.
func (g *Tracees) goneOr(th *Thread, err error) error {
	if gone(err) || th.Gone() {
		return ErrThreadGone
	}
	if _, err := eventMsg(th.TID); gone(err) {
		return ErrThreadGone
	}
	return err
}

func (g *Tracees) step(th *Thread) (ev Event, err error) {
	was := g.stopping
	g.stopping = true
	defer func() { g.stopping = was }()
	if w := th.Proc.warden; w != nil && !th.Embryo && !g.alone {
		w.Stepping(th)
		defer w.Stepped(th)
	}
	deferred := th.deferred
	th.deferred = nil
	defer func() {
		th.deferred = append(deferred, th.deferred...)
		if g.Safe { // better in the kernel's hands than in ours
			if e := th.resendDeferred(); err == nil {
				err = e
			}
		}
	}()
	if th.signal != 0 { // else the step would enter its handler
		s := signal{number: th.signal}
		if getSiginfo(th.TID, &s.info) == nil {
			deferred = append(deferred, s)
		}
		th.signal = 0
	}
	ahead := th.flagsAhead()
	if ahead == popFlags {
		if pc, popped := th.pop(); popped {
			th.single, th.due, th.from, th.fromKnown = true, false, pc, true
			return Event{Kind: Trapped, Thread: th, Proc: th.Proc, Info: Siginfo{Signo: int32(sigTrap), Code: TrapUnknown}}, nil
		}
	}
	for {
		th.rejoin = th.rejoin || th.listening
		if err := th.restart(reqSingleStep); err != nil {
			return Event{}, err
		}
		ev, done, err := g.awaitStep(th)
		if done && err == nil && ahead == pushFlags {
			err = th.unpushTrapFlag()
		}
		if done || err != nil {
			return ev, err
		}
		if g.fault(th.signal, &ev.Info) {
			return ev, errFaulted
		}
		if s := th.signal; s != 0 && !isFault(unix.Signal(s), &ev.Info) {
			deferred = append(deferred, signal{number: s, info: ev.Info})
			th.signal = 0
		}
	}
}

// isFault reports whether the instruction itself caused the signal.
func isFault(s unix.Signal, info *Siginfo) bool {
	switch s {
	case unix.SIGSEGV, unix.SIGBUS, unix.SIGFPE, unix.SIGILL:
		return info.Code > 0
	}
	return false
}

// awaitStep waits until th stops. done is false if it has to be stepped again.
func (g *Tracees) awaitStep(th *Thread) (ev Event, done bool, err error) {
	for th.state == stateRunning {
		pid := -1
		if th.Embryo || g.alone {
			pid = th.TID // the others run on, and what they meet is not for now
		}
		tid, ws, err := g.next(pid)
		if err != nil {
			return ev, false, fmt.Errorf("wait for a step of thread %d: %w", th.TID, err)
		}
		if tid == 0 {
			continue
		}
		if tid != th.TID || !ws.Stopped() || uint32(ws)>>16 != 0 {
			if err := g.digest(tid, ws); err != nil {
				return ev, false, err
			}
			continue
		}
		th.setStopped()
		if err := getSiginfo(tid, &ev.Info); err != nil {
			return ev, false, g.goneOr(th, err)
		}
		resent := th.restoreOrigin(&ev.Info)
		ev.Thread, ev.Proc = th, th.Proc
		switch sig := ws.StopSignal(); {
		case sig == unix.SIGTRAP && ev.Info.Code > 0:
			th.atSignal, th.due = ev.Info.Code != siNotify, false
			ev.Kind = Trapped
			if ev.Info.Code == siKernel {
				ev.Kind = Breakpoint
			}
			return ev, true, nil
		case isNudge(&ev.Info):
			g.push(g.nudged(th, &ev.Info))
		case g.programs() && !resent && ev.Info.FromProgram():
			ev := Event{Thread: th, Info: ev.Info}
			g.hit(th, &ev)
			g.push(ev)
		default:
			th.signal = int(sig)
		}
		return ev, false, nil
	}
	if th.state == stateStopped && !th.leaving {
		return ev, false, nil // a clone, a job control stop: go on
	}
	return ev, false, ErrThreadGone
}
