package sched

import (
	"fmt"
	"slices"
)

// GroupConfig is what [Scheduler.NewGroup] asks for.
type GroupConfig struct {
	Name   string
	Pinned bool     // always on wherever its task runs; otherwise it may take turns
	Weight int      // of a flexible group's share, for policies that weigh; 0 is 1
	Events []*Event // at least one, none of them in a group before
}

// Group is events that go on together or not at all, whichever PMUs they are of.
type Group struct {
	name    string
	task    *Task
	pinned  bool
	weight  int
	seq     uint64
	events  []*Event
	needs   []need
	removed bool

	seats  map[*Lane]*Seat // of a process's or thread's group
	moving *Seat           // of a goroutine's, which goes from lane to lane
}

// need is what a group asks of one PMU.
type need struct {
	pool  *pool
	slots int
}

// NewGroup accepts a group for as long as it exists, or refuses it: see the
// package comment for the condition. It programs nothing. The lanes concerned
// become stale, and the group's time begins there at their last accounted time.
//
// The error is an [*AdmissionError], or says what the configuration lacks.
func (s *Scheduler) NewGroup(t *Task, c GroupConfig) (*Group, error) {
	if err := c.check(t); err != nil {
		return nil, fmt.Errorf("group %q: %w", c.Name, err)
	}
	g := &Group{name: c.Name, task: t, pinned: c.Pinned, weight: max(c.Weight, 1), seq: s.next(), events: slices.Clone(c.Events)}
	for _, e := range g.events {
		e.pool = s.pool(e.PMU)
		g.demand(e.pool, e.Need)
	}
	if err := s.admit(g); err != nil {
		return nil, err
	}
	for _, e := range g.events {
		e.group = g
	}
	if t.kind == Goroutine {
		g.moving = s.newSeat(g)
		if t.lane != nil {
			t.lane.attach(g.moving)
		}
		return g, nil
	}
	g.seats = make(map[*Lane]*Seat)
	for _, l := range t.lanesOf() {
		l.join(g)
	}
	return g, nil
}

func (c *GroupConfig) check(t *Task) error {
	switch {
	case t.closed:
		return fmt.Errorf("%s %q %w; make a new one", t.kind, t.name, ErrClosed)
	case len(c.Events) == 0:
		return fmt.Errorf("has no events; give at least one")
	case c.Weight < 0:
		return fmt.Errorf("weight %d is negative; give 1 or more", c.Weight)
	}
	for i, e := range c.Events {
		switch {
		case e.PMU == nil:
			return fmt.Errorf("event %q has no PMU", e.Name)
		case e.Need < 1 || e.Need > Unlimited:
			return fmt.Errorf("event %q needs %d slots; give 1 to %d", e.Name, e.Need, Unlimited)
		case e.group != nil || slices.Contains(c.Events[:i], e):
			return fmt.Errorf("event %q is in a group already; make another event", e.Name)
		}
	}
	return nil
}

func (g *Group) demand(p *pool, slots int) {
	for i := range g.needs {
		if g.needs[i].pool == p {
			g.needs[i].slots += slots
			return
		}
	}
	g.needs = append(g.needs, need{p, slots})
}

// Remove takes the group out of its task. Its events leave the accounts at once,
// settled at each lane's last accounted time; the hardware follows with each
// lane's next [Lane.Update]. A second Remove does nothing.
func (g *Group) Remove() {
	if g.removed {
		return
	}
	g.removed = true
	if g.moving != nil && g.moving.lane != nil {
		g.moving.lane.detach(g.moving)
	}
	for _, l := range g.task.lanesOf() {
		l.detach(g.seats[l])
	}
	g.task.groups = slices.DeleteFunc(g.task.groups, func(o *Group) bool { return o == g })
	for _, n := range g.needs {
		n.pool.set(g.task, g.task.claim(n.pool))
	}
}

// Name returns what the group was called.
func (g *Group) Name() string { return g.name }

// Task returns whose group it is.
func (g *Group) Task() *Task { return g.task }

// Pinned reports whether the group never takes turns.
func (g *Group) Pinned() bool { return g.pinned }

// Weight returns the group's weight, at least 1.
func (g *Group) Weight() int { return g.weight }

// Events returns the group's events in the order given.
func (g *Group) Events() []*Event { return slices.Clone(g.events) }

// seat returns the group's account on a lane. That of a goroutine's group is the
// same on all, wherever it is now: a hit that comes late belongs to its last turn.
func (g *Group) seat(l *Lane) *Seat {
	if g.moving != nil {
		return g.moving
	}
	return g.seats[l]
}

// eachSeat calls f for the seats that there are, in the order of lanes.
func (g *Group) eachSeat(f func(*Seat)) {
	if g.moving != nil {
		f(g.moving)
	}
	for _, l := range g.task.lanesOf() {
		if s := g.seats[l]; s != nil {
			f(s)
		}
	}
}
