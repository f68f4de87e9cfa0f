package ptrace

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// si_code values of SIGTRAP and of sent signals
// (include/uapi/asm-generic/siginfo.h).
const (
	siKernel = 0x80
	siQueue  = -1
	siTkill  = -6

	// A stop that no signal made has its wait status for a code: that of a step
	// into a signal handler is SIGTRAP (ptrace_do_notify in kernel/signal.c).
	siNotify = int32(unix.SIGTRAP)
)

// TrapUnknown is the si_code of a debug exception of which the processor's status
// register says nothing (TRAP_BRKPT: get_si_code in arch/x86/kernel/traps.c). A step
// over a system call instruction ends so, and the INT1 instruction does; and under
// some hypervisors a watchpoint hit does now and then, its cause lost on the way
// (seen about once in 10,000 hits under load).
const TrapUnknown = 1

// Kind says what an [Event] is.
type Kind uint8

// Kinds of events.
const (
	// Trapped: a debug exception: a data watchpoint or an execution breakpoint
	// fired, or a step ended. [Thread.Fired] tells which. With [Tracees.Safe] or
	// [Tracees.Programs] also
	// the signal that a BPF program sent ([Siginfo.FromProgram]): the program's records
	// tell what it was; if none does, [Thread.Deliver] gives it to the thread.
	Trapped Kind = iota + 1
	// Breakpoint: the thread executed an int3 (brk on arm64). On x86 its PC is
	// behind the instruction.
	Breakpoint
	// Born: a new thread, stopped before its first instruction.
	Born
	// Execed: the process replaced its program. Proc is a new Process (its memory
	// is closed if we have no permission to read that program);
	// Replaced is the former, or nil if a child did it that had been forked
	// (see Tracees.FollowExec).
	Execed
	// Leaving: the thread is about to end. If it is the one that ends the process
	// (Last) it is the last occasion to read the memory. Threads that do not are
	// not held up while others are being stopped, and do not report it then;
	// neither does a thread that is killed, as a rule.
	Leaving
	// ThreadGone: the thread has ended.
	ThreadGone
	// ProcessGone: the process has ended with Status.
	ProcessGone
	// Nudged: somebody called Nudge, or NudgeThread (Directed). If everything is in a
	// job control stop the thread is not stopped for us, and Resume leaves it alone.
	Nudged
	// Guarded: threads of Proc wait for its [Warden]. Thread is one that was made to stop to
	// say so, or nil.
	Guarded
)

var kindNames = [...]string{Trapped: "trapped", Breakpoint: "breakpoint", Born: "born", Execed: "execed",
	Leaving: "leaving", ThreadGone: "thread gone", ProcessGone: "process gone", Nudged: "nudged", Guarded: "guarded"}

func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Event is something that a decision hangs on. Its thread is stopped, except
// after ThreadGone, ProcessGone and Guarded (Thread can be nil there).
type Event struct {
	Kind     Kind
	Thread   *Thread
	Proc     *Process
	Replaced *Process
	Info     Siginfo // of Trapped and Breakpoint
	Status   ExitStatus
	Last     bool // of Leaving: the whole process ends
	Directed bool // of Nudged: NudgeThread asked for this very thread
}

// ExitStatus says how a process ended.
type ExitStatus struct {
	Code   int         // exit code, if Signal is 0
	Signal unix.Signal // the signal that ended it, or 0
	// Unknown: the leading thread had left before the attach, and the kernel
	// reports the status to the process's parent only.
	Unknown bool
}

func (s ExitStatus) String() string {
	switch {
	case s.Unknown:
		return "status unknown"
	case s.Signal != 0:
		return "killed by " + unix.SignalName(s.Signal)
	default:
		return fmt.Sprintf("exit status %d", s.Code)
	}
}

func exitStatus(ws unix.WaitStatus) ExitStatus {
	if ws.Signaled() {
		return ExitStatus{Signal: ws.Signal()}
	}
	return ExitStatus{Code: ws.ExitStatus()}
}
