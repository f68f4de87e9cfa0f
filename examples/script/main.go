// Script finds the goroutine that makes a balance negative: a debugging session
// without anybody at the keyboard.
//
//	go run ./examples/script
//
// It builds the bank next door, or the package that it is given, runs it, and stops
// at the first write that leaves main.balance below zero.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/argusdbg/argus/backend"
)

func main() {
	pkg := "github.com/argusdbg/argus/examples/bank"
	if len(os.Args) > 1 {
		pkg = os.Args[1]
	}
	if err := find(context.Background(), pkg, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// find tells out who makes main.balance negative.
func find(ctx context.Context, pkg string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "script-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")

	// Without optimisations every variable is in memory, every function has its frame.
	build := exec.CommandContext(ctx, "go", "build", "-gcflags=all=-N -l", "-o", program, pkg)
	if words, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, words)
	}

	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: program})
	if err != nil {
		return err
	}
	defer s.Close() // ends the program

	balance, err := s.Watch(ctx, "main.balance", backend.Write, backend.If("main.balance < 0"))
	if err != nil {
		return err
	}
	ev, err := s.Continue(ctx)
	if err != nil {
		return err
	}
	stop, stopped := ev.(*backend.Stop)
	if !stopped || len(stop.Hits) == 0 {
		return fmt.Errorf("nobody made the balance negative: %s", ev)
	}

	hit := stop.Hits[0]
	fmt.Fprintf(out, "balance:  %s -> %s, write number %d to it\n", hit.Old, hit.New, balance.Stats().Hits)
	fmt.Fprintf(out, "by:       %s\n", hit.Goroutine)
	fmt.Fprintf(out, "in:       %s, %s:%d\n", hit.Place.Function, filepath.Base(hit.Place.File), hit.Place.Line)
	for _, expr := range []string{"n", "main.fee"} { // as the writing function sees them
		value, err := s.Eval(ctx, expr)
		if err != nil {
			value = err.Error() // another package's function has no n
		}
		fmt.Fprintf(out, "%-9s %s\n", expr+":", value)
	}
	frames, err := s.Stack(ctx, hit.Goroutine.ID, 10)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "stack:")
	for _, f := range frames {
		fmt.Fprintf(out, "          %s, %s:%d\n", f.Function, filepath.Base(f.File), f.Line)
	}
	return nil
}
