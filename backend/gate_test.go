package backend

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestGateExcludes: callers and runs never have the target at the same time, and no
// request of a caller is lost, whatever the order.
func TestGateExcludes(t *testing.T) {
	testkit.Watchdog(t)
	var over atomic.Bool
	g := &gate{over: over.Load}
	ended := func() error { return ErrEnded }
	ctx := context.Background()
	var inside atomic.Int32
	enter := func() {
		if n := inside.Add(1); n != 1 {
			t.Errorf("%d at once", n)
		}
		inside.Add(-1)
	}
	nudged := make(chan struct{}, 1)
	nudge := func() error {
		select {
		case nudged <- struct{}{}:
		default:
		}
		return nil
	}
	var callers, runner sync.WaitGroup
	var done atomic.Bool
	var ran atomic.Int32
	for range 8 {
		callers.Go(func() {
			for range 200 {
				if err := g.do(ctx, nudge, ended, func() { enter(); ran.Add(1) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	runner.Go(func() {
		for !done.Load() {
			if err := g.acquire(ctx, gateRunning, ended); err != nil {
				t.Error(err)
				return
			}
			for range 20 { // the event loop, woken by nudges
				if g.pending() {
					enter()
					g.serve()
				}
			}
			g.serve()
			g.release()
		}
	})
	callers.Wait()
	done.Store(true)
	runner.Wait()
	if ran.Load() != 1600 {
		t.Errorf("%d requests ran, want 1600", ran.Load())
	}
	over.Store(true)
	if err := g.acquire(ctx, gateBusy, ended); err != nil {
		t.Fatal(err)
	}
	g.release()
	if err := g.do(ctx, nudge, ended, func() { t.Error("ran after the end") }); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}

// TestGateTakesBack: who gives up before its turn has not had it.
func TestGateTakesBack(t *testing.T) {
	testkit.Watchdog(t)
	g := &gate{over: func() bool { return false }}
	ended := func() error { return ErrEnded }
	if err := g.acquire(context.Background(), gateRunning, ended); err != nil {
		t.Fatal(err)
	}
	if err := g.acquire(context.Background(), gateRunning, ended); !errors.Is(err, ErrRunning) {
		t.Errorf("a second run: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := g.do(ctx, func() error { cancel(); return nil }, ended, func() { t.Error("it ran") })
	if !errors.Is(err, context.Canceled) || g.pending() {
		t.Errorf("%v, still queued %v", err, g.pending())
	}
	g.release()
}

// TestGateEndsRequests: the end of the program ends those that wait.
func TestGateEndsRequests(t *testing.T) {
	testkit.Watchdog(t)
	var over atomic.Bool
	g := &gate{over: over.Load}
	ended := func() error { return ErrEnded }
	if err := g.acquire(context.Background(), gateRunning, ended); err != nil {
		t.Fatal(err)
	}
	queued := make(chan struct{}, 1)
	result := make(chan error)
	go func() {
		result <- g.do(context.Background(), func() error {
			select {
			case queued <- struct{}{}:
			default:
			}
			return nil
		}, ended, func() { t.Error("it ran") })
	}()
	<-queued
	over.Store(true)
	g.release()
	if err := <-result; !errors.Is(err, ErrEnded) {
		t.Errorf("%v", err)
	}
}
