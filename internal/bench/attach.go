package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/go-delve/delve/pkg/proc/native"

	"github.com/argusdbg/argus/backend"
)

// attachCase holds a process that waits, and lets it go.
func attachCase() benchmark {
	return benchmark{name: "attach", title: "to attach and to detach", unit: nanoseconds, run: map[tool]measure{
		argus: waiting(func(ctx context.Context, _ *setting, pid int) (sample, error) {
			w := watchFor(pid)
			s, err := backend.Attach(ctx, pid, backend.Options{})
			if err != nil {
				return sample{}, err
			}
			err = s.Detach(ctx)
			return w.stop(1), err
		}),
		delve: waiting(func(_ context.Context, _ *setting, pid int) (sample, error) {
			w := watchFor(pid)
			g, err := native.Attach(pid, nil, nil)
			if err != nil {
				return sample{}, err
			}
			err = g.Detach(false)
			return w.stop(1), err
		}),
		gdb: waiting(func(ctx context.Context, with *setting, pid int) (sample, error) {
			return timedGDB(ctx, with, gdbTimed(fmt.Sprintf("gdb.execute(\"attach %d\")\ngdb.execute(\"detach\")", pid)))
		}),
		floor: waiting(func(_ context.Context, _ *setting, pid int) (sample, error) { return floorAttach(pid) }),
	}, cannot: map[tool]string{
		kernel: "there is nothing to count",
	}}
}

// waiting starts the process that what is measured attaches to.
func waiting(measured func(context.Context, *setting, int) (sample, error)) measure {
	return func(ctx context.Context, with *setting) (sample, error) {
		cmd := exec.Command(with.program("hot"), with.tally(), "idle", "1", "1", "1s")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return sample{}, err
		}
		if err := cmd.Start(); err != nil {
			return sample{}, err
		}
		defer func() {
			_ = cmd.Process.Kill() // it may have ended
			_ = cmd.Wait()         // by that
		}()
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			return sample{}, err
		}
		return measured(ctx, with, cmd.Process.Pid)
	}
}

// gdbTimed is a script in Python that says how long something takes.
func gdbTimed(do string) string {
	return "python\nt = spent()\n" + do + "\ne = spent()\nprint(\"RESULT\", e[0] - t[0], e[1] - t[1])\nend\n"
}
