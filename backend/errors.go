package backend

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/value"
	"github.com/argusdbg/argus/ptrace"
)

// ErrRunning is returned by what needs the program stopped for longer than a moment.
var ErrRunning = errors.New("the program is running: halt it first")

// ErrEnded is returned, wrapped with the reason, once a session has no program any
// more.
var ErrEnded = errors.New("the session has ended")

// ErrNoPlace is wrapped by the [*ExprError] of a location that the program does not have.
var ErrNoPlace = errors.New("there is no such place in the program")

// ErrNotLocal is wrapped by the [*ExprError] of [Session.WatchLocal] for an expression with no
// local variable of the function in it.
var ErrNotLocal = errors.New("there is no such local variable")

// Errors that a caller may want to tell apart, with errors.As.
type (
	// SlotsError: more is to be watched than there are debug registers. It names who
	// holds them.
	SlotsError = lanes.SlotsError
	// ForeignError: another user of the processor holds debug registers that are
	// needed.
	ForeignError = lanes.ForeignError
	// GuardError: an exact watchpoint finds no debug registers, and its pages cannot be
	// guarded. A SlotsError or ForeignError and the reason are in it.
	GuardError = lanes.GuardError
	// ThreadError: a watchpoint for a thread that is not there.
	ThreadError = lanes.ThreadError
	// DriverError: the driver that was asked for cannot be had, and why.
	DriverError = lanes.DriverError
	// NotWatchableError: a variable whose type cannot be watched as a whole.
	NotWatchableError = value.NotWatchable
	// AttachError: a process that cannot be debugged, and why.
	AttachError = ptrace.AttachError
	// LaunchError: a program that cannot be started, and why.
	LaunchError = ptrace.LaunchError
)

// ErrNoDebugRegisters: this machine gives no access to them.
var ErrNoDebugRegisters = ptrace.ErrNoDebugRegisters

// TargetError says that a program cannot be debugged because of what it is.
type TargetError struct {
	Path   string
	Reason string // what is wrong, and what can be done
	Err    error  // the cause, if there is one beyond the reason
}

func (e *TargetError) Error() string { return e.Path + ": " + e.Reason }

// Unwrap returns the cause.
func (e *TargetError) Unwrap() error { return e.Err }

// ExprError says that an expression cannot be evaluated, watched or used as a
// condition.
type ExprError struct {
	Expr    string
	Reason  string
	Similar []string // names that were perhaps meant
	Err     error    // the cause, if there is one beyond the reason
}

func (e *ExprError) Error() string {
	if len(e.Similar) > 0 {
		return fmt.Sprintf("%s; did you mean %s?", e.Reason, e.Similar[0])
	}
	return e.Reason
}

// Unwrap returns the cause.
func (e *ExprError) Unwrap() error { return e.Err }
