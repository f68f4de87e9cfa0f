package backend

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/ptrace"
)

// Continue lets the program run until it stops or ends. If ctx ends first the program
// is halted: the event is then a [*Stop] and the error the context's.
func (s *Session) Continue(ctx context.Context) (Event, error) {
	return s.run(ctx, s.group.Targets.Continue)
}

// Next runs to the next line of the selected goroutine, over calls.
func (s *Session) Next(ctx context.Context) (Event, error) {
	return s.run(ctx, s.group.Targets.Next)
}

// StepIn runs to the next line of the selected goroutine, into calls.
func (s *Session) StepIn(ctx context.Context) (Event, error) {
	return s.run(ctx, s.group.Targets.Step)
}

// StepOut runs until the selected goroutine's function has returned.
func (s *Session) StepOut(ctx context.Context) (Event, error) {
	return s.run(ctx, s.group.Targets.StepOut)
}

// StepInstruction executes one instruction of the selected goroutine; over is whether
// a call counts as one.
func (s *Session) StepInstruction(ctx context.Context, over bool) (Event, error) {
	return s.run(ctx, func() error {
		s.single = true
		defer func() { s.single = false }()
		if err := s.group.Targets.StepInstruction(over); err != nil {
			return err
		}
		return s.stepped()
	})
}

// Run continues the program again and again, and yields every event: with the program
// stopped while the body of the loop looks at a [*Stop]. The loop ends after an event
// that ends the session, or with an error. Leaving it leaves the program stopped.
func (s *Session) Run(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			ev, err := s.Continue(ctx)
			if !yield(ev, err) || err != nil {
				return
			}
			if _, stopped := ev.(*Stop); !stopped {
				return
			}
		}
	}
}

// Halt stops the program. It returns when it is stopped, at once if it is already.
// Whoever waits in Continue gets a [*Stop] with [ReasonHalted].
func (s *Session) Halt(ctx context.Context) error {
	s.gate.mu.Lock()
	run := s.gate.runs
	s.gate.mu.Unlock()
	return s.halt(ctx, run)
}

