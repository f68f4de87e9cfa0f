package kstop

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/ptrace"
)

// A hit on its way while everything is being stopped is reported with that stop, and at
// the place where it was made: afterwards none is under way.
func TestNoHitIsLostToAStop(t *testing.T) {
	need(t)
	const stores, threads = 1500, 3
	p := beginC(t, "stores", "1500", "3")
	prog := mustLoad(t, ringSize)
	g := ptrace.NewTracees(ptrace.NewTracer())
	g.Safe = true
	defer g.Tracer().Close()
	found, late, unknown, stopped := 0, 0, 0, 0
	take := func(ev ptrace.Event) error {
		if ev.Kind != ptrace.Trapped && ev.Kind != ptrace.Nudged {
			return nil
		}
		if !ev.Info.FromProgram() && ev.Kind == ptrace.Trapped {
			unknown++
			return nil
		}
		r, err := ev.Thread.Registers()
		if err != nil {
			return err
		}
		here, earlier := prog.Take(ev.Thread.TID, r.PC())
		found, late = found+len(here), late+len(earlier)
		return nil
	}
	answered := make(chan error, 1)
	debug := func() error {
		proc, err := g.Attach(p.pid())
		if err != nil {
			return err
		}
		watch(t, proc.PID, store(p.data), prog, perf.Options{Inherit: true})
		if err := g.ResumeAll(); err != nil {
			return err
		}
		go func() {
			_, err := p.tryAsk()
			answered <- errors.Join(err, g.Nudge())
		}()
		for {
			ev, err := g.Wait()
			if err != nil {
				return err
			}
			if err := take(ev); err != nil {
				return err
			}
			if ev.Kind == ptrace.Nudged {
				return errors.Join(g.StopAll(), g.Detach(proc))
			}
			if ev.Thread != nil {
				if err := g.Resume(ev.Thread); err != nil {
					return err
				}
			}
			if rand.IntN(8) != 0 {
				continue
			}
			stopped++
			if err := g.StopAll(); err != nil {
				return err
			}
			for ev, ok := g.Queued(); ok; ev, ok = g.Queued() {
				if err := take(ev); err != nil {
					return err
				}
			}
			for _, th := range proc.Threads() {
				if here, earlier := prog.Take(th.TID, 0); len(here)+len(earlier) != 0 {
					return fmt.Errorf("thread %d is stopped with a hit under way: %v", th.TID, earlier)
				}
			}
			if err := g.ResumeAll(); err != nil {
				return err
			}
		}
	}
	var err error
	if e := g.Tracer().Do(func() { err = debug() }); e != nil || err != nil {
		t.Fatal(e, err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	if found+unknown != stores*threads || late != 0 || stopped < 100 {
		t.Errorf("%d hits of %d, %d late, %d of unknown cause, %d stops", found, stores*threads, late, unknown, stopped)
	}
}
