package dap

import (
	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// entryThread is the thread that a program is said to be stopped in on entry: the main
// goroutine, which there will be; or that of a core file which has most to tell.
func (s *session) entryThread() int {
	if s.target.core {
		if list, _, err := s.target.GoroutinePage(s.ctx, backend.GoroutineQuery{Count: 1}); err == nil && len(list) > 0 {
			return int(list[0].ID)
		}
	}
	return 1
}

// onConfigurationDone lets the program run, unless the user wants to see it as it is.
func onConfigurationDone(s *session, r *request) (any, error) {
	entry := s.target.StopOnEntry || s.target.core
	if s.state == stateStopped && entry {
		s.wire.event("stopped", dap.StoppedEventBody{Reason: "entry", ThreadId: s.entryThread(), AllThreadsStopped: true})
	}
	s.output("console", "Type 'argus help' for list of commands.\n")
	if s.state == stateStopped && !entry {
		s.run(s.target.Session.Continue)
	}
	return nil, nil
}
