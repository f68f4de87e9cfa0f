package ptrace

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

type threadState uint8

const (
	stateStarting threadState = iota // announced by its parent's clone event; its own first stop is still to come
	stateRunning
	stateStopped
	stateLeaving // a leader that left while other threads live on: it will report nothing until they are gone
	stateGone
)

// Thread is one thread held by a Tracer.
type Thread struct {
	TID  int
	Proc *Process

	// Embryo marks the child of a fork or vfork that has not called exec: it
	// runs a copy of its parent's program, or even in its parent's memory.
	Embryo bool

	// Data is for the layer above.
	Data any

	state     threadState
	runs      atomic.Bool       // state is stateRunning: for NudgeThread
	carries   bool              // was sent the signal of a Nudge, and has not taken it; guarded by Tracees.mu
	shared    bool              // an embryo in its parent's memory (vfork)
	former    map[uint64][]byte // with shared: breakpoints that were there before its parent called exec
	lifted    uint64            // where a breakpoint of Through was that it may have executed
	spared    bool              // StopOthers leaves it running
	leaving   bool              // in its exit stop, or past it
	ends      bool              // with leaving: takes the process with it
	listening bool              // in a job control stop
	rejoin    bool              // was taken out of a job control stop, and goes back there
	midCall   bool              // stopped inside a system call, whose result is not in the registers yet
	atSignal  bool              // stopped by a signal that is for us: another can be delivered in its place
	signal    int               // the thread is about to be given this signal, or 0
	deferred  []signal          // came while the thread was single-stepped
	resent    []signal          // sent again by us; to be given their true origin when they arrive

	regs       Regs
	regsLoaded bool

	single    bool   // see Stepped
	due       bool   // with single: the trap behind the instruction is not reported yet
	from      uint64 // see From
	fromKnown bool
	pushes    bool // it is being stepped over a PUSHF by SetStepping

	slots      [maxSlots]slotState
	slotsKnown bool // slots is what the registers hold
	everArmed  bool
}

// Stopped reports whether the thread is stopped and can be read and changed.
func (th *Thread) Stopped() bool { return th.state == stateStopped }

// Gone reports whether the thread has ended or was let go.
func (th *Thread) Gone() bool { return th.state == stateGone || th.state == stateLeaving }

// Leaving reports whether the thread has begun to end: it executes nothing any more.
func (th *Thread) Leaving() bool { return th.leaving }

// PendingSignal is the signal that the thread is given when it is resumed, or 0.
func (th *Thread) PendingSignal() int {
	if th.signal == 0 && len(th.deferred) > 0 {
		return th.deferred[0].number
	}
	return th.signal
}

// Deliver makes the signal of an event of kind Trapped or Breakpoint the program's own: the
// thread is given it when it is resumed. That is SIGTRAP, or the SIGCHLD or SIGURG of a BPF
// program. It says which, for the thread may have stopped by another since, in a step.
func (th *Thread) Deliver(info *Siginfo) {
	if th.signal != 0 && th.signal != int(info.Signo) {
		s := signal{number: th.signal}
		_ = getSiginfo(th.TID, &s.info) // without, it comes from nobody
		th.deferred = append(th.deferred, s)
	}
	th.signal = int(info.Signo)
}

// Registers returns the general registers of a stopped thread. They are read
// once for every stop; the result is valid until the thread is resumed.
func (th *Thread) Registers() (*Regs, error) {
	if !th.regsLoaded {
		if err := getRegs(th.TID, &th.regs); err != nil {
			return nil, fmt.Errorf("registers of thread %d: %w", th.TID, err)
		}
		th.regsLoaded = true
	}
	return &th.regs, nil
}

// KnownRegisters returns a copy of what Registers has read at this stop, if it has. It may
// be called from any goroutine that keeps the tracer's thread from doing anything.
func (th *Thread) KnownRegisters() (r Regs, ok bool) { return th.regs, th.regsLoaded }

// SetRegisters writes the general registers of a stopped thread.
func (th *Thread) SetRegisters(r *Regs) error {
	if err := setRegs(th.TID, r); err != nil {
		th.regsLoaded = false
		return fmt.Errorf("set registers of thread %d: %w", th.TID, err)
	}
	th.regs, th.regsLoaded = *r, true
	return nil
}

