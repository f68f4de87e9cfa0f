package sched

import (
	"math"
	"testing"
)

// TestWeighted: shares go by weight, and newcomers have saved nothing up.
func TestWeighted(t *testing.T) {
	p := newFake("data", 2)
	s := New(Config{Policy: Weighted{}})
	l := s.NewLane(nil, nil, 0)
	var groups []*Group
	add := func(weight int) {
		g, err := s.NewGroup(s.Process(), GroupConfig{Weight: weight, Events: []*Event{{PMU: p, Need: 1}}})
		ok(t, err)
		groups = append(groups, g)
	}
	for _, weight := range []int{0, 2, 3, 4} {
		add(weight)
	}
	now := Time(0)
	shares := func() (running []float64) {
		var before []Times
		for _, g := range groups {
			before = append(before, g.events[0].Times())
		}
		for range 3000 {
			now += 10
			ok(t, l.Turn(now))
		}
		for i, g := range groups {
			running = append(running, float64(g.events[0].Times().Running-before[i].Running)/30000)
		}
		return running
	}
	for i, got := range shares() {
		if want := []float64{0.2, 0.4, 0.6, 0.8}[i]; math.Abs(got-want) > 0.02 {
			t.Errorf("weight %d: %.3f of the time, want %.3f", groups[i].Weight(), got, want)
		}
	}
	add(2)
	for i, got := range shares() {
		if want := []float64{1 / 6., 2 / 6., 3 / 6., 4 / 6., 2 / 6.}[i]; math.Abs(got-want) > 0.02 {
			t.Errorf("with a fifth: weight %d: %.3f of the time, want %.3f", groups[i].Weight(), got, want)
		}
	}
}

// dirtyOne is a prover for which one event is never clean.
type dirtyOne struct{ e *Event }

func (d *dirtyOne) Clean(_ *Lane, e *Event, _, _ Time) bool { return e != d.e }

// TestAdaptive: who misses something gets more, up to eight times, and less again.
func TestAdaptive(t *testing.T) {
	p := newFake("data", 1)
	d := &dirtyOne{}
	s := New(Config{Policy: Adaptive{}, Prover: d})
	l := s.NewLane(nil, nil, 0)
	var events []*Event
	for range 9 {
		events = append(events, one(t, s.Process(), p, "e", 1, false).events[0])
	}
	ok(t, l.Update(0))
	e, now := events[8], Time(0)
	share := func(hits bool) float64 {
		before := e.Times().Running
		for range 2000 {
			if now++; hits && e.On(l) {
				e.Hit(l)
			}
			ok(t, l.Turn(now))
		}
		return float64(e.Times().Running-before) / 2000
	}
	if got := share(false); math.Abs(got-1/9.) > 0.01 {
		t.Errorf("clean: %.3f", got)
	}
	d.e = e
	seat := e.seat(l)
	// The others may wait for 9 turns: 8 of 10 turns are theirs.
	if got := share(false); math.Abs(got-0.2) > 0.01 || seat.Boost != MaxBoost {
		t.Errorf("dirty: %.3f, boost %d", got, seat.Boost)
	}
	if share(true); seat.Boost > 2 {
		t.Errorf("dirty, and caught: boost %d", seat.Boost)
	}
	share(false)
	d.e = nil
	share(false)
	if got := share(false); math.Abs(got-1/9.) > 0.01 || seat.Boost > 1 {
		t.Errorf("clean again: %.3f, boost %d", got, seat.Boost)
	}
}

// TestCalm: a boosted group that never leaves is not boosted for ever.
func TestCalm(t *testing.T) {
	s := &Seat{group: &Group{weight: 1}, Boost: MaxBoost}
	for range 2*calmTurns - 1 {
		Adaptive{}.Ran(s, 1)
	}
	if s.Boost != MaxBoost/2 {
		t.Errorf("boost %d", s.Boost)
	}
	Adaptive{}.Returned(s, true, 1)
	if s.Boost != MaxBoost/4 {
		t.Errorf("boost %d", s.Boost)
	}
	s.hits = 1
	Adaptive{}.Ran(s, 1)
	if s.Boost != 0 || s.Calm != 0 {
		t.Errorf("boost %d after a hit", s.Boost)
	}
}

// TestSeat: what a policy sees.
func TestSeat(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	a, b := one(t, s.Process(), p, "a", 1, false), one(t, s.Process(), p, "b", 1, false)
	one(t, s.Process(), p, "c", 1, false)
	ok(t, l.Update(0))
	ok(t, l.Turn(1)) // b
	ok(t, l.Turn(2)) // c
	x, y := a.seat(l), b.seat(l)
	if x.Group() != a || x.On() || x.Waited() != 2 || y.Waited() != 1 || x.Ticket() >= y.Ticket() || x.Weight() != 1 {
		t.Errorf("%+v %+v", x, y)
	}
	ok(t, l.Turn(3))
	a.events[0].Hit(l)
	if !x.On() || x.Waited() != 0 || x.Hits() != 1 {
		t.Errorf("%+v", x)
	}
	ok(t, l.Turn(4))
	if x.Hits() != 0 {
		t.Error("hits that the policy was told of")
	}
}

// TestNoTime: a turn in which the lane did not run takes nobody's turn away.
func TestNoTime(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	a, b := one(t, s.Process(), p, "a", 1, false), one(t, s.Process(), p, "b", 1, false)
	ok(t, l.Update(0))
	for range 3 {
		ok(t, l.Turn(0))
		if l.State(a) != On {
			t.Fatal("a did not run and lost its turn")
		}
	}
	for range 3 {
		ok(t, l.Turn(5))
		if l.State(b) != On {
			t.Fatal("b did not run and lost its turn")
		}
	}
}
