package sched

import (
	"slices"
	"testing"
)

// TestTwelveOnFour: each of twelve has a third of the time, whatever the policy.
func TestTwelveOnFour(t *testing.T) {
	for _, policy := range []Policy{nil, RoundRobin{}, Weighted{}, Adaptive{}} {
		p := newFake("data", 4)
		s := New(Config{Policy: policy})
		l := s.NewLane(nil, nil, 0)
		var groups []*Group
		for i := range 12 {
			groups = append(groups, one(t, s.Process(), p, string(rune('a'+i)), 1, false))
		}
		ok(t, l.Update(0))
		for now := Time(10); now <= 3000; now += 10 {
			ok(t, l.Turn(now))
			if n := len(p.on(l)); n != 4 {
				t.Fatalf("%T: %d on", policy, n)
			}
		}
		for _, g := range groups {
			x := g.Events()[0].Times()
			within := Time(0)
			if policy == (Adaptive{}) {
				within = 50 // boosts come and go
			}
			if x.Enabled != 3000 || x.Running < 1000-within || x.Running > 1000+within || x.Blind != 3000-x.Running {
				t.Errorf("%T: %s: %+v", policy, g.Name(), x)
			}
		}
	}
}

// TestFourOnEachThread: the mail's first example.
func TestFourOnEachThread(t *testing.T) {
	p := newFake("data", 4)
	s := New(Config{})
	for _, name := range []string{"a", "b"} {
		thread := s.NewTask(Thread, name)
		l := s.NewLane(thread, nil, 0)
		for i := range 4 {
			one(t, thread, p, name+string(rune('0'+i)), 1, true)
		}
		ok(t, l.Update(0))
		want := []string{name + "0", name + "1", name + "2", name + "3"}
		if got := p.on(l); !slices.Equal(got, want) {
			t.Errorf("on: %q", got)
		}
	}
}
