package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

// watchOptions are those of watch alone.
type watchOptions struct {
	options
	optimized  bool
	buildFlags []string
	dir        string
}

// watchCommand builds or takes a program, runs it and reports who touches what. args are
// the command line: the program's own arguments are those behind "--".
func watchCommand(args []string, status *int) *cli.Command {
	var o watchOptions
	return &cli.Command{
		Name:                      "watch",
		Usage:                     "run a program and report who writes its variables",
		ArgsUsage:                 "PACKAGE|BINARY [-- ARGS...]",
		CustomHelpTemplate:        help("watch"),
		DisableSliceFlagSeparator: true, // flags of the go command have commas
		Flags:                     append(o.flags(), o.buildingFlags()...),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			program, programArgs, err := splitArgs(c, args)
			if err != nil {
				return err
			}
			*status, err = o.watch(ctx, program, programArgs)
			return err
		},
	}
}

// buildingFlags are those for a program that is yet to begin.
func (o *watchOptions) buildingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "optimized", Usage: "build with the optimizer on", Destination: &o.optimized},
		&cli.StringSliceFlag{Name: "build-flags", Usage: "further FLAGS for go build", Destination: &o.buildFlags},
		&cli.StringFlag{Name: "dir", Usage: "run the program in DIR", Destination: &o.dir, TakesFile: true},
	}
}

// splitArgs finds the program and its arguments.
func splitArgs(c *cli.Command, args []string) (program string, programArgs []string, err error) {
	behind := 0
	if i := slices.Index(args, "--"); i >= 0 {
		behind = len(args) - i - 1
	}
	all := c.Args().Slice()
	switch {
	case len(all) == 0:
		return "", nil, usage("%s: name a Go package or a binary to run%s", c.Name, seeHelp(c))
	case len(all)-behind > 1:
		return "", nil, usage("%s: %q is one argument too many: arguments of the program stand after --%s", c.Name, all[1], seeHelp(c))
	}
	return all[0], all[1:], nil
}

// watch returns the exit status of the program.
func (o *watchOptions) watch(ctx context.Context, arg string, args []string) (status int, err error) {
	if err := o.check("watch"); err != nil {
		return 0, err
	}
	if o.thread != "" && o.thread != mainThread {
		return 0, usage("watch: --thread %s: threads of a program that is yet to begin have no ids; there is %s, and attach takes any", o.thread, mainThread)
	}
	sigs := catchSignals()
	defer sigs.stop()
	ctx, cancel := sigs.interrupting(ctx)
	defer cancel()

	program, err := o.program(ctx, arg)
	if err != nil {
		return 0, err
	}
	defer func() {
		if removeErr := program.Remove(); err == nil && removeErr != nil {
			err = removeErr
		}
	}()
	s, err := backend.Launch(ctx, backend.LaunchConfig{
		Path: program.Path, Args: args, Dir: o.dir, Stdin: os.Stdin,
		Options: o.backend(),
	})
	if err != nil {
		return 0, orInterrupted(ctx, o.explain(err))
	}
	defer s.Close()
	j := &job{options: &o.options, session: s, name: filepath.Base(program.Path), launched: true}
	if err := j.arm(ctx); err != nil {
		return 0, orInterrupted(ctx, o.explain(err))
	}
	cancel() // from now on signals are the program's
	if err := orInterrupted(ctx, nil); err != nil {
		return 0, err
	}
	return j.run(sigs)
}

// program builds or takes what the command line names.
func (o *watchOptions) program(ctx context.Context, arg string) (*gobuild.Program, error) {
	var buildFlags []string
	for _, f := range o.buildFlags {
		words, err := splitWords(f)
		if err != nil {
			return nil, err
		}
		buildFlags = append(buildFlags, words...)
	}
	program, err := gobuild.Resolve(ctx, arg, gobuild.Options{Optimized: o.optimized, BuildFlags: buildFlags, Stderr: os.Stderr})
	if err != nil {
		return nil, orInterrupted(ctx, err)
	}
	if err := debuggable(arg, program.Info); err != nil {
		return nil, errors.Join(err, program.Remove())
	}
	return program, nil
}
