package sim

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/sched"
)

// Config is a simulation.
type Config struct {
	Policy sched.Policy // nil: round robin
	Seed   uint64

	Slots    int        // of each lane, at least 1
	Lanes    int        // OS threads, at least 1
	Slice    sched.Time // between two turns of a lane
	Duration sched.Time // of it all

	// Goroutines are as many tasks, which take lanes at random. Each lane changes
	// its goroutine after Stay on average.
	Goroutines int
	Stay       sched.Time

	Variables []Variable
}

// Variable is something watched, in a group of its own.
type Variable struct {
	Name   string
	Of     sched.Kind // whose it is: written by all lanes, by one of them, or by one goroutine
	Owner  int        // which lane or goroutine, from 0
	Slots  int        // that its event needs; 0 is 1
	Pinned bool
	Weight int // 0 is 1

	// Every is the average time between two bursts of writes, 0 for never. They
	// come at random, as calls do. A burst is Burst writes (0 is 1), Gap apart on
	// average.
	Every sched.Time
	Burst int
	Gap   sched.Time
}

// ErrConfig is what all errors about a [Config] wrap.
var ErrConfig = errors.New("no such simulation")

func (c *Config) check() error {
	switch {
	case c.Slots < 1 || c.Lanes < 1:
		return fmt.Errorf("%w: %d lanes of %d slots; give at least one of each", ErrConfig, c.Lanes, c.Slots)
	case c.Slice < 1 || c.Duration < 1:
		return fmt.Errorf("%w: slices of %d ns for %d ns; give at least 1 for each", ErrConfig, c.Slice, c.Duration)
	case c.Goroutines < 0 || c.Goroutines > 0 && c.Stay < 1:
		return fmt.Errorf("%w: %d goroutines that stay for %d ns; give at least 1 ns", ErrConfig, c.Goroutines, c.Stay)
	}
	for _, v := range c.Variables {
		owners := map[sched.Kind]int{sched.Process: 1, sched.Thread: c.Lanes, sched.Goroutine: c.Goroutines}[v.Of]
		switch {
		case v.Owner < 0 || v.Owner >= owners:
			return fmt.Errorf("%w: %s is of %v %d, and there are %d", ErrConfig, v.Name, v.Of, v.Owner, owners)
		case v.Every < 0 || v.Gap < 0 || v.Burst < 0 || v.Slots < 0:
			return fmt.Errorf("%w: %s has a negative number", ErrConfig, v.Name)
		}
	}
	return nil
}
