package dap

import (
	"context"
	"errors"
	"time"

	"github.com/argusdbg/argus/backend"
)

// way is a way to let the program run. It ends, with the program stopped, when ctx does.
type way func(ctx context.Context) (backend.Event, error)

// errPaused is why the contexts of runs end that the user ends.
var errPaused = errors.New("paused")

// run lets the program run, on a goroutine of its own. What that ends with comes to
// arrived, in the loop: after the response to the request at hand.
func (s *session) run(how way) {
	s.handles.reset()
	t := s.target
	s.begin(how, func(ev backend.Event, err error) {
		if s.target == t { // else it has been restarted meanwhile
			s.arrived(ev, err)
		}
	})
}

// begin lets the program run, and has the loop call then with what that ends with. It is
// for runs that the client is not to take for one, as a function call; those too end when
// the user pauses.
func (s *session) begin(how way, then func(ev backend.Event, err error)) {
	s.state = stateRunning
	s.stops.fault, s.stops.targets = nil, nil
	ctx, end := context.WithCancelCause(s.ctx)
	s.stops.endRun = end
	go s.lookIn(ctx)
	go func() {
		ev, err := how(ctx)
		end(nil)
		s.post(func() { then(ev, err) })
	}()
}

// glance is how often the client is told, while the program runs, what data breakpoints
// may have missed.
const glance = time.Second

func (s *session) lookIn(ctx context.Context) {
	t := time.NewTicker(glance)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			s.post(func() { s.refreshData(false) })
		case <-ctx.Done():
			return
		}
	}
}

// arrived tells the client what a run has ended with.
func (s *session) arrived(ev backend.Event, err error) {
	if s.state != stateRunning { // the client was told of the end already
		return
	}
	s.tellFollowed()
	switch {
	case errors.Is(err, backend.ErrEnded) && ev == nil:
		ev, err = s.target.Ended(), nil
		s.state = stateOver
	case ev == nil:
		s.state = stateStopped // it did not begin to run
	default:
		s.state = stateOver
		if _, stopped := ev.(*backend.Stop); stopped {
			s.state = stateStopped
		}
	}
	s.tell(ev, err)
}
