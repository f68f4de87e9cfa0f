package sched

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// changes is an observer that remembers.
type changes struct {
	told []string
	why  error // the last
}

func (c *changes) Changed(l *Lane, g *Group, s State, why error) {
	c.told = append(c.told, fmt.Sprint(g.Name(), " ", s))
	c.why = why
}

// TestForeign: slots that others take and give back, told by the owner or found
// out by a PMU, in Add or in Commit.
func TestForeign(t *testing.T) {
	for _, how := range []string{"told", "add", "commit"} {
		p := newFake("data", 4)
		var seen changes
		s := New(Config{Observer: &seen})
		l := s.NewLane(nil, nil, 0)
		pin := one(t, s.Process(), p, "pin", 1, true)
		wide := one(t, s.Process(), p, "wide", 3, false)
		one(t, s.Process(), p, "small", 1, false)
		ok(t, l.Update(0))
		lose := func(n int) {
			if how == "told" {
				l.SetSlots(p, 4-n)
				return
			}
			l.SetSlots(p, 4)
			p.lane(l).stolen, p.lane(l).early = n, how == "add"
			l.stale = true
			pin.Remove() // so that something is programmed
			pin = one(t, s.Process(), p, "pin", 1, true)
		}
		lose(2)
		ok(t, l.Update(10))
		if got := p.on(l); !slices.Equal(got, []string{"pin", "small"}) || l.Slots(p) != 2 {
			t.Errorf("%s: with 2 slots: %q", how, got)
		}
		var short *ShortError
		if !errors.As(seen.why, &short) || short.PMU != "data" || short.Slots != 2 || (short.Err != nil) != (how != "told") {
			t.Errorf("%s: failed because of %v", how, seen.why)
		}
		lose(4)
		ok(t, l.Update(20))
		if got := p.on(l); len(got) != 0 || l.State(pin) != Failed || l.Over() {
			t.Errorf("%s: with no slots: %q", how, got)
		}
		lose(0)
		ok(t, l.Update(30))
		if got := p.on(l); !slices.Equal(got, []string{"pin", "wide"}) && !slices.Equal(got, []string{"pin", "small"}) {
			t.Errorf("%s: all are back: %q", how, got)
		}
		l.SetSlots(p, -1)
		l.SetSlots(p, 99)
		if l.Slots(p) != 4 {
			t.Errorf("%s: %d slots", how, l.Slots(p))
		}
		want := []string{"wide failed", "pin failed", "small failed"}
		for _, w := range want {
			if n := len(slices.DeleteFunc(slices.Clone(seen.told), func(s string) bool { return s != w })); n != 1 {
				t.Errorf("%s: told %q %d times: %q", how, w, n, seen.told)
			}
		}
		if n := len(seen.told); n != 6 || seen.why != nil {
			t.Errorf("%s: told %q", how, seen.told)
		}
		if x := wide.events[0].Times(); x.Enabled != 30 || x.Blind != 20 || x.Running != 10 {
			t.Errorf("%s: %+v", how, x)
		}
	}
}

// TestCause: of two PMUs that lost slots the reason is the one with too few.
func TestCause(t *testing.T) {
	var seen changes
	data, code := newFake("data", 4), newFake("code", 4)
	s := New(Config{Observer: &seen})
	l := s.NewLane(nil, nil, 0)
	for _, names := range [][2]*fake{{data, code}, {code, data}} {
		g, err := s.NewGroup(s.Process(), GroupConfig{Events: []*Event{{PMU: names[0], Need: 2}, {PMU: names[1], Need: 2}}})
		ok(t, err)
		l.SetSlots(data, 3)
		l.SetSlots(code, 1)
		ok(t, l.Update(0))
		var short *ShortError
		if !errors.As(seen.why, &short) || short.PMU != "code" || short.Slots != 1 {
			t.Error(seen.why)
		}
		g.Remove()
	}
	if want := []string{" failed", " off", " failed", " off"}; !slices.Equal(seen.told, want) {
		t.Errorf("told %q", seen.told)
	}
}

// liar says that it is short of slots whatever is asked of it.
type liar struct{ quiet }

func (*liar) Commit(*Lane) error { return &ShortError{PMU: "liar", Slots: 1000} }

// TestLiar: a PMU that makes no sense is an error, not an endless loop.
func TestLiar(t *testing.T) {
	p := &liar{quiet{4}}
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	one(t, s.Process(), p, "a", 2, true)
	g := one(t, s.Process(), p, "b", 2, false)
	var short *ShortError
	if err := l.Update(0); !errors.As(err, &short) || l.State(g) != Failed || !l.Stale() {
		t.Errorf("%v; %v", err, l.State(g))
	}
}

