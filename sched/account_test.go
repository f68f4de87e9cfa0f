package sched

import "testing"

// judge is a prover that can be told, and checks what it is told.
type judge struct {
	clean bool
	armed func(*Lane, *Event) bool
	asked []Time // from, to
	bare  bool   // asked about one that was not armed
}

func (j *judge) Clean(l *Lane, e *Event, from, to Time) bool {
	j.asked = append(j.asked, from, to)
	j.bare = j.bare || !j.armed(l, e)
	return j.clean
}

// TestBlind: an interval is blind until it is judged, and judged when the
// hardware is set again.
func TestBlind(t *testing.T) {
	p := newFake("data", 1)
	j := &judge{armed: func(l *Lane, e *Event) bool {
		set := p.lane(l).set
		return len(set) == 1 && set[0] == e
	}}
	s := New(Config{Prover: j})
	l := s.NewLane(nil, nil, 0)
	e := one(t, s.Process(), p, "a", 1, false).events[0]
	one(t, s.Process(), p, "b", 1, false)
	check := func(want Times) {
		t.Helper()
		got := e.Times()
		want.Turns = got.Turns
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	ok(t, l.Update(0)) // a
	ok(t, l.Turn(10))  // b
	l.Advance(15)
	check(Times{Enabled: 15, Running: 10, Blind: 5})
	j.clean = true
	ok(t, l.Turn(20)) // a, and clean
	check(Times{Enabled: 20, Running: 10, Clean: 10})
	j.clean = false
	ok(t, l.Turn(30)) // b
	ok(t, l.Turn(45)) // a, and dirty
	check(Times{Enabled: 45, Running: 20, Clean: 10, Blind: 15, Dirty: 1})
	if j.bare {
		t.Error("asked before the hardware was set")
	}
	ok(t, l.Turn(50)) // b
	j.clean, j.asked = true, nil
	l.Settle(60) // clean so far
	check(Times{Enabled: 60, Running: 25, Clean: 20, Blind: 15, Dirty: 1})
	l.Settle(60)
	j.clean = false
	ok(t, l.Turn(70)) // a: only the rest is judged
	check(Times{Enabled: 70, Running: 25, Clean: 20, Blind: 25, Dirty: 2})
	if want := [4]Time{50, 60, 60, 70}; len(j.asked) != 4 || [4]Time(j.asked) != want {
		t.Errorf("asked about %v, want %v", j.asked, want)
	}
	if l.Now() != 70 {
		t.Error(l.Now())
	}
	l.Advance(60) // never back
	if l.Now() != 70 {
		t.Error(l.Now())
	}
}

// TestFailedCommit: what the hardware did not take does not count as running.
func TestFailedCommit(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	g := one(t, s.Process(), p, "a", 1, true)
	p.lane(l).fail = errFake
	if err := l.Update(0); err == nil || !l.Stale() || l.State(g) != Waiting {
		t.Errorf("%v; %v", err, l.State(g))
	}
	ok(t, l.Update(10))
	l.Advance(15)
	if x := g.events[0].Times(); x.Running != 5 || x.Blind != 10 || l.Stale() {
		t.Errorf("%+v", x)
	}
	// The same with an Add that fails, and the others are on nevertheless.
	s.Process().Groups()[0].Remove()
	q := newFake("code", 2)
	bad, good := one(t, s.Process(), q, "bad", 1, true), one(t, s.Process(), q, "good", 1, true)
	q.lane(l).failAdd = bad.events[0]
	if err := l.Update(20); err == nil || !l.Stale() || l.State(bad) != Waiting || l.State(good) != On {
		t.Errorf("%v; %v, %v", err, l.State(bad), l.State(good))
	}
	q.lane(l).failAdd = nil
	ok(t, l.Update(30))
	if l.State(bad) != On {
		t.Error(l.State(bad))
	}
}
