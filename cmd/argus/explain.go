package main

import (
	"context"
	"fmt"
	"io"

	"github.com/argusdbg/argus/backend"
)

// explainConditions says where it was decided who is meant, and how the conditions were
// evaluated, each once for all places of which the same is to be said.
func (j *job) explainConditions(to io.Writer) error {
	for i, w := range j.watches {
		expr := j.options.watches[i].expr
		switch w.Stats().Selected {
		case backend.SelectedInKernel:
			fmt.Fprintf(to, "argus: %s: the kernel has let pass what other goroutines did, without a stop\n", expr)
		case backend.SelectedByStop:
			fmt.Fprintf(to, "argus: %s: threads have stopped, for it to be seen which goroutine they ran\n", expr)
		}
	}
	if j.cond == "" {
		if j.on != (backend.Selector{}) {
			return nil
		}
		_, err := fmt.Fprintln(to, "argus: --explain: there is no condition")
		return err
	}
	for i, w := range j.watches {
		list, err := w.Explain(context.Background())
		if err != nil {
			return err
		}
		expr := j.options.watches[i].expr
		if len(list) == 0 {
			fmt.Fprintf(to, "argus: %s: there was no hit to evaluate the condition at\n", expr)
		}
		decided, ok := w.(interface{ InKernel() (in bool, why string) })
		if !ok {
			decided = byStop{}
		}
		if in, why := decided.InKernel(); in {
			fmt.Fprintf(to, "argus: %s: the kernel has decided about %d hits, without a stop\n", expr, w.Stats().Unstopped)
		} else {
			fmt.Fprintf(to, "argus: %s: each hit has stopped its thread for the condition, which the kernel cannot decide about: %s\n", expr, why)
		}
		for _, e := range list {
			times := "once"
			if e.Times != 1 {
				times = fmt.Sprintf("%d times", e.Times)
			}
			fmt.Fprintf(to, "argus: %s: if %s, %s\n", expr, e, times)
		}
	}
	return nil
}

// byStop is a variable of every call of a function, which the kernel does not know.
type byStop struct{}

// InKernel says why not.
func (byStop) InKernel() (in bool, why string) { return false, "it is on a stack" }
