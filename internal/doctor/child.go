package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

// errNoProgram: there is nothing to try things on. The calling program itself
// is not started again: nobody knows what it would do.
var errNoProgram = errors.New("none of the small programs was found that are started to try it on (true, env, cat, sh)")

// program is something that starts, needs no input and ends at once.
type program struct {
	path string
	args []string
}

// programs are tried in this order. NixOS has env and sh only.
var programs = []program{
	{"/usr/bin/true", nil},
	{"/bin/true", nil},
	{"/usr/bin/env", nil}, // with an empty environment it prints nothing
	{"/usr/bin/cat", nil}, // reads the null device
	{"/bin/cat", nil},
	{"/bin/sh", []string{"-c", ":"}},
}

// findProgram returns the first of programs that is there, or nil.
func findProgram(h host) *program {
	for i := range programs {
		if h.exists(programs[i].path[1:]) {
			return &programs[i]
		}
	}
	return nil
}

// withChild runs fn on a new tracer's thread with a child that has not run its
// first instruction, and ends the child.
func withChild(p *program, fn func(*ptrace.Tracees, *ptrace.Process)) error {
	if p == nil {
		return errNoProgram
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	tracer := ptrace.NewTracer()
	defer tracer.Close()
	doErr := tracer.Do(func() {
		g := ptrace.NewTracees(tracer)
		var child *ptrace.Process
		child, err = g.Launch(ptrace.LaunchConfig{
			Path: p.path, Args: append([]string{filepath.Base(p.path)}, p.args...), Dir: "/",
			Env:   []string{}, // nothing of ours decides what it loads
			Stdin: null, Stdout: null, Stderr: null,
			NewProcessGroup: true,
		})
		if err != nil {
			return
		}
		defer func() { err = errors.Join(err, g.Kill(child)) }()
		fn(g, child)
	})
	return errors.Join(doErr, err)
}

// childOutcome is what came of holding a child and watching its memory.
type childOutcome struct {
	launch error // the child could not be had
	slots  int   // data slots it got
	slot   error // why it got no more than these
	hit    error // why no hit was seen; nil if one was
	proof  error // why its written pages cannot be told
}

var (
	errNoHit   = errors.New("the program ended without a hit")
	errTimeout = errors.New("no hit came in time")
)

func attemptChild(ctx context.Context, p *program, limits hwbp.Limits) (o childOutcome) {
	if o.launch = context.Cause(ctx); o.launch != nil {
		return o
	}
	o.launch = withChild(p, func(g *ptrace.Tracees, child *ptrace.Process) {
		th := child.Threads()[0]
		o.proof = attemptProof(g, th)
		regs, err := th.Registers()
		if err != nil {
			o.slot, o.hit = err, err
			return
		}
		points := argumentPoints(regs.SP(), limits)
		if o.slots, o.slot = countSlots(th, points); o.slots == 0 {
			o.hit = o.slot
			return
		}
		o.hit = awaitHit(ctx, g, th)
	})
	return o
}

// argumentPoints are points on what every program reads when it starts: the
// stack pointer is at the number of its arguments, and pointers to these
// follow (System V ABI for x86-64, 3.4.1; the same on arm64).
func argumentPoints(sp uint64, limits hwbp.Limits) []hwbp.Point {
	points := make([]hwbp.Point, limits.DataSlots)
	for i := range points {
		points[i] = hwbp.Point{Addr: sp + 8*uint64(i), Len: 8, Access: hwbp.ReadWrite}
	}
	return points
}

// countSlots arms as many of the points as the thread has slots for. err says
// why it was not all.
func countSlots(th *ptrace.Thread, points []hwbp.Point) (n int, err error) {
	for n = len(points); n > 0; n-- {
		now := th.SetSlots(points[:n])
		if now == nil {
			return n, err
		}
		err = now
		if !errors.Is(err, ptrace.ErrNoSlot) {
			return 0, err
		}
	}
	return 0, err
}

// awaitHit lets a thread run until one of its slots fires.
func awaitHit(ctx context.Context, g *ptrace.Tracees, th *ptrace.Thread) error {
	defer nudgeWhenDone(ctx, g)()
	for {
		if err := g.Resume(th); err != nil {
			return err
		}
		ev, err := g.Wait()
		if err != nil {
			return err
		}
		switch ev.Kind {
		case ptrace.Trapped:
			slots, _, err := th.Fired(&ev.Info)
			if err != nil || slots != 0 {
				return err
			}
		case ptrace.Leaving, ptrace.ProcessGone:
			return errNoHit
		case ptrace.Nudged:
			if ctx.Err() != nil {
				return errTimeout
			}
		}
	}
}

// nudgeWhenDone gets a Wait to return once ctx has ended, until it is stopped.
func nudgeWhenDone(ctx context.Context, g *ptrace.Tracees) (stop func()) {
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		again := time.NewTicker(10 * time.Millisecond) // a nudge can be lost
		defer again.Stop()
		for {
			_ = g.Nudge()
			select {
			case <-over:
				return
			case <-again.C:
			}
		}
	}()
	return func() {
		close(over)
		<-ended
	}
}
