package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
)

// traceOptions are those of trace.
type traceOptions struct {
	watchOptions // as far as there are flags for them
	method       string
}

// traceCommand records who writes what, and does not stop the program for it.
func traceCommand(args []string, status *int) *cli.Command {
	var o traceOptions
	return &cli.Command{
		Name:                      "trace",
		Usage:                     "record who writes variables, without stopping the program",
		ArgsUsage:                 "PACKAGE|BINARY|PID [-- ARGS...]",
		CustomHelpTemplate:        help("trace"),
		DisableSliceFlagSeparator: true, // flags of the go command have commas
		Flags: append([]cli.Flag{
			&cli.GenericFlag{Name: "w", Usage: "trace writes of EXPR", Value: &watchFlag{&o.options, backend.Write}},
			&cli.StringFlag{Name: "if", Usage: "record only writes at which COND is true", Destination: &o.cond},
			&cli.Uint64Flag{Name: "count", Usage: "record only each N-th of them", Value: 1, Destination: &o.every, Validator: atLeastOne},
			&cli.Uint64Flag{Name: "stop-after", Usage: "end after N records", Destination: &o.stopAfter, Validator: atLeastOne},
			&cli.GenericFlag{Name: "stack", Usage: "record the stack of each write", Value: &o.stack},
			&cli.StringFlag{Name: "driver", Usage: "auto, bpf or samples", Value: "auto", Destination: &o.method, Validator: oneOf("auto", "bpf", "samples")},
			&cli.BoolFlag{Name: "json", Usage: "print JSON, an object a line", Destination: &o.json},
			&cli.StringFlag{Name: "o", Usage: "write to FILE", Destination: &o.file, TakesFile: true},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print only the summary", Destination: &o.quiet},
			colorFlag(&o.color),
			&cli.BoolFlag{Name: "any-go-version", Usage: "try programs of unknown Go versions", Destination: &o.anyGoVersion},
		}, o.buildingFlags()...),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			program, programArgs, err := splitArgs(c, args)
			if err != nil {
				return err
			}
			*status, err = o.trace(ctx, program, programArgs)
			return err
		},
	}
}

// trace returns the exit status of the program, 0 of a process that ran already.
func (o *traceOptions) trace(ctx context.Context, arg string, args []string) (status int, err error) {
	if err := o.check("trace"); err != nil {
		return 0, err
	}
	sigs := catchSignals()
	defer sigs.stop()
	ctx, cancel := sigs.interrupting(ctx)
	defer cancel()

	j := &traceJob{job: job{options: &o.options}, method: backend.TraceMethod(o.method)}
	if pid, err := strconv.Atoi(arg); err == nil && pid > 0 { // a directory is ./4711
		if len(args) > 0 {
			return 0, usage("trace: a process that runs already has its arguments")
		}
		if j.session, err = backend.Attach(ctx, pid, o.backend()); err != nil {
			return 0, orInterrupted(ctx, o.explain(err))
		}
		j.name = "process " + arg
		if path := j.session.Path(); path != "" {
			j.name += " (" + filepath.Base(path) + ")"
		}
	} else {
		program, err := o.program(ctx, arg)
		if err != nil {
			return 0, err
		}
		defer func() {
			if removeErr := program.Remove(); err == nil && removeErr != nil {
				err = removeErr
			}
		}()
		j.session, err = backend.Launch(ctx, backend.LaunchConfig{
			Path: program.Path, Args: args, Dir: o.dir, Stdin: os.Stdin,
			Options: o.backend(),
		})
		if err != nil {
			return 0, orInterrupted(ctx, o.explain(err))
		}
		j.name, j.launched = filepath.Base(program.Path), true
	}
	defer j.session.Close()
	if err := j.arm(ctx); err != nil {
		return 0, orInterrupted(ctx, o.explain(err))
	}
	defer j.close()
	if why := j.traces[0].Stats().Why; why != nil {
		fmt.Fprintf(os.Stderr, "argus: neither goroutines nor all values are recorded: %s\n", oneLine(why.Error()))
	}
	cancel() // from now on signals are the program's
	if err := orInterrupted(ctx, nil); err != nil {
		return 0, err
	}
	return j.run(sigs)
}

// explain says what can be done about an error of the session.
func (o *traceOptions) explain(err error) error {
	var full *backend.SlotsError
	if !errors.As(err, &full) {
		return o.options.explain(err)
	}
	text := fmt.Sprintf("%s needs %s and ", full.Name, plural(uint64(full.Want), "debug register"))
	if full.Want > full.Slots {
		return fmt.Errorf("%sthere are %d: trace a part of it", text, full.Slots)
	}
	return fmt.Errorf("%s%d of %d are free (the others are for %s): trace less", text, full.Free, full.Slots, strings.Join(full.Holders, ", "))
}