// SetPC moves a stopped thread to pc.
func (th *Thread) SetPC(pc uint64) error {
	r, err := th.Registers()
	if err != nil {
		return err
	}
	changed := *r
	changed.SetPC(pc)
	return th.SetRegisters(&changed)
}

// FPState returns the floating point and vector state of a stopped thread, as
// the kernel lays it out: the XSAVE area on x86-64, struct user_fpsimd_state on
// arm64.
func (th *Thread) FPState() ([]byte, error) {
	buf := make([]byte, 4<<10)
	for {
		n, err := getRegSet(th.TID, fpRegSet, buf)
		if err != nil {
			return nil, fmt.Errorf("floating point registers of thread %d: %w", th.TID, err)
		}
		if n < len(buf) || len(buf) >= maxFPState {
			return buf[:n], nil
		}
		buf = make([]byte, 2*len(buf)) // the kernel cuts what does not fit
	}
}

// FPStateStart reads as much of what FPState returns as there is room for in buf.
func (th *Thread) FPStateStart(buf []byte) (int, error) {
	n, err := getRegSet(th.TID, fpRegSet, buf)
	if err != nil {
		return 0, fmt.Errorf("floating point registers of thread %d: %w", th.TID, err)
	}
	return n, nil
}

// SetFPState writes back what [Thread.FPState] returned.
func (th *Thread) SetFPState(state []byte) error {
	if err := setRegSet(th.TID, fpRegSet, state); err != nil {
		return fmt.Errorf("set floating point registers of thread %d: %w", th.TID, err)
	}
	return nil
}

// endsProcess reports of a thread in its exit stop whether it is the first of
// those that take the process with them: by a signal that kills, by
// exit_group(2), or by being the last.
func (th *Thread) endsProcess() bool {
	status, err := eventMsg(th.TID)
	if err != nil || th.Proc.dying {
		return false
	}
	if !unix.WaitStatus(status).Signaled() {
		if r, err := th.Registers(); err != nil {
			return false
		} else if r.syscallNumber() != unix.SYS_EXIT_GROUP && !th.alone() {
			return false
		}
	}
	th.Proc.dying, th.Proc.silent = true, true
	return true
}

// alone reports whether all other threads of the process have left.
func (th *Thread) alone() bool {
	for _, o := range th.Proc.threads {
		if o != th && !o.Embryo && !o.leaving && !o.Gone() {
			return false
		}
	}
	return true
}

func (th *Thread) setStopped() {
	th.setState(stateStopped)
	th.listening, th.atSignal, th.midCall, th.regsLoaded = false, false, false, false
}

func (th *Thread) setState(s threadState) {
	th.state = s
	th.runs.Store(s == stateRunning)
}

// restart lets the thread run by req. A thread that is being killed is treated
// as running: its end will be reported.
func (th *Thread) restart(req int) error {
	sig := th.signal
	switch {
	case th.listening && req == reqCont:
		req, sig = reqListen, 0
	case sig == 0 && th.atSignal && th.rejoin && req == reqCont:
		// Without effect if SIGCONT has come meanwhile (JOBCTL_STOP_DEQUEUED
		// in kernel/signal.c).
		sig, th.rejoin = int(unix.SIGSTOP), false
	case sig == 0 && th.atSignal && len(th.deferred) > 0:
		var err error
		if sig, err = th.takeDeferred(); err != nil && !gone(err) {
			return err
		}
	}
	if err := th.resendDeferred(); err != nil {
		return err
	}
	if th.leaving && th.Proc.warden != nil && !th.Embryo {
		th.Proc.warden.Leaving(th)
	}
	req = th.aim(req, sig)
	if err := ptraceCall(req, th.TID, 0, uintptr(sig)); err != nil && !gone(err) {
		return fmt.Errorf("resume thread %d: %w", th.TID, err)
	}
	th.setState(stateRunning)
	th.signal, th.regsLoaded = 0, false
	if th.leaving && th.TID == th.Proc.PID && !th.Embryo {
		th.setState(stateLeaving)
		th.Proc.sorted = nil
	}
	return nil
}
