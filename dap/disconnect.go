package dap

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// onDisconnect ends the conversation. What was launched ends with it; what was attached
// to does so if the client wants it.
func onDisconnect(s *session, r *request, args *dap.DisconnectArguments) (any, error) {
	s.closed = true
	if s.starting != nil && s.starting.seq != 0 { // else it is a restart's, which has been answered
		s.answer(s.starting, nil, errCancelled)
	}
	for _, waiting := range s.waiting {
		s.answer(waiting, nil, errCancelled)
	}
	var err error
	if t := s.target; t != nil {
		kill := t.launched || args.TerminateDebuggee
		s.announce(t, kill)
		if err = t.release(kill); err != nil {
			err = failSilently(idDisconnect, "Error while disconnecting", err)
		}
		if t.streams != nil {
			t.streams.drain()
		}
		s.lines.finish()
	}
	s.answer(r, nil, err)
	s.wire.event("terminated", nil)
	return nil, errLater
}

// announce tells the user what becomes of the program.
func (s *session) announce(t *target, kill bool) {
	if t.plain != nil {
		if s.state != stateOver {
			s.output("console", fmt.Sprintf("Terminating process %d\n", t.pid()))
		}
		return
	}
	switch ev := t.Session.Ended().(type) {
	case nil:
		if kill {
			s.output("console", "Detaching and terminating target process\n")
		} else {
			s.output("console", "Detaching without terminating target process\n")
		}
	case *backend.Exit:
		s.output("console", exited(t.pid(), ev.Status))
		s.output("console", "Detaching\n")
	default:
		s.output("console", "Detaching\n")
	}
}

// onTerminate asks the program to end itself, as a shell's kill does. One that is stopped
// goes on to do so. If it has a mind of its own, disconnect is the next thing.
func onTerminate(s *session, r *request, _ *dap.TerminateArguments) (any, error) {
	t := s.target
	switch {
	case t == nil || s.state == stateOver:
	case t.core:
		s.tellTerminated(t)
	case t.plain != nil:
		t.plain.signal(unix.SIGTERM)
	default:
		if err := unix.Kill(t.pid(), unix.SIGTERM); err != nil {
			return nil, failSilently(idDisconnect, "Unable to terminate", err)
		}
		if s.state == stateStopped {
			s.run(t.Session.Continue)
		}
	}
	return nil, nil
}
