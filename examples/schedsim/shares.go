package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/argusdbg/argus/sched"
	"github.com/argusdbg/argus/sched/sim"
)

const slice = 2 * ms // the length of a turn in all simulations

// showShares watches twelve variables on one thread's four slots: one is pinned,
// some weigh more, one is written in bursts.
func showShares(w io.Writer, seed uint64) ([]*sim.Result, error) {
	const shown = 120 * ms
	var all []*sim.Result
	fmt.Fprintf(w, "One thread, 4 slots, 12 watchpoints, turns of 2 ms.\n")
	for _, p := range policies {
		c := sim.Config{Policy: p.Policy, Seed: seed, Slots: 4, Lanes: 1, Slice: slice, Duration: 20 * second}
		c.Variables = append(c.Variables, sim.Variable{Name: "pinned", Pinned: true, Every: 20 * ms})
		for i := range 7 {
			c.Variables = append(c.Variables, sim.Variable{Name: fmt.Sprintf("steady%d", i+1), Every: 5 * ms})
		}
		for i := range 3 {
			c.Variables = append(c.Variables, sim.Variable{Name: fmt.Sprintf("heavy%d", i+1), Weight: 3, Every: 5 * ms})
		}
		c.Variables = append(c.Variables, sim.Variable{Name: "bursts", Every: 400 * ms, Burst: 40, Gap: 5 * ms})
		r, err := sim.Run(c)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
		fmt.Fprintf(w, "\n%s: the first %d ms, 2 ms a column\n\n", p.name, shown/ms)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "  watchpoint\ton (#)\tshare\tclean\tlongest wait\twrites\thits\testimate\n")
		for _, o := range r.Variables {
			fmt.Fprintf(t, "  %s\t%s\t%.1f%%\t%.1f%%\t%d turns\t%d\t%d\t%.0f ± %.0f\n",
				o.Variable.Name, timeline(o.On, shown), 100*o.Share(), 100*float64(o.Times.Clean)/float64(o.Times.Enabled),
				o.LongestWait, o.Writes, o.Times.Hits, o.Estimate.Hits, o.Estimate.Err)
		}
		t.Flush()
	}
	return all, nil
}

// timeline draws when something was on, a character a turn.
func timeline(on []sim.Span, until sched.Time) string {
	line := make([]byte, until/slice)
	for i := range line {
		line[i] = '.'
		middle := sched.Time(i)*slice + slice/2
		for _, s := range on {
			if s.From <= middle && middle < s.To {
				line[i] = '#'
			}
		}
	}
	return string(line)
}
