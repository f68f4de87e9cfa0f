package sched

import (
	"errors"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// programmed runs an update and compares who is on.
func (m *machine) programmed(t *rapid.T, ml *mLane, turn bool, update func() error) error {
	before := map[*Event]bool{}
	for _, p := range m.pmus {
		fl := p.lane(ml.l)
		fl.touched = nil
		for _, e := range fl.set {
			before[e] = slices.Contains(fl.reserved, e) // unless a commit failed
		}
	}
	err := update()
	if (err != nil) != ml.l.Stale() || err != nil && !errors.Is(err, errFake) {
		t.Fatalf("stale: %v, error: %v", ml.l.Stale(), err)
	}
	short := false
	for _, p := range m.pmus {
		short = short || ml.l.Slots(p) != ml.slots[p]
	}
	if m.fifo && err == nil && !short {
		m.set(ml, m.plan(ml, turn)) // which changes nothing if nothing came or went
	} else {
		m.adopt(ml)
	}
	m.checkLane(t, ml, before, short, err != nil)
	return err
}

// adopt takes over what the model cannot foresee: another policy's choice, or
// what became of a lane that lost slots.
func (m *machine) adopt(ml *mLane) {
	for _, p := range m.pmus {
		ml.slots[p] = ml.l.Slots(p)
	}
	on := map[*mGroup]bool{}
	m.plan(ml, true) // for who failed
	for _, g := range m.here(ml) {
		on[g] = ml.l.State(g.g) == On
	}
	m.set(ml, on)
	for _, g := range m.groups {
		for _, o := range m.lanes {
			if s := m.seat(o, g); s != nil {
				s.since = g.g.seat(o.l).ticket
			}
		}
	}
	m.clock = max(m.clock, m.s.seq)
}

func (m *machine) checkLane(t *rapid.T, ml *mLane, before map[*Event]bool, short, failed bool) {
	for _, p := range m.pmus {
		fl := p.lane(ml.l)
		if !failed && used(fl.set) > ml.slots[p] {
			t.Fatalf("%d slots of %s are used, there are %d", used(fl.set), p.name, ml.slots[p])
		}
		for _, e := range fl.touched {
			if !failed && before[e] && slices.Contains(fl.set, e) && !short {
				t.Fatalf("%s was right and was programmed", e.Name)
			}
		}
	}
	if failed {
		return
	}
	for _, g := range m.here(ml) {
		s := m.seat(ml, g)
		want := map[bool]State{true: On, false: Waiting}[s.on]
		if s.failed {
			want = Failed
		}
		if got := ml.l.State(g.g); got != want {
			t.Fatalf("%s is %v, should be %v", g.g.name, got, want)
		}
		if s.on && s.off != 0 {
			t.Fatalf("%s is on and was not judged", g.g.name)
		}
		if g.pinned && !s.on && !s.failed {
			t.Fatalf("pinned %s is off", g.g.name)
		}
	}
	// Whoever waits would not fit.
	for _, g := range m.here(ml) {
		free := map[*fake]int{}
		for _, p := range m.pmus {
			free[p] = ml.slots[p] - used(p.lane(ml.l).set)
		}
		if s := m.seat(ml, g); !s.on && !s.failed && g.fits(free) {
			t.Fatalf("%s waits and would fit", g.g.name)
		}
	}
}

// Check is what always holds.
func (m *machine) Check(t *rapid.T) {
	if len(m.faults) > 0 {
		t.Fatal(strings.Join(m.faults, "\n"))
	}
	for e, want := range m.times {
		got := e.Times()
		if got.Enabled != got.Running+got.Clean+got.Blind {
			t.Fatalf("%s does not add up: %+v", e.Name, got)
		}
		got.Turns, got.Unplaced = 0, 0
		if got != *want {
			t.Fatalf("%s: %+v, want %+v", e.Name, got, *want)
		}
	}
	for _, ml := range m.lanes {
		for _, g := range m.groups {
			on := 0
			for _, e := range g.g.events {
				set := slices.Contains(e.PMU.(*fake).lane(ml.l).set, e)
				if set {
					on++
				}
				if e.On(ml.l) && !set {
					t.Fatalf("%s is said to be on, and is not", e.Name)
				}
			}
			if !ml.l.Stale() && on != 0 && on != len(g.g.events) {
				t.Fatalf("%s: %d of %d events are on", g.g.name, on, len(g.g.events))
			}
		}
	}
}
