package sched

import (
	"math"
	"slices"
	"testing"
)

// TestBackFromFailure: who was failed begins to wait when it is back, behind those
// that wait already, and among those that come back the order is that of waiting.
func TestBackFromFailure(t *testing.T) {
	p := newFake("data", 2)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	one(t, s.Process(), p, "first", 1, false)
	one(t, s.Process(), p, "wide", 2, false)
	ok(t, l.Update(0))
	l.SetSlots(p, 0)
	ok(t, l.Update(1)) // first has run, so that wide has waited longer now
	l.SetSlots(p, 2)
	ok(t, l.Update(1))
	if got := p.on(l); !slices.Equal(got, []string{"wide"}) {
		t.Errorf("all failed, and back is %q", got)
	}
	l.SetSlots(p, 1)
	ok(t, l.Update(2)) // wide fails, first is on
	one(t, s.Process(), p, "second", 1, false)
	ok(t, l.Update(2))
	l.SetSlots(p, 2)
	ok(t, l.Update(3)) // second fits beside first; wide is back, and last
	ok(t, l.Turn(4))   // wide's turn: the others have run
	if got := p.on(l); !slices.Equal(got, []string{"wide"}) {
		t.Errorf("on: %q", got)
	}
	one(t, s.Process(), p, "third", 1, false)
	ok(t, l.Update(5))
	l.SetSlots(p, 1)
	for now := Time(6); now < 12; now++ {
		ok(t, l.Turn(now)) // wide fails, and all the others run and wait again
	}
	l.SetSlots(p, 2)
	ok(t, l.Turn(12))
	if got := p.on(l); len(got) != 2 || slices.Contains(got, "wide") {
		t.Errorf("back from failure, and on before those that waited: %q", got)
	}
}

// TestNothingSavedUp: neither on another lane nor in the error state does a group
// save up turns, or lose any.
func TestNothingSavedUp(t *testing.T) {
	p := newFake("data", 3)
	s := New(Config{Policy: Weighted{}})
	l, young := s.NewLane(nil, nil, 0), s.NewLane(nil, nil, 0)
	for _, name := range []string{"a", "b", "c"} {
		one(t, s.Process(), p, name, 1, false)
	}
	wide := one(t, s.Process(), p, "wide", 2, false)
	g := s.NewTask(Goroutine, "g")
	own := one(t, g, p, "own", 1, false)
	now := Time(0)
	// share is what a group has of the next 600 turns of a lane.
	share := func(l *Lane, of *Group) float64 {
		ran := 0
		for range 600 {
			now++
			ok(t, l.Turn(now))
			if l.State(of) == On {
				ran++
			}
		}
		return float64(ran) / 600
	}
	ok(t, l.Switch(g, 0))
	for range 20 {
		share(l, own)
	}
	want := share(l, own)
	ok(t, l.Switch(nil, now))
	ok(t, young.Switch(g, now))
	if got := share(young, own); math.Abs(got-want) > 0.03 {
		t.Errorf("on a younger lane: %.3f of the turns, %.3f before", got, want)
	}
	if got := share(young, own); math.Abs(got-want) > 0.03 {
		t.Errorf("later on a younger lane: %.3f of the turns, %.3f before", got, want)
	}
	ok(t, young.Switch(nil, now))
	for range 5 {
		share(l, wide) // whoever was on meanwhile has had a very long turn
	}
	want = share(l, wide)
	l.SetSlots(p, 1)
	for range 20 {
		share(l, wide)
	}
	late := one(t, s.Process(), p, "late", 1, false)
	if got := share(l, late); math.Abs(got-1/4.) > 0.03 {
		t.Errorf("a newcomer while another is failed: %.3f of the turns", got)
	}
	late.Remove()
	l.SetSlots(p, 3)
	ok(t, l.Update(now))
	if got := share(l, wide); math.Abs(got-want) > 0.03 {
		t.Errorf("back from the error state: %.3f of the turns, %.3f before", got, want)
	}
	// A time without need for turns counts for those that ran.
	wide.Remove()
	ok(t, l.Update(now))
	now += 100000
	ok(t, l.Turn(now))
	late = one(t, s.Process(), p, "later", 1, false)
	if got := share(l, late); math.Abs(got-3/4.) > 0.03 {
		t.Errorf("a newcomer after a quiet time: %.3f of the turns", got)
	}
}

// TestPinnedOrder: when slots are lost the process's pinned groups are the last to
// fail, and the oldest of each.
func TestPinnedOrder(t *testing.T) {
	p := newFake("data", 4)
	s := New(Config{})
	thread, g := s.NewTask(Thread, "t"), s.NewTask(Goroutine, "g")
	l := s.NewLane(thread, nil, 0)
	ok(t, l.Switch(g, 0))
	one(t, g, p, "4 goroutine", 1, true)
	one(t, thread, p, "3 thread", 1, true)
	one(t, s.Process(), p, "1 process", 1, true)
	one(t, s.Process(), p, "2 younger", 1, true)
	want := []string{"1 process", "2 younger", "3 thread", "4 goroutine"}
	for n := 4; n >= 0; n-- {
		l.SetSlots(p, n)
		ok(t, l.Update(0))
		if got := p.on(l); !slices.Equal(got, want[:n]) {
			t.Errorf("%d slots: %q", n, got)
		}
	}
}
