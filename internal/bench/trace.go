package main

import (
	"context"
	"fmt"

	"github.com/argusdbg/argus/backend"
)

// traceCase is every write recorded with its stack, without a stop. What reads the records
// counts as the tool's, and a write without a record as one that it has not seen.
func traceCase() benchmark {
	h := hits{what: "x", threads: 1}
	return benchmark{name: "trace", title: "every write is recorded, with its stack", unit: nanoseconds,
		run: map[tool]measure{argus: h.trace, kernel: h.kernel},
		cannot: map[tool]string{
			delve: "it stops at each watchpoint",
			gdb:   "it stops at each watchpoint",
			floor: "it stops",
		},
		goals: []goal{{Of: argus, To: kernel, AtMost: 1.25}}}
}

// trace records with package backend.
func (h hits) trace(ctx context.Context, with *setting) (sample, error) {
	s, err := launch(ctx, with.hot(h))
	if err != nil {
		return sample{}, err
	}
	defer s.Close()
	t, err := s.Trace(ctx, h.expr(), backend.TraceOptions{Stack: 16})
	if err != nil {
		return sample{}, err
	}
	defer t.Close()
	read := make(chan error, 1)
	go func() {
		for _, err := range t.Records(ctx) {
			if err != nil {
				read <- err
				return
			}
		}
		read <- nil
	}()
	ev, err := s.Continue(ctx)
	if err != nil {
		return sample{}, err
	}
	if exit, ok := ev.(*backend.Exit); !ok || exit.Status != 0 {
		return sample{}, fmt.Errorf("argus: the program was to run to its end: %v", ev)
	}
	if err := <-read; err != nil {
		return sample{}, err
	}
	return with.result(t.Stats().Records, h.expected)
}
