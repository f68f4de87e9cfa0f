package perf

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

var (
	// ErrNoSlot: the thread, or the processor, has no slot left (ENOSPC). Slots
	// that ptrace has touched stay taken until their thread ends (FACTS A3).
	ErrNoSlot = errors.New("no debug register is free: another debugger, perf, or a processor-wide event holds the rest; end it, or watch less at once")
	// ErrGone: there is no such thread any more (ESRCH).
	ErrGone = errors.New("the thread has ended")
	// ErrTooManyFiles: an event is a file descriptor, and there are no more
	// (EMFILE, ENFILE).
	ErrTooManyFiles = errors.New("too many open files: one is needed for each slot of each thread; raise the limit (ulimit -n), or watch fewer threads")
)

// LevelUnknown is the Level of a [PermissionError] if the setting cannot be read.
const LevelUnknown = -100

// PermissionError says that the kernel does not permit an event (EACCES, EPERM).
type PermissionError struct {
	Level  int  // kernel.perf_event_paranoid, -1 to 4, or LevelUnknown
	Needed int  // the level at which it would be permitted, without CAP_PERFMON
	Kernel bool // accesses by the kernel were asked for
	Err    error
}

func (e *PermissionError) Error() string {
	switch {
	case e.Level > e.Needed:
		what := "breakpoint events"
		if e.Kernel {
			what = "events that see accesses by system calls"
		}
		if e.Needed <= 0 {
			what = "events for a whole processor"
		}
		return fmt.Sprintf("%v: kernel.perf_event_paranoid is %d, and %s need %d: run as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=%d",
			e.Err, e.Level, what, e.Needed, e.Needed)
	case errors.Is(e.Err, unix.EACCES):
		return fmt.Sprintf("%v: the thread may not be traced by this user: run as its owner, or as root", e.Err)
	}
	return fmt.Sprintf("%v: a seccomp filter or a security module forbids perf_event_open: in a container, add CAP_PERFMON or another seccomp profile", e.Err)
}

// Unwrap returns the system's error.
func (e *PermissionError) Unwrap() error { return e.Err }

// UnsupportedError says that this kernel or machine lacks something.
type UnsupportedError struct {
	Feature string // what was asked for
	Since   string // the version of Linux that brought it, or ""
	Err     error
}

func (e *UnsupportedError) Error() string {
	if e.Since == "" {
		return fmt.Sprintf("%v: this machine has no %s", e.Err, e.Feature)
	}
	return fmt.Sprintf("%v: this kernel has no %s; Linux %s and later do", e.Err, e.Feature, e.Since)
}

// Unwrap returns the system's error.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// AddressError says that a point is not in the memory of programs.
type AddressError struct{ Addr uint64 }

func (e *AddressError) Error() string {
	return fmt.Sprintf("%#x is not an address that a program can have; check the expression", e.Addr)
}
