package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// memoryCase is the most memory that a debugger has had, when it has started a large
// program, run to a first stop, and shown a stack. Argus and Delve are both this command,
// with either library.
func memoryCase() benchmark {
	return benchmark{name: "memory", title: "the most memory of a debugger that has started a large program and shown a stack", unit: byteCount, run: map[tool]measure{
		argus: func(ctx context.Context, with *setting) (sample, error) {
			s, _, err := argusAt(ctx, with.large(), "main.main")
			if err != nil {
				return sample{}, err
			}
			defer s.Close()
			if _, err := s.Stack(ctx, -1, depth); err != nil {
				return sample{}, err
			}
			return peak()
		},
		delve: func(_ context.Context, with *setting) (sample, error) {
			g, err := delveAtMain(with.large())
			if err != nil {
				return sample{}, err
			}
			if _, err := proc.GoroutineStacktrace(g.Selected, g.Selected.SelectedGoroutine(), depth, 0); err != nil {
				return sample{}, err
			}
			s, err := peak()
			if err != nil {
				return sample{}, err
			}
			return s, g.Detach(true)
		},
		gdb: func(ctx context.Context, with *setting) (sample, error) {
			return timedGDB(ctx, with, gdbRun(with.large(), "main.main")+"bt\n"+`python
for line in open("/proc/self/status"):
    if line.startswith("VmHWM:"): print("RESULT", int(line.split()[1]) * 1024, 0)
end
kill
`)
		},
	}, cannot: map[tool]string{
		floor:  "it knows nothing of the program",
		kernel: "it knows nothing of the program",
	}}
}

// delveAtMain runs a program to main.main.
func delveAtMain(args []string) (*proc.TargetGroup, error) {
	g, err := delved(args)
	if err != nil {
		return nil, err
	}
	pcs, err := proc.FindFunctionLocation(g.Selected, "main.main", 0)
	if err != nil {
		return nil, err
	}
	for _, pc := range pcs {
		if _, err := g.Selected.SetBreakpoint(1, pc, proc.UserBreakpoint, nil); err != nil {
			return nil, err
		}
	}
	return g, g.Continue()
}

// peak is the most memory that this process has had resident (proc_pid_status(5), VmHWM).
func peak() (sample, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return sample{}, err
	}
	kib, err := parsePeak(string(text))
	return sample{Value: kib * 1024}, err
}

func parsePeak(status string) (kib float64, err error) {
	_, after, _ := strings.Cut(status, "VmHWM:")
	if _, err := fmt.Sscanf(after, "%g kB", &kib); err != nil {
		return 0, fmt.Errorf("/proc/self/status has no VmHWM: %w", err)
	}
	return kib, nil
}
