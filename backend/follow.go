package backend

import (
	"context"
	"maps"
	"regexp"
	"slices"

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

// Followed is a program that is part of the session from now on: see [Session.FollowExec].
type Followed struct {
	PID         int
	CommandLine string
	Found       []Found // breakpoints that have waited for it
}

// Found is where a breakpoint is that was [Pending] until now.
type Found struct {
	Breakpoint *Breakpoint
	Places     []Place // in order of addresses
}

// OnFollow has fn called for every Go program that the session begins to follow, before the
// first instruction of that runs. It is called on the session's own thread, and must not
// call methods of the Session, which would wait for themselves. nil ends it.
func (s *Session) OnFollow(ctx context.Context, fn func(*Followed)) error {
	return s.do(ctx, func() error {
		s.onFollow = fn
		return nil
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
	told := &Followed{PID: p.PID(), CommandLine: t.CmdLine}
	for _, id := range slices.Sorted(maps.Keys(s.breaks)) {
		b := s.breaks[id]
		if b.ofOneProcess() {
			continue
		}
		places, err := s.plantIn(d, b)
		if err == nil && b.waits { // an error: it has no such place, or is being killed
			b.waits = false
			told.Found = append(told.Found, Found{b, places})
		}
	}
	for _, b := range s.catchers {
		_ = s.plantCatcher(d, b)
	}
	if s.onFollow != nil {
		s.onFollow(told)
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
	s.mu.Lock()
	s.endTraces(d)
	s.mu.Unlock()
	for _, w := range slices.Clone(s.watches) {
		if w.of == d {
			s.endWatch(w, "its process has ended")
		}
	}
}
