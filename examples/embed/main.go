// Embed is a debugger of one's own in a page. It launches a Go program and obeys
// commands from its standard input:
//
//	go build -gcflags='all=-N -l' -o bank ./examples/bank
//	go run ./examples/embed ./bank
//	> watch main.balance
//	> continue
//
// The program runs on until something happens that stops it, or until Ctrl-C.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/argusdbg/argus/backend"
)

const help = `watch EXPR    stop when a variable, a field, an element or *p is written
break PLACE   stop at FILE:LINE or at a function
continue      run until something stops the program
next, step    run to the next line, over calls or into them
stack         who called whom, the innermost first
print EXPR    the value of an expression
goroutines    all of them, and where they are
quit          end the program`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: embed PROGRAM [ARGS...]")
		os.Exit(2)
	}
	ctx := context.Background()
	s, err := backend.Launch(ctx, backend.LaunchConfig{
		Path: os.Args[1], Args: os.Args[2:],
		NewProcessGroup: true, // Ctrl-C is for the debugger
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	d := debugger{s, os.Stdout}
	d.obey(ctx, os.Stdin)
	if err := s.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// debugger is a session, and where its answers go.
type debugger struct {
	*backend.Session
	out io.Writer
}

// obey carries out commands, one a line, to the end of the input or of the program.
func (d debugger) obey(ctx context.Context, in io.Reader) {
	lines := bufio.NewScanner(in)
	for d.prompt(); d.Ended() == nil && lines.Scan(); d.prompt() {
		name, arg, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if name == "quit" {
			return
		}
		if err := d.do(ctx, name, arg); err != nil {
			fmt.Fprintln(d.out, "error:", err)
		}
	}
}

func (d debugger) prompt() {
	if d.Ended() == nil {
		fmt.Fprint(d.out, "> ")
	}
}

func (d debugger) do(ctx context.Context, name, arg string) error {
	switch name {
	case "watch":
		w, err := d.Watch(ctx, arg, backend.Write)
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "watchpoint %d: %s, %s at %#x\n", w.ID(), w.Expr(), w.Type(), w.Addr())
	case "break":
		b, err := d.Break(ctx, arg, "")
		if err != nil {
			return err
		}
		fmt.Fprintf(d.out, "breakpoint %d: %v\n", b.ID, b.Places)
	case "continue":
		return d.run(ctx, d.Continue)
	case "next":
		return d.run(ctx, d.Next)
	case "step":
		return d.run(ctx, d.StepIn)
	case "stack":
		frames, err := d.Stack(ctx, -1, 20) // -1: of the goroutine that stopped
		for i, f := range frames {
			fmt.Fprintf(d.out, "%2d  %s\n", i, f.Place)
		}
		return err
	case "print":
		value, err := d.Eval(ctx, arg)
		if err != nil {
			return err
		}
		fmt.Fprintln(d.out, value)
	case "goroutines":
		list, err := d.Goroutines(ctx)
		for _, g := range list {
			fmt.Fprintf(d.out, "%s in %s\n", g.Goroutine, g.Place)
		}
		return err
	case "":
	default:
		fmt.Fprintln(d.out, help)
	}
	return nil
}

// run lets the program run, until Ctrl-C at the longest, and says why it stopped.
func (d debugger) run(ctx context.Context, how func(context.Context) (backend.Event, error)) error {
	ctx, cancel := signal.NotifyContext(ctx, os.Interrupt)
	defer cancel()
	ev, err := how(ctx)
	if ctx.Err() == nil && err != nil {
		return err
	}
	stop, stopped := ev.(*backend.Stop)
	if !stopped || len(stop.Hits) == 0 {
		fmt.Fprintln(d.out, ev)
		return nil
	}
	for _, hit := range stop.Hits { // one instruction can fire several watchpoints
		fmt.Fprintln(d.out, hit)
	}
	return nil
}