// halt ends one run; it does nothing to a later one.
func (s *Session) halt(ctx context.Context, run uint64) error {
	again := time.NewTicker(renudge)
	defer again.Stop()
	for {
		s.gate.mu.Lock()
		state, runs, changed := s.gate.state, s.gate.runs, s.gate.wait()
		s.gate.mu.Unlock()
		switch {
		case state == gateEnded:
			return s.errEnded()
		case state != gateRunning || runs != run:
			return nil
		}
		// An error: the program is ending, which ends the run. Delve forgets a request
		// that comes before its loop has begun: it is repeated.
		_ = s.group.Halt()
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Running reports whether the program runs now.
func (s *Session) Running() bool {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return s.gate.state == gateRunning
}

// run lets the program run by one of Delve's ways.
func (s *Session) run(ctx context.Context, how func() error) (Event, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if s.core {
		return nil, ErrCore
	}
	if err := s.gate.acquire(ctx, gateRunning, s.errEnded); err != nil {
		return nil, err
	}
	defer s.gate.release()
	if !s.ran {
		s.began, s.ran = time.Now(), true
	}
	s.stops, s.arrivals, s.condErr = nil, nil, nil
	s.group.Begin()
	if err := s.settleAll(); err != nil {
		return nil, err
	}
	s.gate.mu.Lock()
	run := s.gate.runs
	s.gate.mu.Unlock()
	undo := context.AfterFunc(ctx, func() { _ = s.halt(context.Background(), run) })
	err := s.onTracer(how)
	undo()
	ev, err := s.outcome(err)
	if s.Ended() == nil {
		s.compareAll()
		s.gate.serve()
		if ended := s.Ended(); ended != nil { // one of them ended it
			ev, err = ended, nil
		}
	}
	if stop, ok := ev.(*Stop); ok && err == nil && stop.Reason == ReasonHalted {
		err = context.Cause(ctx)
	}
	return ev, err
}

// onTracer lets the program run by one of Delve's ways on the tracer's thread, where all of
// its requests have their place: to hand each of the dozens that a step makes to another
// thread, and to wait for it, takes longer than what is asked for. A fault of Delve's costs
// this run and not the whole debugger.
func (s *Session) onTracer(how func() error) error {
	var err error
	if s.group.Do(func() { err = caught(how) }) != nil { // the program has ended: Delve says how
		err = caught(how)
	}
	return err
}

// outcome says what a run ended with.
func (s *Session) outcome(err error) (Event, error) {
	var exited proc.ErrProcessExited
	switch {
	case errors.As(err, &exited):
		s.closeWatches("")
		var ev Event = exitOf(s.leader.ExitStatus())
		if s.execed != nil {
			ev = s.execed
		}
		s.end(ev)
		return s.Ended(), nil // what Kill or Detach ended it with, if they did
	case errors.Is(err, proc.ErrProcessDetached):
		return s.Ended(), nil
	case err == nil:
		stop := s.stop(nil)
		// A step that something else cut short is over.
		if err := s.group.Targets.ClearSteppingBreakpoints(); err != nil {
			return stop, fmt.Errorf("end the step: %w", err)
		}
		return stop, nil
	}
	s.choose()
	if ok, _ := s.target.Valid(); !ok {
		return nil, fmt.Errorf("the target was lost: %w", err)
	}
	if s.condErr != nil {
		return s.stop(s.condErr), nil
	}
	return nil, err
}

// stop describes why the program is stopped.
func (s *Session) stop(condErr error) *Stop {
	s.choose()
	th := s.target.CurrentThread()
	ev := &Stop{PID: s.target.Pid(), Thread: th.ThreadID(), Hits: s.stops, Err: condErr, Reason: reasonOf(s.target.StopReason)}
	if regs, err := th.Registers(); err == nil {
		ev.Place = s.atRest(th.(*glue.Thread), regs.PC())
	}
	ev.Goroutine = s.goroutineOn(th.(*glue.Thread))
	if ev.Ended = s.takeEnds(); len(ev.Ended) > 0 {
		ev.Reason = ev.Ended[0].End().reason()
	}
	s.arrived(ev)
	if condErr != nil {
		ev.Reason = ReasonConditionError
	}
	if len(s.stops) > 0 {
		first := s.stops[0]
		ev.Reason, ev.Thread, ev.Goroutine, ev.Place = ReasonWatchpoint, first.Thread, first.Goroutine, first.Place
		_ = s.target.SwitchThread(first.Thread) // gone, if it has been killed
	}
	return ev
}

// arrived tells of the breakpoints that were reached, those of the stop's thread first.
func (s *Session) arrived(ev *Stop) {
	for _, mine := range []bool{true, false} {
		for _, a := range s.arrivals {
			switch {
			case (a.thread == ev.Thread) != mine:
			case a.b.exception == "":
				ev.Breakpoints = append(ev.Breakpoints, a.b)
			case mine:
				ev.Reason = exceptionReasons[a.b.exception]
			}
		}
	}
	if len(ev.Breakpoints) > 0 {
		ev.Breakpoint = ev.Breakpoints[0]
	}
}

func reasonOf(r proc.StopReason) Reason {
	switch r {
	case proc.StopBreakpoint:
		return ReasonBreakpoint
	case proc.StopHardcodedBreakpoint:
		return ReasonHardcoded
	case proc.StopNextFinished:
		return ReasonStep
	case proc.StopCallReturned:
		return ReasonCallReturned
	case proc.StopWatchpoint:
		return ReasonWatchpoint
	case proc.StopSharedLibLoaded:
		return ReasonLibraryLoaded
	}
	return ReasonHalted
}

// Detach lets the program run on as it was before, whether it runs or is stopped.
// Whoever waits in Continue gets a [*Detached]. A program that was launched becomes an
// ordinary child of the caller's process.
func (s *Session) Detach(ctx context.Context) error {
	return s.do(ctx, func() error {
		s.compareAll()
		s.end(&Detached{PID: s.pid})
		s.closeWatches("")
		if err := s.group.Targets.Detach(false); err != nil {
			return fmt.Errorf("detach from process %d: %w", s.pid, err)
		}
		return nil
	})
}

// Kill ends the program, and those that it has started if they are followed. A core
// file is only closed.
func (s *Session) Kill(ctx context.Context) error {
	if s.core {
		return s.Detach(ctx)
	}
	return s.do(ctx, func() error {
		s.compareAll()
		err := s.group.Targets.Detach(true)
		s.end(exitOf(s.leader.ExitStatus()))
		s.closeWatches("")
		if err != nil {
			return fmt.Errorf("kill process %d: %w", s.pid, err)
		}
		return nil
	})
}

// Close ends the session: a program that was launched is ended, one that was attached
// to is let go. It is no error if it has ended already.
func (s *Session) Close() error {
	ctx := context.Background()
	var err error
	if s.launched {
		err = s.Kill(ctx)
	} else {
		err = s.Detach(ctx)
	}
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// observer is the Session as the event loop sees it.
type observer Session

func (o *observer) Pending() bool { return o.gate.pending() }

func (o *observer) Serve() {
	s := (*Session)(o)
	s.choose()
	if ths := s.target.ThreadList(); len(ths) > 0 {
		s.target.ClearCaches()
		_ = s.target.SwitchThread(ths[0].ThreadID())
	}
	s.compareAll()
	s.gate.serve()
	s.freshen()
}

func (o *observer) Leaving(p *glue.Process) {
	(*Session)(o).useOf(p)
	(*Session)(o).compareTraces(p)
	o.ending = true
	for _, w := range o.watches {
		if w.of.process == p {
			w.compare()
		}
	}
}

func (o *observer) Execed(p *ptrace.Process, path string) {
	if p.PID != o.pid {
		return // a child that was followed until now
	}
	o.execed = &Exec{PID: p.PID, Path: path, reaped: p.Reaped}
}
