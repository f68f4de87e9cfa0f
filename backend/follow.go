package backend

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// FollowExec says whether programs that the program starts, or is replaced by, are part
// of the session from then on: breakpoints are set in them too, they are stopped and let
// run together with it, and the session ends when the last of them has. If regex is not
// "" only those are followed whose command line, arguments included, matches. Programs
// in other languages are held along, for the sake of those that they start.
//
// At a stop the session's methods are about the process of [Stop.PID]. An [Exit] is that
// of the first process. An [*ExprError] says what is wrong with regex.
func (s *Session) FollowExec(ctx context.Context, on bool, regex string) error {
	if _, err := regexp.Compile(regex); err != nil {
		return &ExprError{Expr: regex, Err: err, Reason: err.Error()}
	}
	return s.do(ctx, func() error {
		if err := s.live(); err != nil {
			return err
		}
		return s.group.Targets.FollowExec(on, regex)
	})
}

// Followed is called by the event loop.
func (o *observer) Followed(p *glue.Process, t *proc.Target) {
	s := (*Session)(o)
	if p.PID() == s.pid {
		s.leader = p
	}
	d, err := newDebuggee(t, p, t.CmdLine, s.anyVersion)
	if err != nil { // of another language, or an unknown Go: there is nothing to be set in it
		_ = (&debuggee{target: t}).removeInternalBreakpoints()
		return
	}
	s.debuggees = append(s.debuggees, d)
	s.use(d)
	for _, b := range s.breaks {
		if b.goroutine != 0 || strings.HasPrefix(b.Location, "*") {
			continue // of one process
		}
		if addrs, err := s.locate(b.Location, b.nearest); err == nil { // else it has no such place
			_ = s.plant(d, b, addrs) // an error: it is being killed
		}
	}
	for _, b := range s.catchers {
		_ = s.plantCatcher(d, b)
	}
}

// use makes a program the one that is looked at.
func (s *Session) use(d *debuggee) { s.debuggee = d }

// useOf makes the program of a process the one that is looked at.
func (s *Session) useOf(p *glue.Process) {
	for _, d := range s.debuggees {
		if d.process == p {
			s.use(d)
		}
	}
}

// choose looks at the program that Delve has selected, or if that is none of ours at
// another, and forgets those that have ended.
func (s *Session) choose() {
	s.debuggees = slices.DeleteFunc(s.debuggees, func(d *debuggee) bool {
		alive, _ := d.target.Valid()
		if !alive {
			s.leave(d)
		}
		return !alive
	})
	for _, d := range s.debuggees {
		if d.target == s.group.Targets.Selected {
			s.use(d)
			return
		}
	}
	if len(s.debuggees) > 0 {
		s.use(s.debuggees[0])
		s.group.Targets.Selected = s.target
	}
}

// leave ends the watchpoints of a program that has ended before others.
func (s *Session) leave(d *debuggee) {
	for _, w := range slices.Clone(s.watches) {
		if w.of == d {
			s.endWatch(w, "its process has ended")
		}
	}
}
