package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"

	"github.com/argusdbg/argus/sched"
	"github.com/argusdbg/argus/sched/sim"
)

// showRare looks for the writer of one variable among 32, which is seldom
// written, in many programs.
func showRare(w io.Writer, seed uint64, trials int) error {
	fmt.Fprintf(w, "\nOne thread, 4 slots, 32 watchpoints: 20 are never written, 11 twice a second. The one we are after is written in\n"+
		"bursts, one in a second on average, of so many writes 5 ms apart. How long its writer goes on until it is caught\n"+
		"for the first time, in %d programs of 10 s each (not caught counts as 10 s):\n\n", trials)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "  burst\tpolicy\tmedian\t95 of 100\tnot caught\tshare\thits of writes\n")
	for _, burst := range []int{1, 10, 50} {
		for _, p := range []struct {
			name   string
			policy sched.Policy
			weight int
		}{
			{"round robin", sched.RoundRobin{}, 1},
			{"weighted, 4 times the others", sched.Weighted{}, 4},
			{"adaptive", sched.Adaptive{}, 1},
		} {
			found, err := try(trials, func(i int) sim.Config { return rare(p.policy, seed+uint64(i), burst, p.weight) })
			if err != nil {
				return err
			}
			fmt.Fprintf(t, "  %d\t%s\t%d ms\t%d ms\t%d\t%.1f%%\t%.1f%%\n", burst, p.name,
				found.percentile(50)/ms, found.percentile(95)/ms, found.missed, 100*found.share, 100*found.hits/found.writes)
		}
	}
	return t.Flush()
}

func rare(p sched.Policy, seed uint64, burst, weight int) sim.Config {
	c := sim.Config{Policy: p, Seed: seed, Slots: 4, Lanes: 1, Slice: slice, Duration: 10 * second}
	c.Variables = append(c.Variables, sim.Variable{Name: "rare", Weight: weight, Every: second, Burst: burst, Gap: 5 * ms})
	for i := range 31 {
		v := sim.Variable{Name: fmt.Sprint("other", i)}
		if i < 11 {
			v.Every = 500 * ms
		}
		c.Variables = append(c.Variables, v)
	}
	return c
}

// found is how the first variable of many programs fared.
type found struct {
	caught       []sched.Time // sorted
	missed       int
	share        float64 // on average
	hits, writes float64
}

func (f *found) percentile(p int) sched.Time { return f.caught[(len(f.caught)-1)*p/100] }

// try runs the programs side by side.
func try(trials int, program func(int) sim.Config) (*found, error) {
	results, errs := make([]*sim.Result, trials), make([]error, trials)
	var wg sync.WaitGroup
	for i := range trials {
		wg.Go(func() { results[i], errs[i] = sim.Run(program(i)) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	f := &found{}
	for _, r := range results {
		o := &r.Variables[0]
		d := o.Caught()
		if d < 0 {
			f.missed++
			d = o.Times.Enabled
		}
		f.caught = append(f.caught, d)
		f.share += o.Share() / float64(trials)
		f.hits += float64(o.Times.Hits)
		f.writes += float64(o.Writes)
	}
	slices.Sort(f.caught)
	return f, nil
}
