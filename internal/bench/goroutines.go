package main

import (
	"context"
	"fmt"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/backend"
)

const goroutines = 10_000

// goroutinesCase is the first list of many goroutines, with where each is, began and was
// made.
func goroutinesCase() benchmark {
	return listing("goroutines", "the first list of 10,000 goroutines", 0)
}

// goroutinesNextCase is the list at the next stop.
func goroutinesNextCase() benchmark {
	return listing("goroutines-next", "the same list at the next stop", 1)
}

func listing(name, title string, stops int) benchmark {
	args := func(with *setting) []string { return []string{with.program("parked"), fmt.Sprint(goroutines)} }
	const place = "main.settled"
	return benchmark{name: name, title: title, unit: nanoseconds, goals: []goal{{Of: delve, To: argus, AtLeast: 5}}, run: map[tool]measure{
		argus: func(ctx context.Context, with *setting) (sample, error) {
			s, _, err := argusAt(ctx, args(with), place)
			if err != nil {
				return sample{}, err
			}
			defer s.Close()
			return listed(stops, func() error { return argusOn(ctx, s) }, func() (int, error) {
				list, _, err := s.GoroutinePage(ctx, backend.GoroutineQuery{})
				return len(list), err
			})
		},
		delve: func(_ context.Context, with *setting) (sample, error) {
			addr, err := symbol(args(with)[0], place)
			if err != nil {
				return sample{}, err
			}
			g, _, err := delveAt(args(with), addr)
			if err != nil {
				return sample{}, err
			}
			defer g.Detach(true)
			return listed(stops, g.Continue, func() (int, error) {
				list, _, err := proc.GoroutinesInfo(g.Selected, 0, 0)
				for _, one := range list {
					one.UserCurrent()
					one.Go()
					one.StartLoc(g.Selected)
				}
				return len(list), err
			})
		},
	}, cannot: map[tool]string{
		gdb:    "it knows no goroutines",
		floor:  "it knows no goroutines",
		kernel: "it knows no goroutines",
	}}
}

// listed is what the last list takes of one at each of some stops.
func listed(stops int, goOn func() error, list func() (int, error)) (sample, error) {
	for ; ; stops-- {
		w := watchFor(0)
		n, err := list()
		took := w.stop(1)
		if err != nil {
			return sample{}, err
		}
		if n < goroutines {
			return sample{}, fmt.Errorf("%d goroutines listed of %d", n, goroutines)
		}
		if stops == 0 {
			return took, nil
		}
		if err := goOn(); err != nil {
			return sample{}, err
		}
	}
}