func TestLane(t *testing.T) {
	p := newFake("data", 4)
	s := New(Config{})
	thread, g := s.NewTask(Thread, "t"), s.NewTask(Goroutine, "g")
	l := s.NewLane(thread, "data", 5)
	other := s.NewLane(nil, nil, 0)
	if l.Data() != "data" || l.Thread() != thread || !l.Stale() || !slices.Equal(s.Lanes(), []*Lane{l, other}) {
		t.Errorf("%+v", l)
	}
	own, gs := one(t, thread, p, "own", 1, true), one(t, g, p, "g's", 1, false)
	pin := one(t, g, p, "g's pin", 1, true)
	ok(t, l.Update(5))
	ok(t, l.Switch(g, 10))
	if got := p.on(l); !slices.Equal(got, []string{"g's", "g's pin", "own"}) || l.Goroutine() != g {
		t.Errorf("on: %q", got)
	}
	// Another lane gets the goroutine before this one has said that it left.
	ok(t, other.Switch(g, 3))
	if l.Goroutine() != nil || !l.Stale() || l.State(gs) != Off || other.State(gs) != On || l.State(own) != On {
		t.Errorf("the goroutine is on %v and %v", l.State(gs), other.State(gs))
	}
	writes := p.lane(l).writes
	ok(t, l.Switch(g, 11)) // and back: nothing has to be written
	if p.lane(l).writes != writes || l.State(pin) != On {
		t.Errorf("%d writes, %v", p.lane(l).writes-writes, l.State(pin))
	}
	// A group that comes and goes while its goroutine runs.
	more := one(t, g, p, "more", 1, false)
	ok(t, l.Update(12))
	if l.State(more) != On {
		t.Error(l.State(more))
	}
	g.Close()
	if l.Goroutine() != nil || l.State(gs) != Off || len(g.Groups()) != 0 {
		t.Error("a closed goroutine is still there")
	}
	if err := l.Switch(g, 13); !errors.Is(err, ErrClosed) {
		t.Errorf("switch to a closed goroutine: %v", err)
	}
	l.Close(20)
	l.Close(20)
	l.SetSlots(p, 1)
	l.Advance(30)
	if x := own.events[0].Times(); x.Enabled != 15 || x.Running != 15 {
		t.Errorf("%+v", x)
	}
	for _, err := range []error{l.Update(30), l.Turn(30), l.Switch(nil, 30)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("a closed lane: %v", err)
		}
	}
	if !slices.Equal(s.Lanes(), []*Lane{other}) || len(thread.lanes) != 0 || l.Stale() || l.State(own) != Off {
		t.Error("a closed lane is still there")
	}
	// A thread's next lane has its groups.
	l = s.NewLane(thread, nil, 0)
	ok(t, l.Update(0))
	if l.State(own) != On {
		t.Error(l.State(own))
	}
}

// TestClosedLane: its goroutine is on no lane, and its turns are kept.
func TestClosedLane(t *testing.T) {
	p := newFake("data", 1)
	s := New(Config{})
	g := s.NewTask(Goroutine, "g")
	l, other := s.NewLane(nil, nil, 0), s.NewLane(nil, nil, 0)
	ok(t, other.Update(0))
	e := one(t, s.Process(), p, "a", 1, false).events[0]
	one(t, s.Process(), p, "b", 1, false)
	ok(t, l.Switch(g, 0))
	for now := Time(1); now <= 5; now++ { // a was on three times
		ok(t, l.Turn(now))
	}
	l.Close(5)
	if x := e.Estimate(); !x.Known {
		t.Errorf("%+v of %+v", x, e.Times())
	}
	own := one(t, g, p, "own", 1, false)
	if l.Stale() {
		t.Error("a group came to a closed lane")
	}
	ok(t, other.Switch(g, 0))
	if other.State(own) != Waiting {
		t.Error(other.State(own))
	}
}

func TestPanics(t *testing.T) {
	s := New(Config{})
	thread, g := s.NewTask(Thread, "t"), s.NewTask(Goroutine, "g")
	l := s.NewLane(nil, nil, 0)
	for name, f := range map[string]func(){
		"a second process":     func() { s.NewTask(Process, "p") },
		"an unknown kind":      func() { s.NewTask(kinds, "p") },
		"a goroutine's lane":   func() { s.NewLane(g, nil, 0) },
		"a switch to a thread": func() { _ = l.Switch(thread, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestNames(t *testing.T) {
	got := fmt.Sprint(Process, Thread, Goroutine, kinds, Off, On, Waiting, Failed, State(9))
	if got != "process thread goroutine unknown off on waiting failed unknown" {
		t.Error(got)
	}
	s := New(Config{})
	g := s.NewTask(Goroutine, "g")
	if g.Name() != "g" || g.Kind() != Goroutine || s.Process().Kind() != Process {
		t.Errorf("%+v", g)
	}
}
