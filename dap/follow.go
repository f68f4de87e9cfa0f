package dap

import (
	"context"
	"fmt"
	"sync"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// followed are the programs that a session has begun to follow, and of which the client is
// still to be told: the backend's thread puts them there, the loop takes them out.
type followed struct {
	mu   sync.Mutex
	list []*newcomer // guarded by mu
}

// newcomer is a program that a target has started, or become.
type newcomer struct {
	of *backend.Session
	*backend.Followed
}

// follow has the programs followed that the program starts, if that is wanted.
func (s *session) follow(ctx context.Context, t *target) {
	if t.Session == nil || t.core {
		return
	}
	of := t.Session
	err := of.OnFollow(ctx, func(f *backend.Followed) { s.noticed(&newcomer{of, f}) })
	if err == nil && t.FollowExecs {
		err = of.FollowExec(ctx, true, t.FollowExecRegex)
	}
	if err != nil {
		s.output("important", fmt.Sprintf("Failed to enable follow exec: %v\n", err))
	}
}

// noticed is called on the backend's thread. That must not wait for the loop, which may be
// waiting for it.
func (s *session) noticed(n *newcomer) {
	f := &s.followed
	f.mu.Lock()
	f.list = append(f.list, n)
	f.mu.Unlock()
	go s.post(s.tellFollowed)
}

// tellFollowed tells the client of programs that are followed, and of the breakpoints that
// have waited for them.
func (s *session) tellFollowed() {
	f := &s.followed
	f.mu.Lock()
	list := f.list
	f.list = nil
	f.mu.Unlock()
	for _, n := range list {
		if s.target == nil || s.target.Session != n.of {
			continue // of before a restart
		}
		for _, found := range n.Found {
			if p, _ := s.stops.pointOf(found.Breakpoint); p != nil {
				p.places = found.Places
				s.breakpointEvent("changed", s.shownPoint(p))
			}
		}
		s.wire.event("process", dap.ProcessEventBody{Name: n.CommandLine, SystemProcessId: n.PID, IsLocalProcess: true, PointerSize: 64})
		s.refreshData(false)
	}
}

// setFollowExec changes what is followed. Breakpoints that have no place can wait for one
// from then on.
func (s *session) setFollowExec(r *request, on bool, regex string) error {
	if err := s.target.FollowExec(r.ctx, on, regex); err != nil {
		return err
	}
	s.target.FollowExecs, s.target.FollowExecRegex = on, regex
	if on {
		s.setMissing(r.ctx)
	}
	return nil
}
