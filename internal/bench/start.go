package main

import (
	"context"
	"fmt"
)

// large is the command line of a large program: Delve's command.
func (w *setting) large() []string { return []string{w.program("dlv"), "version"} }

// startCase starts a large program, and runs it to a first stop.
func startCase() benchmark {
	return benchmark{name: "start", title: "start of a large program (dlv itself) to its first stop", unit: nanoseconds, any: true,
		goals: []goal{{Of: argus, To: delve, AtMost: 1}}, run: map[tool]measure{
			argus: func(ctx context.Context, with *setting) (sample, error) {
				w := watchFor(0)
				s, _, err := argusAt(ctx, with.large(), "main.main")
				if err != nil {
					return sample{}, err
				}
				defer s.Close()
				w.pid = s.PID()
				return w.stop(1), nil
			},
			delve: func(_ context.Context, with *setting) (sample, error) {
				w := watchFor(0)
				g, err := delveAtMain(with.large())
				if err != nil {
					return sample{}, err
				}
				w.pid = g.Selected.Pid()
				return w.stop(1), g.Detach(true)
			},
			gdb: func(ctx context.Context, with *setting) (sample, error) {
				return timedGDB(ctx, with, gdbTimed(fmt.Sprintf("for c in (\"file %s\", \"set args version\", \"break main.main\", \"run\"): gdb.execute(c)\n", with.large()[0]))+"kill\n")
			},
			floor: func(_ context.Context, with *setting) (sample, error) {
				return floorStart(with.large())
			},
		}, cannot: map[tool]string{
			kernel: "it stops nobody",
		}}
}
