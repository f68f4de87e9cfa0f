package sched

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestMailGroups: the mail's other examples.
func TestMailGroups(t *testing.T) {
	p := newFake("data", 4)
	s := New(Config{})
	group := func(name string, n int, pinned bool) (*Group, error) {
		c := GroupConfig{Name: name, Pinned: pinned}
		for range n {
			c.Events = append(c.Events, &Event{Name: name, PMU: p, Need: 1})
		}
		return s.NewGroup(s.Process(), c)
	}
	var refused *AdmissionError
	_, err := group("five", 5, false)
	if !errors.As(err, &refused) || refused.Want != 5 || refused.Most != 4 || len(refused.Holders) != 0 || !strings.Contains(err.Error(), "split") {
		t.Errorf("a group of five: %v", err)
	}
	four, err := group("four", 4, false)
	ok(t, err)
	_, err = group("later", 1, true)
	want := `group "later" wants 1 data slots at once, but a thread has 4 and 0 of them can be promised, now and later; the rest is held by four: remove one of these or ask for less`
	if err == nil || err.Error() != want {
		t.Errorf("a pinned one that comes later: %v", err)
	}
	four.Remove()
	if _, err := group("later", 1, true); err != nil {
		t.Error(err)
	}
	if _, err := group("four again", 4, false); !errors.As(err, &refused) || refused.Most != 3 || !slices.Equal(refused.Holders, []string{"later"}) {
		t.Errorf("four beside a pinned one: %v", err)
	}
}

// TestHolders: the error names those of other tasks too, and one of each at most.
func TestHolders(t *testing.T) {
	p := newFake("data", 8)
	s := New(Config{})
	a, b := s.NewTask(Thread, "a"), s.NewTask(Thread, "b")
	g, h := s.NewTask(Goroutine, "g"), s.NewTask(Goroutine, "h")
	one(t, s.Process(), p, "process", 1, true)
	one(t, a, p, "thread a", 1, true)
	one(t, b, p, "thread b", 2, true)
	one(t, g, p, "goroutine g", 1, true)
	one(t, h, p, "goroutine h", 1, true)
	one(t, h, p, "turns of h", 3, false)
	one(t, h, p, "more turns of h", 3, false)
	for _, c := range []struct {
		task    *Task
		pinned  bool
		n, most int
		holders []string
	}{
		{s.Process(), false, 5, 4, []string{"process", "thread b", "goroutine g"}},
		{a, false, 6, 5, []string{"process", "thread a", "goroutine g"}},
		{h, false, 5, 4, []string{"process", "thread b", "goroutine h"}},
		{s.Process(), true, 2, 1, []string{"process", "thread b", "goroutine h", "turns of h"}},
		{a, true, 3, 2, []string{"process", "thread a", "goroutine h", "turns of h"}},
		{g, true, 5, 4, []string{"process", "thread b", "goroutine g"}},
	} {
		_, err := s.NewGroup(c.task, GroupConfig{Name: "x", Pinned: c.pinned, Events: []*Event{{Name: "x", PMU: p, Need: c.n}}})
		var refused *AdmissionError
		if !errors.As(err, &refused) || refused.Most != c.most || !slices.Equal(refused.Holders, c.holders) || refused.Task != c.task.Name() {
			t.Errorf("%s, pinned %v: %v", c.task.Name(), c.pinned, err)
		}
	}
}

// TestUnlimited: a PMU that never fills refuses nothing.
func TestUnlimited(t *testing.T) {
	p := newFake("pages", Unlimited)
	s := New(Config{})
	l := s.NewLane(nil, nil, 0)
	for range 3 {
		one(t, s.Process(), p, "all", Unlimited/3, true)
	}
	one(t, s.Process(), p, "more", Unlimited, true)
	if l.Slots(p) != Unlimited {
		t.Error(l.Slots(p))
	}
}

// FuzzAdmission creates and removes groups of tasks as the bytes say, and holds
// each answer against trying all threads with all goroutines. What was accepted
// must then run.
func FuzzAdmission(f *testing.F) {
	f.Add([]byte{4, 0, 1, 2, 3})
	f.Add([]byte("\x04\x10\x21\x32\x43\x54\x65\x76\x87\x98\xa9\xba\xcb\xdc\xed\xfe"))
	f.Add([]byte{2, 0x08, 0x19, 0x0a, 0x80, 0x81, 0x03, 0x77})
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) == 0 || len(program) > 60 {
			return
		}
		p := newFake("data", int(program[0]%9))
		q := newFake("code", 3)
		s := New(Config{})
		m := &model{pmus: []*fake{p, q}}
		tasks := []*Task{s.Process()}
		for i := range 4 {
			tasks = append(tasks, s.NewTask([]Kind{Thread, Goroutine}[i%2], "task"))
		}
		for _, b := range program[1:] {
			if b >= 0xe0 && len(m.groups) > 0 {
				i := int(b) % len(m.groups)
				m.groups[i].g.Remove()
				m.groups = slices.Delete(m.groups, i, i+1)
				continue
			}
			c := GroupConfig{Name: "g", Pinned: b&8 != 0, Events: []*Event{{PMU: p, Need: int(b&3) + 1}}}
			mg := &mGroup{task: tasks[int(b>>4)%5], pinned: c.Pinned, need: map[*fake]int{p: int(b&3) + 1}}
			if b&4 != 0 {
				c.Events = append(c.Events, &Event{PMU: q, Need: 1})
				mg.need[q] = 1
			}
			with := append(slices.Clone(m.groups), mg)
			g, err := s.NewGroup(mg.task, c)
			if possible := m.possible(with, p) && m.possible(with, q); possible != (err == nil) {
				t.Fatalf("possible: %v, but: %v", possible, err)
			}
			if err == nil {
				mg.g = g
				m.groups = with
			}
		}
		// Each thread with each goroutine: the pinned are on, the others have turns.
		for i, thread := range []*Task{tasks[1], tasks[3]} {
			for _, goroutine := range []*Task{tasks[2], tasks[4]} {
				l := s.NewLane(thread, i, 0)
				ok(t, l.Switch(goroutine, 0))
				ran := map[*Group]bool{}
				for now := Time(1); now <= Time(len(m.groups)+1); now++ {
					for _, g := range m.groups {
						ran[g.g] = ran[g.g] || l.State(g.g) == On
						if g.pinned && l.State(g.g) == Waiting {
							t.Fatal("a pinned group waits")
						}
					}
					ok(t, l.Turn(now))
				}
				for _, g := range m.groups {
					if l.State(g.g) != Off && !ran[g.g] {
						t.Fatal("an accepted group did not run")
					}
				}
				ok(t, l.Switch(nil, 1000))
			}
		}
	})
}
