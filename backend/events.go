package backend

import (
	"context"
	"fmt"
	"sync"

	"github.com/argusdbg/argus/ptrace"
)

// Event is what ends a run of the program: one of [*Stop], [*Exit], [*Exec] and
// [*Detached].
type Event interface {
	fmt.Stringer
	event()
}

// Reason says why the program stopped.
type Reason string

// Reasons.
const (
	ReasonWatchpoint     Reason = "watchpoint"
	ReasonBreakpoint     Reason = "breakpoint"
	ReasonHalted         Reason = "halted"        // by Halt or the end of a context
	ReasonStep           Reason = "step finished" // Next, StepIn, StepOut, StepInstruction
	ReasonPanic          Reason = "unrecovered panic"
	ReasonFatal          Reason = "fatal error of the runtime"
	ReasonCallReturned   Reason = "call returned"
	ReasonHardcoded      Reason = "breakpoint in the program's own code" // runtime.Breakpoint
	ReasonScopeEnd       Reason = "scope ended"                          // of a watched local variable
	ReasonFreed          Reason = "object freed"                         // a watched one, by the garbage collector
	ReasonGoroutineEnded Reason = "goroutine ended"                      // that a watchpoint was for: see OnGoroutine
	ReasonLost           Reason = "watchpoint lost"                      // see EndLost
	ReasonLibraryLoaded  Reason = "shared library loaded"
	ReasonConditionError Reason = "condition could not be evaluated"
)

// Stop: the program is stopped, all threads of it.
type Stop struct {
	Reason     Reason
	PID        int         // the process that it is about, of several with FollowExec
	Thread     int         // the thread that it is about
	Goroutine  Goroutine   // the goroutine on that thread
	Place      Place       // where that is
	Hits       []*Hit      // watchpoints that fired and stop the program, oldest first
	Breakpoint *Breakpoint // the breakpoint that was reached, if it is one of Break's
	// Breakpoints are all that were reached: several can be at one place, and threads
	// at different ones. The first is Breakpoint.
	Breakpoints []*Breakpoint
	Ended       []*Watchpoint // those that ended by themselves: see Watchpoint.End
	Err         error         // of a condition
}

// Exit: the process has ended.
type Exit struct {
	Status int // exit code, 0 to 255; 128 plus the signal's number if a signal ended it
	Signal string
	// Unknown: the leading thread had left before Attach, and the kernel told the
	// status to the process's parent only.
	Unknown bool
}

// Exec: the process has replaced its program by another, which is not debugged.
type Exec struct {
	PID  int
	Path string // of the new program; "" if it had ended before it could be asked

	reaped <-chan ptrace.ExitStatus // nil: not our child
	once   sync.Once
	over   chan struct{} // closed when exit is known
	exit   *Exit
}

// Wait waits until the new program ends, if the Session had launched the process. It
// returns nil at once if not, or when ctx ends. It may be called as often as one likes,
// from any goroutine.
func (e *Exec) Wait(ctx context.Context) *Exit {
	if e.reaped == nil {
		return nil
	}
	e.once.Do(func() {
		e.over = make(chan struct{})
		go func() {
			e.exit = exitOf(<-e.reaped)
			close(e.over)
		}()
	})
	select {
	case <-e.over: // even if ctx has ended too
		return e.exit
	default:
	}
	select {
	case <-e.over:
		return e.exit
	case <-ctx.Done():
		return nil
	}
}

// Detached: the program runs on without Argus.
type Detached struct{ PID int }

func (*Stop) event()     {}
func (*Exit) event()     {}
func (*Exec) event()     {}
func (*Detached) event() {}

func (s *Stop) String() string {
	if len(s.Hits) > 0 {
		return s.Hits[0].String()
	}
	return fmt.Sprintf("%s: %s", s.Reason, s.Place)
}

func (e *Exit) String() string {
	switch {
	case e.Unknown:
		return "ended, status unknown"
	case e.Signal != "":
		return "killed by " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Status)
}

func (e *Exec) String() string { return "replaced itself by " + e.Path }

func (e *Detached) String() string { return fmt.Sprintf("detached from process %d", e.PID) }

func exitOf(st ptrace.ExitStatus) *Exit {
	e := &Exit{Status: st.Code, Unknown: st.Unknown}
	if st.Signal != 0 {
		e.Status, e.Signal = 128+int(st.Signal), signalName(st.Signal)
	}
	return e
}
