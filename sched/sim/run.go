package sim

import (
	"fmt"
	"math/rand/v2"

	"github.com/argusdbg/argus/sched"
)

// run is a simulation under way.
type run struct {
	c          Config
	rng        *rand.Rand
	s          *sched.Scheduler
	pmu        *slots
	lanes      []*lane
	goroutines []*sched.Task
	at         []int // by goroutine: its lane, or -1
	variables  []*variable
	own        [][]*variable // by goroutine
	queue      queue
	turns      int
}

type lane struct {
	*sched.Lane
	index     int
	goroutine int // -1: none
	turns     int
}

type variable struct {
	Outcome
	event *sched.Event
	group *sched.Group
	lanes []onLane
}

// onLane is a variable on a lane.
type onLane struct {
	here   bool       // it is wanted there
	on     bool       // it is on there
	since  sched.Time // that it is so
	left   int        // the first turn that leaves it off
	missed sched.Time // the last write that was, -1 for none
}

// Run simulates. The error wraps [ErrConfig], or is an [*sched.AdmissionError] if
// the variables cannot be watched together.
func Run(c Config) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r := &run{c: c, rng: rand.New(rand.NewPCG(c.Seed, 0)), pmu: &slots{n: c.Slots, used: map[*sched.Lane]int{}}}
	r.s = sched.New(sched.Config{Policy: c.Policy, Prover: r})
	if err := r.build(); err != nil {
		return nil, err
	}
	for len(r.queue) > 0 {
		h := r.queue.next()
		if h.at >= c.Duration {
			continue
		}
		if err := r.do(h); err != nil {
			return nil, err
		}
	}
	return r.result(), nil
}

// build makes lanes, tasks and groups, and what happens first.
func (r *run) build() error {
	var threads []*sched.Task
	for i := range r.c.Lanes {
		threads = append(threads, r.s.NewTask(sched.Thread, fmt.Sprint("thread ", i)))
		r.lanes = append(r.lanes, &lane{index: i, goroutine: -1})
		r.lanes[i].Lane = r.s.NewLane(threads[i], r.lanes[i], 0)
		// Lanes do not take their turns all at once: each has its place in the slice.
		r.queue.add(happening{at: 1 + int64(i)*r.c.Slice/int64(r.c.Lanes), what: turn, who: i})
		if r.c.Goroutines > 0 {
			r.queue.add(happening{what: move, who: i})
		}
	}
	for i := range r.c.Goroutines {
		r.goroutines = append(r.goroutines, r.s.NewTask(sched.Goroutine, fmt.Sprint("goroutine ", i)))
		r.at = append(r.at, -1)
	}
	r.own = make([][]*variable, r.c.Goroutines)
	for i, c := range r.c.Variables {
		v := &variable{Outcome: Outcome{Variable: c, FirstWrite: -1, FirstHit: -1}}
		v.event = &sched.Event{Name: c.Name, PMU: r.pmu, Need: max(c.Slots, 1), Data: v}
		task := r.s.Process()
		switch c.Of {
		case sched.Thread:
			task = threads[c.Owner]
		case sched.Goroutine:
			task = r.goroutines[c.Owner]
			r.own[c.Owner] = append(r.own[c.Owner], v)
		}
		var err error
		v.group, err = r.s.NewGroup(task, sched.GroupConfig{Name: c.Name, Pinned: c.Pinned, Weight: c.Weight, Events: []*sched.Event{v.event}})
		if err != nil {
			return err
		}
		v.lanes = make([]onLane, r.c.Lanes)
		for j := range v.lanes {
			v.lanes[j].missed = -1
			if c.Of == sched.Process || c.Of == sched.Thread && c.Owner == j {
				v.come(r.lanes[j], 0)
			}
		}
		r.variables = append(r.variables, v)
		if c.Every > 0 {
			r.queue.add(happening{at: r.wait(c.Every), what: write, who: i, left: max(c.Burst, 1) - 1})
		}
	}
	for _, l := range r.lanes {
		if err := l.Update(0); err != nil {
			return err
		}
		r.look(l, 0, false)
	}
	return nil
}

// wait is a time until something that comes at random, at least 1.
func (r *run) wait(mean sched.Time) sched.Time {
	return 1 + sched.Time(r.rng.ExpFloat64()*float64(mean))
}

// do lets one thing happen.
func (r *run) do(h happening) error {
	if h.what == write {
		r.write(h)
		return nil
	}
	l := r.lanes[h.who]
	if h.what == turn {
		r.turns++
		l.turns++
		r.queue.add(happening{at: h.at + r.c.Slice, what: turn, who: h.who})
		err := l.Turn(h.at)
		r.look(l, h.at, true)
		return err
	}
	r.queue.add(happening{at: h.at + r.wait(r.c.Stay), what: move, who: h.who})
	g := r.rng.IntN(r.c.Goroutines)
	if r.at[g] >= 0 {
		return nil // it runs already, here or elsewhere
	}
	if l.goroutine >= 0 {
		r.at[l.goroutine] = -1
		for _, v := range r.own[l.goroutine] {
			v.leave(l, h.at)
		}
	}
	r.at[g], l.goroutine = l.index, g
	for _, v := range r.own[g] {
		v.come(l, h.at)
	}
	err := l.Switch(r.goroutines[g], h.at)
	r.look(l, h.at, false)
	return err
}

// write is a write to a variable, on the lane of whoever does it.
func (r *run) write(h happening) {
	v := r.variables[h.who]
	c := &v.Variable
	if h.left > 0 {
		r.queue.add(happening{at: h.at + r.wait(c.Gap), what: write, who: h.who, left: h.left - 1})
	} else {
		r.queue.add(happening{at: h.at + r.wait(c.Every), what: write, who: h.who, left: max(c.Burst, 1) - 1})
	}
	on := c.Owner
	switch c.Of {
	case sched.Process:
		on = r.rng.IntN(len(r.lanes))
	case sched.Goroutine:
		if on = r.at[c.Owner]; on < 0 {
			return // who does not run does not write
		}
	}
	l := r.lanes[on]
	v.Writes++
	if v.FirstWrite < 0 {
		v.FirstWrite = h.at
	}
	if !v.event.On(l.Lane) {
		v.lanes[on].missed = h.at
		return
	}
	v.event.Hit(l.Lane)
	if v.FirstHit < 0 {
		v.FirstHit = h.at
	}
}

// Clean makes the simulation the scheduler's prover: it knows what was missed.
func (r *run) Clean(l *sched.Lane, e *sched.Event, from, _ sched.Time) bool {
	return e.Data.(*variable).lanes[l.Data().(*lane).index].missed < from
}
