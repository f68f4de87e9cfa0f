package backend

import (
	"context"
	"sync"
	"time"
)

// renudge is how long a caller waits for the event loop to notice it before it
// asks again: the first signal can be lost to a SIGCONT that somebody sends.
const renudge = 50 * time.Millisecond

type gateState uint8

const (
	gateIdle    gateState = iota // the program is stopped and nobody is at it
	gateBusy                     // a caller is
	gateRunning                  // the event loop is
	gateEnded                    // there is no program any more
)

// gate decides who may use the target. It begins idle.
type gate struct {
	// over reports whether there is still a program; asked by whoever has had the
	// target, before the next has.
	over func() bool

	mu      sync.Mutex
	runs    uint64 // how many runs there have been
	state   gateState
	changed chan struct{} // closed and replaced at every change of state; nil until somebody waits
	queue   []*request
}

// request is what a caller wants done while the program runs.
type request struct {
	fn   func()
	done chan struct{} // closed when fn has run, or will never be
	ran  bool
}

func (g *gate) set(s gateState) {
	g.state = s
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// wait returns a channel that is closed at the next change. mu is held.
func (g *gate) wait() <-chan struct{} {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	return g.changed
}

// acquire makes the caller the one who uses the target, in state to. It fails with
// ended if there is none, and with ErrRunning if it runs.
func (g *gate) acquire(ctx context.Context, to gateState, ended func() error) error {
	for {
		g.mu.Lock()
		switch g.state {
		case gateIdle:
			g.set(to)
			if to == gateRunning {
				g.runs++
			}
			g.mu.Unlock()
			return nil
		case gateEnded:
			g.mu.Unlock()
			return ended()
		case gateRunning:
			g.mu.Unlock()
			return ErrRunning
		}
		changed := g.wait()
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// release ends what acquire began. What is still queued will never run.
func (g *gate) release() {
	over := g.over()
	g.mu.Lock()
	defer g.mu.Unlock()
	if over {
		for _, r := range g.queue {
			close(r.done)
		}
		g.queue = nil
		g.set(gateEnded)
		return
	}
	g.set(gateIdle)
}

// serve runs what is queued. It is called by whoever has the target.
func (g *gate) serve() {
	for {
		g.mu.Lock()
		if len(g.queue) == 0 {
			g.mu.Unlock()
			return
		}
		r := g.queue[0]
		g.queue = g.queue[1:]
		g.mu.Unlock()
		r.fn()
		r.ran = true
		close(r.done)
	}
}

func (g *gate) pending() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue) > 0
}

// do runs fn with the target to itself: at once if that is idle, in the event loop
// if it runs (nudge gets the loop's attention). ended says why it cannot.
func (g *gate) do(ctx context.Context, nudge func() error, ended func() error, fn func()) error {
	for {
		err := g.acquire(ctx, gateBusy, ended)
		if err == nil {
			defer g.release()
			fn()
			return nil
		}
		if err != ErrRunning {
			return err
		}
		r := &request{fn: fn, done: make(chan struct{})}
		if !g.enqueue(r) {
			continue // the run has just ended
		}
		if err := g.await(ctx, r, nudge); err != nil {
			return err
		}
		if r.ran {
			return nil
		}
		return ended()
	}
}

func (g *gate) enqueue(r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.state != gateRunning {
		return false
	}
	g.queue = append(g.queue, r)
	return true
}

// await waits until a request is done. One whose caller gives up first is taken back,
// if it has not begun.
func (g *gate) await(ctx context.Context, r *request, nudge func() error) error {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-r.done:
			return nil
		case <-again.C:
			// An error: the program is ending, which ends the request too.
			_ = nudge()
			again.Reset(renudge)
		case <-ctx.Done():
			if g.takeBack(r) {
				return context.Cause(ctx)
			}
			<-r.done
			return nil
		}
	}
}

func (g *gate) takeBack(r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, q := range g.queue {
		if q == r {
			g.queue = append(g.queue[:i:i], g.queue[i+1:]...)
			return true
		}
	}
	return false
}
