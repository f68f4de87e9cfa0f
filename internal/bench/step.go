package main

import (
	"context"
	"fmt"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/backend"
)

// inHot is a program that runs for as long as it is looked at.
func (w *setting) inHot() []string { return w.onThreads(1) }

// onThreads is the same with several threads that write.
func (w *setting) onThreads(n int) []string {
	return []string{w.program("hot"), w.tally(), "x", fmt.Sprint(n), fmt.Sprint(1 << 30), "1h"}
}

// stepCase is the price of going from line to line.
func stepCase() benchmark {
	b := stepping("step", "a step to the next line", argusAtHit, delveAtHit)
	delete(b.cannot, gdb)
	b.run[gdb] = func(ctx context.Context, with *setting) (sample, error) {
		pc, err := with.pc()
		if err != nil {
			return sample{}, err
		}
		// At the first stop what is ahead grows the stack: GDB waits for the return to
		// where the stack was, and so for ever.
		return timedGDB(ctx, with, gdbRun(with.inHot(), fmt.Sprintf("*%#x", pc))+"continue\ndelete\n"+gdbRepeat(with.For, "", `gdb.execute("next", to_string=True)`))
	}
	return b
}

// stepThreadsCase is the same in a program of many threads, all of which wait in system calls.
func stepThreadsCase() benchmark {
	const place = "main.settled"
	args := func(with *setting) []string {
		return []string{with.program("parked"), fmt.Sprint(goroutines), "0", fmt.Sprint(threads)}
	}
	return stepping("step-threads", "a step to the next line, with 10,000 goroutines and 1,000 threads",
		func(ctx context.Context, with *setting) (*backend.Session, *backend.Breakpoint, error) {
			return argusAt(ctx, args(with), place)
		},
		func(with *setting) (*proc.TargetGroup, *proc.Breakpoint, error) {
			addr, err := symbol(args(with)[0], place)
			if err != nil {
				return nil, nil, err
			}
			return delveAt(args(with), addr)
		})
}

// stepBusyCase is the same where others run the same lines all the time.
func stepBusyCase() benchmark {
	b := stepping("step-busy", "a step to the next line, which three other threads come by all the time",
		func(ctx context.Context, with *setting) (*backend.Session, *backend.Breakpoint, error) {
			pc, err := with.pc()
			if err != nil {
				return nil, nil, err
			}
			return argusAt(ctx, with.onThreads(4), fmt.Sprintf("*%#x", pc))
		},
		func(with *setting) (*proc.TargetGroup, *proc.Breakpoint, error) {
			pc, err := with.pc()
			if err != nil {
				return nil, nil, err
			}
			return delveAt(with.onThreads(4), pc)
		})
	b.any = true
	return b
}

const threads = 1_000

// stepping has a program step, from where it has been brought to, again and again.
func stepping(name, title string, inArgus func(context.Context, *setting) (*backend.Session, *backend.Breakpoint, error),
	inDelve func(*setting) (*proc.TargetGroup, *proc.Breakpoint, error)) benchmark {
	return benchmark{name: name, title: title, unit: nanoseconds, run: map[tool]measure{
		argus: func(ctx context.Context, with *setting) (sample, error) {
			s, b, err := inArgus(ctx, with)
			if err != nil {
				return sample{}, err
			}
			defer s.Close()
			if err := b.Remove(ctx); err != nil {
				return sample{}, err
			}
			return repeat(with.For, s.PID(), func() error {
				ev, err := s.Next(ctx)
				if stop, ok := ev.(*backend.Stop); err == nil && (!ok || stop.Reason != backend.ReasonStep) {
					err = fmt.Errorf("argus: %v", ev)
				}
				return err
			})
		},
		delve: func(_ context.Context, with *setting) (sample, error) {
			g, bp, err := inDelve(with)
			if err != nil {
				return sample{}, err
			}
			defer g.Detach(true)
			if err := g.Selected.ClearBreakpoint(bp.Addr); err != nil {
				return sample{}, err
			}
			return repeat(with.For, g.Selected.Pid(), g.Next)
		},
	}, cannot: map[tool]string{
		gdb:    "it waits for a return that does not come, where the stack grows",
		floor:  "a step to a line is as many stops as a debugger needs for it",
		kernel: "it knows no lines",
	}}
}

// repeat does something until the time is over, and returns the mean of what one takes of
// this process and another.
func repeat(d time.Duration, pid int, do func() error) (sample, error) {
	w := watchFor(pid)
	for n := 1; ; n++ {
		if err := do(); err != nil {
			return sample{}, err
		}
		if time.Since(w.began) >= d {
			return w.stop(n), nil
		}
	}
}

// argusAtHit stops the program hot where it writes.
func argusAtHit(ctx context.Context, with *setting) (*backend.Session, *backend.Breakpoint, error) {
	pc, err := with.pc()
	if err != nil {
		return nil, nil, err
	}
	return argusAt(ctx, with.inHot(), fmt.Sprintf("*%#x", pc))
}

// argusAt runs a program to a place.
func argusAt(ctx context.Context, args []string, location string) (*backend.Session, *backend.Breakpoint, error) {
	s, err := launch(ctx, args)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.Break(ctx, location, "")
	if err == nil {
		err = argusOn(ctx, s)
	}
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, b, nil
}

// argusOn continues to a breakpoint.
func argusOn(ctx context.Context, s *backend.Session) error {
	ev, err := s.Continue(ctx)
	if stop, ok := ev.(*backend.Stop); err == nil && (!ok || stop.Reason != backend.ReasonBreakpoint) {
		err = fmt.Errorf("argus: %v instead of a breakpoint", ev)
	}
	return err
}

// delveAtHit stops the program hot where it writes.
func delveAtHit(with *setting) (*proc.TargetGroup, *proc.Breakpoint, error) {
	pc, err := with.pc()
	if err != nil {
		return nil, nil, err
	}
	return delveAt(with.inHot(), pc)
}

// delveAt runs a program to an address.
func delveAt(args []string, pc uint64) (*proc.TargetGroup, *proc.Breakpoint, error) {
	g, err := delved(args)
	if err != nil {
		return nil, nil, err
	}
	bp, err := g.Selected.SetBreakpoint(1, pc, proc.UserBreakpoint, nil)
	if err == nil {
		err = g.Continue()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("delve: %w", err)
	}
	return g, bp, nil
}

// gdbRun is a script that runs a program to a place.
func gdbRun(args []string, location string) string {
	script := "file " + args[0] + "\nset args"
	for _, a := range args[1:] {
		script += " " + a
	}
	return script + "\nbreak " + location + "\nrun\n"
}

// gdbRepeat is a script that does something again and again, after something else that is
// not measured, and prints the mean.
func gdbRepeat(d time.Duration, before, do string) string {
	if before == "" {
		before = "pass"
	}
	return fmt.Sprintf(`python
n, wall, cpu, began = 0, 0, 0, time.monotonic()
while n == 0 or time.monotonic() - began < %g:
    %s
    t = spent()
    %s
    e = spent()
    n, wall, cpu = n + 1, wall + e[0] - t[0], cpu + e[1] - t[1]
print("RESULT", wall / n, cpu / n)
end
kill
`, d.Seconds(), before, do)
}
