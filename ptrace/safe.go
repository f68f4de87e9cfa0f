package ptrace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// si_code values of SIGCHLD, which waitid(2) uses too (include/uapi/asm-generic/siginfo.h).
const (
	cldExited  = 1
	cldTrapped = 4
)

// waitStatus makes what wait4(2) returns of what waitid(2) does.
func (si *Siginfo) waitStatus() unix.WaitStatus {
	status := uint32(si.fields[1])
	switch si.Code {
	case cldExited:
		return unix.WaitStatus(status << 8)
	case cldTrapped:
		return unix.WaitStatus(status<<8 | 0x7f)
	}
	return unix.WaitStatus(status)
}

// FromProgram reports whether a BPF program sent this signal to the thread it ran in:
// SIGCHLD or SIGURG from the kernel itself, which sends these for other reasons with
// other codes (bpf_send_signal_thread in kernel/trace/bpf_trace.c, FACTS K3).
func (si *Siginfo) FromProgram() bool {
	switch unix.Signal(si.Signo) {
	case unix.SIGCHLD, unix.SIGURG:
		return si.Code == siKernel && si.Pid() == 0
	}
	return false
}

// maskOf is a signal's bit in a set of signals.
func maskOf(sig unix.Signal) uint64 { return 1 << (sig - 1) }

// wait collects one wait status, as the function of that name does. With Safe a stop by
// a signal that may be the program's own is not collected, but noted in peeked:
// collecting clears the signal, and the thread would go without it if we died
// (wait_task_stopped in kernel/exit.c). The kernel reports such a stop again and again,
// in front of others: the thread is resumed, or the stop settled, before the next wait.
// A SIGTRAP that meets no tracer kills: it is collected, and cleared, at once.
func (g *Tracees) wait(pid, flags int) (tid int, ws unix.WaitStatus, err error) {
	g.peeked = 0
	if !g.Safe {
		return wait(pid, flags)
	}
	for {
		tid, ws, err = peekWait(pid, flags)
		if err != nil || tid == 0 {
			return tid, ws, err
		}
		if ws.Stopped() && uint32(ws)>>16 == 0 && ws.StopSignal() != unix.SIGTRAP {
			g.peeked = tid
			return tid, ws, nil
		}
		// A thread that is killed leaves its stop: there can be nothing to collect.
		if tid, ws, err = wait(tid, unix.WNOHANG); tid > 0 || (err != nil && err != unix.ECHILD) {
			return tid, ws, err
		}
	}
}

// settle collects the stop of a thread that is to be held in it: its signal is ours.
func (g *Tracees) settle(tid int, ws unix.WaitStatus) error {
	if th := g.threads[tid]; th == nil || th.state != stateStopped {
		return nil
	}
	now, status, err := wait(tid, unix.WNOHANG)
	if err != nil || now == 0 || status == ws {
		return nil // killed, and to be reported by the next wait; or done
	}
	return g.digest(now, status)
}

// forward gives a thread a signal that came while everything is being stopped: the
// thread stops again, without a signal in hand, before the first instruction of the
// handler. Every stop takes back a request for one (ptrace_stop in kernel/signal.c).
func (g *Tracees) forward(th *Thread) error {
	if err := ptraceCall(reqInterrupt, th.TID, 0, 0); err != nil && !gone(err) {
		return fmt.Errorf("stop thread %d: %w", th.TID, err)
	}
	return th.restart(reqCont)
}

// programs reports whether BPF programs send threads signals.
func (g *Tracees) programs() bool { return g.Safe || g.Programs }

// hit is the event for a signal that a BPF program sent.
func (g *Tracees) hit(th *Thread, ev *Event) {
	ev.Kind = Trapped
	th.keepUrgent(&ev.Info)
}

// keepUrgent has the thread given the SIGURG that it stopped by: one that the program
// sent itself meanwhile was merged with it, and the Go runtime waits for those
// (FACTS K2).
func (th *Thread) keepUrgent(info *Siginfo) {
	if info.Signo == int32(unix.SIGURG) {
		th.signal = int(unix.SIGURG)
	}
}

// deliverable finds a signal that a stopped thread takes as soon as it is resumed, in
// its own queue or in the one its process shares.
func (g *Tracees) deliverable(th *Thread, shared bool, match func(si *Siginfo) bool) (bool, error) {
	var blocked uint64
	if g.programs() { // else it is SIGTRAP or SIGSTOP, which the kernel forces
		var err error
		if blocked, err = blockedSignals(th.TID); err != nil {
			return false, err
		}
	}
	return peekSiginfo(th.TID, shared, func(si *Siginfo) bool {
		sig := unix.Signal(si.Signo)
		return match(si) && (sig == unix.SIGTRAP || blocked&maskOf(sig) == 0)
	})
}
