package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v3"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

// attachCommand reports who touches what in a process that runs already.
func attachCommand(status *int) *cli.Command {
	var o options
	return &cli.Command{
		Name:               "attach",
		Usage:              "report who writes the variables of a running process",
		ArgsUsage:          "PID",
		CustomHelpTemplate: help("attach"),
		Flags:              append(o.flags(), o.safeFlag()),
		Action: func(ctx context.Context, c *cli.Command) (err error) {
			switch {
			case c.NArg() == 0:
				return usage("attach: name the process by its id%s", seeHelp(c))
			case c.NArg() > 1:
				return usage("attach: %q is one argument too many: one process at a time%s", c.Args().Get(1), seeHelp(c))
			}
			pid, err := strconv.Atoi(c.Args().First())
			if err != nil || pid <= 0 {
				return usage("attach: %q is not the id of a process (pgrep NAME finds it)", c.Args().First())
			}
			*status, err = o.attach(ctx, pid)
			return err
		},
	}
}

func (o *options) attach(ctx context.Context, pid int) (status int, err error) {
	if err := o.check("attach"); err != nil {
		return 0, err
	}
	if _, err := o.threadOf(pid); err != nil {
		return 0, err
	}
	sigs := catchSignals()
	defer sigs.stop()
	ctx, cancel := sigs.interrupting(ctx)
	defer cancel()

	exe := fmt.Sprintf("/proc/%d/exe", pid)
	if info, err := gobuild.Check(exe); err == nil { // else Attach knows what is wrong
		if path, err := os.Readlink(exe); err == nil {
			exe = path
		}
		if err := debuggable(exe, info); err != nil {
			return 0, err
		}
	}
	s, err := backend.Attach(ctx, pid, o.backend())
	if err != nil {
		return 0, orInterrupted(ctx, o.explain(err))
	}
	defer s.Close()
	name := "process " + strconv.Itoa(pid)
	if s.Path() != "" {
		name += " (" + filepath.Base(s.Path()) + ")"
	}
	j := &job{options: o, session: s, name: name}
	if err := j.arm(ctx); err != nil {
		return 0, orInterrupted(ctx, o.explain(err))
	}
	if why := o.danger(s.Driver()); why != "" {
		fmt.Fprintf(os.Stderr, "argus: do not kill argus by SIGKILL: %s may die of its next hit then: %s\n", name, why)
	}
	cancel()
	if err := orInterrupted(ctx, nil); err != nil {
		return 0, err
	}
	return j.run(sigs)
}
