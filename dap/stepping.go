package dap

import (
	"context"
	"errors"
	"fmt"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

func onContinue(s *session, r *request, args *dap.ContinueArguments) (any, error) {
	s.run(s.target.Continue)
	return dap.ContinueResponseBody{AllThreadsContinued: true}, nil
}

func onNext(s *session, r *request, args *dap.NextArguments) (any, error) {
	how := s.target.Next
	if args.Granularity == "instruction" {
		how = func(ctx context.Context) (backend.Event, error) { return s.target.StepInstruction(ctx, true) }
	}
	return s.step(args.ThreadId, how)
}

func onStepIn(s *session, r *request, args *dap.StepInArguments) (any, error) {
	how := s.target.StepIn
	if args.Granularity == "instruction" {
		how = s.stepInstruction
	}
	if args.TargetId != 0 {
		if args.TargetId < 0 || args.TargetId > len(s.stops.targets) {
			return nil, fail(idStep, "Unable to step in", fmt.Errorf("no target %d: the program has run since stepInTargets", args.TargetId))
		}
		into := s.stops.targets[args.TargetId-1]
		how = func(ctx context.Context) (backend.Event, error) { return s.target.StepInto(ctx, into) }
	}
	return s.step(args.ThreadId, how)
}

func onStepOut(s *session, r *request, args *dap.StepOutArguments) (any, error) {
	how := s.target.StepOut
	if args.Granularity == "instruction" {
		how = s.stepInstruction // so it is with Delve
	}
	return s.step(args.ThreadId, how)
}

func (s *session) stepInstruction(ctx context.Context) (backend.Event, error) {
	return s.target.StepInstruction(ctx, false)
}

// step lets one goroutine take a step, while the others run.
func (s *session) step(thread int, how way) (any, error) {
	s.wire.event("continued", dap.ContinuedEventBody{ThreadId: thread, AllThreadsContinued: true})
	id, selected := int64(thread), s.stops.selected
	s.run(func(ctx context.Context) (backend.Event, error) {
		if id != selected { // which is not done for nothing: goroutines are many
			if err := s.target.SelectGoroutine(ctx, id); err != nil && context.Cause(ctx) == nil {
				return nil, &stepError{fmt.Errorf("unknown goroutine %d", id)}
			}
		}
		return how(ctx)
	})
	return nil, nil
}

// stepError is why a step did not begin.
type stepError struct{ error }

// onStepInTargets lists the calls of the line at which a frame stands.
func onStepInTargets(s *session, r *request, args *dap.StepInTargetsArguments) (any, error) {
	at, err := s.frame(args.FrameId)
	if err == nil && at.Frame != 0 {
		err = errors.New("only the innermost frame can step in")
	}
	if err == nil {
		s.stops.targets, err = s.target.StepTargets(r.ctx, at)
	}
	if err != nil {
		return nil, failSilently(idStep, "Unable to list what can be stepped into", err)
	}
	list := []dap.StepInTarget{}
	for i, t := range s.stops.targets {
		label := t.Function
		if label == "" {
			label = fmt.Sprintf("the call at %#x", t.PC)
		}
		list = append(list, dap.StepInTarget{Id: i + 1, Label: label})
	}
	return dap.StepInTargetsResponseBody{Targets: list}, nil
}

// onPause stops the program. The event that tells of it is that of the run which ends.
func onPause(s *session, r *request, args *dap.PauseArguments) (any, error) {
	switch s.state {
	case stateOver:
		return nil, fail(idPause, "Unable to halt execution", errors.New(s.state.wrong()))
	case stateRunning:
		s.stops.asked = int64(args.ThreadId)
		s.stops.endRun(errPaused)
	}
	return nil, nil
}
