package dap

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// over tells the client that the program has ended, or is debugged no longer. It is
// called in the loop.
func (s *session) over(ev backend.Event) {
	s.state = stateOver
	t := s.target
	if t == nil {
		return
	}
	switch ev := ev.(type) {
	case *backend.Exit:
		if t.streams != nil {
			t.streams.drain()
		}
		s.tellExit(t, ev.Status)
	case *backend.Exec:
		s.replaced(t, ev)
	default:
		s.tellTerminated(t)
	}
}

// tellExit tells the client, once, how the program has ended.
func (s *session) tellExit(t *target, status int) {
	if !t.told {
		s.wire.event("exited", dap.ExitedEventBody{ExitCode: status})
	}
	s.tellTerminated(t)
}

// tellTerminated tells the client, once, that there is nothing to debug any more.
func (s *session) tellTerminated(t *target) {
	if !t.told {
		t.told = true
		s.lines.finish()
		s.wire.event("terminated", nil)
	}
}

// replaced is for a program that has become another, which is not debugged. If it is our
// child its end is waited for.
func (s *session) replaced(t *target, ev *backend.Exec) {
	s.output("important", fmt.Sprintf("The program has replaced itself by %s, which is not debugged\n", ev.Path))
	if !t.launched {
		s.tellTerminated(t)
		return
	}
	go func() {
		exit := ev.Wait(s.ctx)
		s.post(func() {
			if exit == nil {
				s.tellTerminated(t)
				return
			}
			s.over(exit)
		})
	}()
}

// finish ends what is left when the conversation is over: a program that was launched
// ends, one that was attached to goes on.
func (s *session) finish() {
	s.gone(errGone)
	s.working.Wait()
	if t := s.target; t != nil {
		if err := t.release(t.launched); err != nil && !errors.Is(err, backend.ErrEnded) {
			s.log.Error("the program could not be released", "error", err)
		}
		t.tidy()
	}
	s.lines.close()
	if given := s.cfg.Session; given != nil && given.Ended() == nil { // nobody has asked for it
		if err := given.Close(); err != nil {
			s.log.Error("the program could not be released", "error", err)
		}
	}
}
