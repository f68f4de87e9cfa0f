package sched

import (
	"errors"
	"slices"
	"testing"
)

func TestGroupConfig(t *testing.T) {
	p := newFake("data", 4)
	s := New(Config{})
	old := one(t, s.Process(), p, "old", 1, false)
	gone := s.NewTask(Thread, "gone")
	gone.Close()
	twice := &Event{Name: "twice", PMU: p, Need: 1}
	for name, c := range map[string]struct {
		task *Task
		GroupConfig
	}{
		"no events":     {s.Process(), GroupConfig{}},
		"weight":        {s.Process(), GroupConfig{Weight: -1, Events: []*Event{{PMU: p, Need: 1}}}},
		"no PMU":        {s.Process(), GroupConfig{Events: []*Event{{Need: 1}}}},
		"no slots":      {s.Process(), GroupConfig{Events: []*Event{{PMU: p}}}},
		"too many":      {s.Process(), GroupConfig{Events: []*Event{{PMU: p, Need: Unlimited + 1}}}},
		"in a group":    {s.Process(), GroupConfig{Events: old.Events()}},
		"twice":         {s.Process(), GroupConfig{Events: []*Event{twice, twice}}},
		"a closed task": {gone, GroupConfig{Events: []*Event{{PMU: p, Need: 1}}}},
	} {
		c.Name = name
		var refused *AdmissionError
		if g, err := s.NewGroup(c.task, c.GroupConfig); err == nil || errors.As(err, &refused) {
			t.Errorf("%s: %v, %v", name, g, err)
		}
	}
	if n := len(s.Process().Groups()); n != 1 {
		t.Errorf("%d groups are left", n)
	}
	// After a refusal the event may be in another group; after Remove it may not.
	old.Remove()
	if _, err := s.NewGroup(s.Process(), GroupConfig{Events: old.Events()}); err == nil {
		t.Error("an event was used twice")
	}
	wide := &Event{Name: "wide", PMU: p, Need: 4}
	pin := one(t, s.Process(), p, "pin", 1, true)
	if _, err := s.NewGroup(s.Process(), GroupConfig{Events: []*Event{wide}}); err == nil {
		t.Error("a wide group was accepted")
	}
	pin.Remove()
	g, err := s.NewGroup(s.Process(), GroupConfig{Name: "wide", Weight: 7, Events: []*Event{wide}})
	ok(t, err)
	if g.Name() != "wide" || g.Task() != s.Process() || g.Pinned() || g.Weight() != 7 || !slices.Equal(g.Events(), []*Event{wide}) || wide.Group() != g {
		t.Errorf("%+v", g)
	}
}

// TestMixed: members on several PMUs are on together or not at all, though each
// PMU by itself had room for its member.
func TestMixed(t *testing.T) {
	data, code, pages := newFake("data", 2), newFake("code", 1), newFake("pages", Unlimited)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	one(t, s.Process(), code, "x", 1, false)
	g, err := s.NewGroup(s.Process(), GroupConfig{Name: "mixed", Events: []*Event{
		{Name: "d", PMU: data, Need: 1}, {Name: "c", PMU: code, Need: 1}, {Name: "p", PMU: pages, Need: 1}, {Name: "d2", PMU: data, Need: 1}}})
	ok(t, err)
	ok(t, l.Update(0))
	all := func() []string { return slices.Concat(data.on(l), code.on(l), pages.on(l)) }
	if got := all(); !slices.Equal(got, []string{"x"}) || l.State(g) != Waiting {
		t.Errorf("on: %q", got)
	}
	ok(t, l.Turn(10))
	if got := all(); !slices.Equal(got, []string{"d", "d2", "c", "p"}) || l.State(g) != On {
		t.Errorf("after a turn: %q", got)
	}
	code.lane(l).stolen = 1
	ok(t, l.Turn(20))
	if got := all(); len(got) != 0 || l.State(g) != Failed {
		t.Errorf("one PMU is short: %q is on", got)
	}
}

// TestRemove: the account ends at once, the hardware follows with the update.
func TestRemove(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{Prover: honest{}})
	l := s.NewLane(nil, nil, 100)
	a, b := one(t, s.Process(), p, "a", 1, false), one(t, s.Process(), p, "b", 1, false)
	ok(t, l.Update(100))
	l.Advance(130)
	a.Remove()
	b.Remove()
	if l.State(a) != Off || a.events[0].On(l) || !l.Stale() || !slices.Equal(p.on(l), []string{"a"}) {
		t.Errorf("a is %v, the hardware has %q", l.State(a), p.on(l))
	}
	ok(t, l.Update(150))
	if len(p.on(l)) != 0 || l.Stale() {
		t.Errorf("the hardware has %q", p.on(l))
	}
	if x := a.events[0].Times(); x != (Times{Enabled: 30, Running: 30, Turns: 1}) {
		t.Errorf("a: %+v", x)
	}
	if x := b.events[0].Times(); x != (Times{Enabled: 30, Clean: 30}) {
		t.Errorf("b: %+v", x)
	}
	a.events[0].Hit(l)
	if x := a.events[0].Times(); x.Hits != 1 || x.Unplaced != 1 {
		t.Errorf("a hit that came too late: %+v", x)
	}
}
