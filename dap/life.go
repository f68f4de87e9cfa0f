package dap

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// life is what a session knows of a program that is coming to be.
type life struct {
	starting   *request       // the launch, attach or restart under way
	rebuilding bool           // for a restart: the program before goes on meanwhile
	waiting    []*request     // for the program that is being started
	working    sync.WaitGroup // work that has to end before the session can
}

// startUp has a program started, on a goroutine of its own, and then done called in the
// loop. Meanwhile requests about a program wait. If the client goes, so does the program.
func (s *session) startUp(r *request, start func(ctx context.Context) (*target, error), done func(*request, *target, error)) {
	before := s.state
	s.state, s.starting = stateStarting, r
	s.work(func() (back, undo func()) {
		t, err := s.guarded(r.ctx, start)
		return func() {
				s.state, s.starting = before, nil
				done(r, t, err)
				s.resume()
			}, func() {
				if t != nil {
					_ = t.release(t.launched)
					t.tidy()
				}
			}
	})
}

// guarded turns a fault of ours into an error: the client is told, and can go on.
func (s *session) guarded(ctx context.Context, start func(ctx context.Context) (*target, error)) (t *target, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("fault while starting a program", "panic", p, "stack", string(debug.Stack()))
			bug(p)
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return start(ctx)
}

// work does something that takes time on a goroutine of its own. The loop then calls
// back; if there is no loop any more, undo is called instead. finish waits for that.
func (s *session) work(fn func() (back, undo func())) {
	s.working.Add(1)
	go func() {
		defer s.working.Done()
		back, undo := fn()
		select {
		case s.posts <- back:
		case <-s.ctx.Done():
			undo()
		}
	}()
}

// mustWait puts a request off that is about a program which is just being started:
// editors send breakpoints as soon as they have sent the launch.
func (s *session) mustWait(r *request) bool {
	e, known := handlers[r.command]
	if s.state != stateStarting || !known || e.in&stateStarting != 0 || e.in&hasTarget == 0 {
		return false
	}
	s.waiting = append(s.waiting, r)
	return true
}

// resume handles the requests that have waited.
func (s *session) resume() {
	waited := s.waiting
	s.waiting = nil
	for _, r := range waited {
		if s.closed {
			s.answer(r, nil, errCancelled)
			continue
		}
		s.handle(r)
	}
}

// busy reports whether there is a program, or soon will be.
func (s *session) busy() bool { return s.target != nil || s.state == stateStarting }
