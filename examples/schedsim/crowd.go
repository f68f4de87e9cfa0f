package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/argusdbg/argus/sched"
	"github.com/argusdbg/argus/sched/sim"
)

// showCrowd has many threads and five times as many goroutines, some of which
// have watchpoints of their own.
func showCrowd(w io.Writer, seed uint64, lanes int) error {
	fmt.Fprintf(w, "\n%d threads of 4 slots, %d goroutines that stay for 10 ms on average, for 200 ms. 12 watchpoints of the process,\n"+
		"one pinned for each 10th thread, one flexible for each 10th goroutine:\n\n", lanes, 5*lanes)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  policy\tturns\tset or cleared a turn\tpinned\tshare of the process's\tlongest wait\tshare of goroutines'\tlongest wait\n")
	for _, p := range policies {
		r, err := sim.Run(crowd(p.Policy, seed, lanes))
		if err != nil {
			return err
		}
		var of [3]spread
		for i := range r.Variables {
			of[r.Variables[i].Variable.Of].add(&r.Variables[i])
		}
		process, pinned, own := of[sched.Process], of[sched.Thread], of[sched.Goroutine]
		fmt.Fprintf(t, "  %s\t%d\t%.2f\t%.0f%%\t%.1f%% to %.1f%%\t%d turns\t%.1f%% on average\t%d turns\n",
			p.name, r.Turns, float64(r.Programmed)/float64(r.Turns), 100*pinned.least,
			100*process.least, 100*process.most, process.wait, 100*own.running/own.enabled, own.wait)
	}
	return t.Flush()
}

func crowd(p sched.Policy, seed uint64, lanes int) sim.Config {
	c := sim.Config{
		Policy: p, Seed: seed, Slots: 4, Lanes: lanes, Slice: slice, Duration: 200 * ms,
		Goroutines: 5 * lanes, Stay: 10 * ms,
	}
	for i := range 12 {
		c.Variables = append(c.Variables, sim.Variable{Name: fmt.Sprint("process", i), Every: 2 * ms})
	}
	for i := 0; i < lanes; i += 10 {
		c.Variables = append(c.Variables, sim.Variable{Name: fmt.Sprint("thread", i), Of: sched.Thread, Owner: i, Pinned: true})
	}
	for i := 0; i < 5*lanes; i += 10 {
		c.Variables = append(c.Variables, sim.Variable{Name: fmt.Sprint("goroutine", i), Of: sched.Goroutine, Owner: i, Every: ms})
	}
	return c
}

// spread is how equal some variables were.
type spread struct {
	n                int
	least, most      float64 // share
	running, enabled float64
	wait             int // the longest, in turns
}

func (s *spread) add(o *sim.Outcome) {
	if o.Times.Enabled == 0 {
		return // its goroutine never ran
	}
	share := o.Share()
	if s.n == 0 {
		s.least, s.most = share, share
	}
	s.n++
	s.least, s.most = min(s.least, share), max(s.most, share)
	s.running += float64(o.Times.Running)
	s.enabled += float64(o.Times.Enabled)
	s.wait = max(s.wait, o.LongestWait)
}
