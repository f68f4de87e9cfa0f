package dap

import (
	"context"
	"errors"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// call evaluates an expression that calls functions of the program, which runs meanwhile:
// the answer is given later.
func (s *session) call(r *request, at backend.Scope, expr string, args *dap.EvaluateArguments) (any, error) {
	failed := func(err error) error { return evaluateFailure(idEvaluate, evaluateFailed, args.Context, err) }
	if s.state != stateStopped {
		return nil, failed(errors.New(s.state.wrong()))
	}
	if at.Frame > 0 {
		return nil, failed(errors.New("call is only supported with topmost stack frame"))
	}
	load := s.load()
	load.String = calledString // what a function returns may not be there later to be read again
	var results []*backend.Variable
	return s.runFor(r, func(ctx context.Context) (ev backend.Event, err error) {
		results, ev, err = s.target.CallIn(ctx, at, expr, load)
		if stop, ok := ev.(*backend.Stop); ok && stop.Reason == backend.ReasonCallReturned {
			ev = nil
		}
		return ev, unwrapCall(err)
	}, outcome{
		done: func() (any, error) { return s.results(results, at, styleOf(args.Format)), nil },
		fail: failed,
	})
}

// outcome is what becomes of a request for which the program runs.
type outcome struct {
	done func() (any, error)   // the response, if what was asked for is done
	fail func(err error) error // the failure, if not
}

// runFor lets the program run for a request, unseen by the client: the answer is given
// later. do returns nil for the event when it is done. If something else stops the program
// on the way the client is told as of any other stop. Pausing, and cancelling the request,
// end it so.
func (s *session) runFor(r *request, do way, o outcome) (any, error) {
	t := s.target
	s.begin(func(ctx context.Context) (backend.Event, error) {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		defer context.AfterFunc(r.ctx, func() { end(context.Cause(r.ctx)) })()
		return do(ctx)
	}, func(ev backend.Event, err error) { s.ranFor(r, t, ev, err, o) })
	return nil, errLater
}

func (s *session) ranFor(r *request, t *target, ev backend.Event, err error, o outcome) {
	switch {
	case s.state != stateRunning, s.target != t: // the client was told of the end meanwhile
		s.answer(r, nil, o.fail(errors.New("terminated")))
	case ev == nil && errors.Is(err, backend.ErrEnded):
		s.arrived(nil, err)
		s.answer(r, nil, o.fail(errors.New("terminated")))
	case ev == nil && errors.Is(err, errPaused): // the user waits for a stop
		s.arrived(nil, err)
		s.answer(r, nil, o.fail(errors.New("call stopped")))
	case ev == nil && err != nil: // it was refused
		s.state = stateStopped
		s.answer(r, nil, o.fail(err))
	case ev == nil:
		s.state = stateStopped
		if body, err := o.done(); err != errLater {
			s.answer(r, body, err)
		}
	default:
		s.handles.reset()
		s.arrived(ev, err)
		s.answer(r, nil, o.fail(interruption(r, ev)))
	}
}

// interruption says why something was not done.
func interruption(r *request, ev backend.Event) error {
	if _, stopped := ev.(*backend.Stop); !stopped {
		return errors.New("terminated")
	}
	if r.ctx.Err() != nil {
		return errCancelled
	}
	return errors.New("call stopped")
}

// unwrapCall takes off the expression, which the user has before them.
func unwrapCall(err error) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "call ") {
		return inner
	}
	return err
}
