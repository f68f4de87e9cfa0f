package glue

import (
	"os"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestHaltAnyTime: a stop that is asked for before Delve's loop has begun is not lost, one
// that was asked for before the run is forgotten, and asking all the time races with
// nothing.
func TestHaltAnyTime(t *testing.T) {
	testkit.Watchdog(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	path := testkit.Target(t, "crowd", testkit.Debug)
	g, err := LaunchObserved(LaunchConfig{Path: path, Args: []string{path, "busy", "60000", "2"}, Stdout: null, Stderr: null}, NoObserver{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := g.Targets.Detach(true); err != nil {
			t.Error(err)
		}
	}()
	for range 20 {
		g.Begin()
		if err := g.Halt(); err != nil {
			t.Fatal(err)
		}
		if err := g.Targets.Continue(); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Halt(); err != nil {
		t.Fatal(err)
	}
	g.Begin()
	if g.halted {
		t.Error("a stop that was asked for before is this run's")
	}
	for range 20 {
		g.Begin()
		done := make(chan error)
		go func() { done <- g.Targets.Continue() }()
		for stopped := false; !stopped; {
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				stopped = true
			default:
				if err := g.Halt(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
