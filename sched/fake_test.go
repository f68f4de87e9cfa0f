package sched

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// fake is a PMU that is its own hardware: slots that hold events.
type fake struct {
	name  string
	slots int
	lanes map[*Lane]*fakeLane
}

type fakeLane struct {
	stolen   int      // by foreign users; Commit finds out
	early    bool     // Add finds out too
	reserved []*Event // by Add
	set      []*Event // by Commit
	writes   int      // events that Commit set or cleared
	commits  int
	touched  []*Event // deleted or added
	fail     error    // of the next Commit
	failAdd  *Event
}

func newFake(name string, slots int) *fake {
	return &fake{name: name, slots: slots, lanes: map[*Lane]*fakeLane{}}
}

var errFake = errors.New("the fake was told to fail")

func (f *fake) Name() string { return f.name }
func (f *fake) Slots() int   { return f.slots }

func (f *fake) lane(l *Lane) *fakeLane {
	if f.lanes[l] == nil {
		f.lanes[l] = &fakeLane{}
	}
	return f.lanes[l]
}

func used(events []*Event) (n int) {
	for _, e := range events {
		n += e.Need
	}
	return n
}

func (f *fake) Add(l *Lane, e *Event) error {
	fl := f.lane(l)
	if slices.Contains(fl.reserved, e) {
		panic("added twice: " + e.Name)
	}
	if fl.failAdd == e {
		return errFake
	}
	n := f.slots
	if fl.early {
		n -= fl.stolen
	}
	if used(fl.reserved)+e.Need > n {
		return &ShortError{PMU: f.name, Slots: n}
	}
	fl.reserved = append(fl.reserved, e)
	fl.touched = append(fl.touched, e)
	return nil
}

func (f *fake) Del(l *Lane, e *Event) {
	fl := f.lane(l)
	i := slices.Index(fl.reserved, e)
	if i < 0 {
		panic("deleted, not added: " + e.Name)
	}
	fl.touched = append(fl.touched, e)
	fl.reserved = slices.Delete(fl.reserved, i, i+1)
}

func (f *fake) Commit(l *Lane) error {
	fl := f.lane(l)
	fl.commits++
	if err := fl.fail; err != nil {
		fl.fail = nil
		return err
	}
	if n := f.slots - fl.stolen; used(fl.reserved) > n {
		return fmt.Errorf("commit: %w", &ShortError{PMU: f.name, Slots: n})
	}
	for _, e := range fl.set {
		if !slices.Contains(fl.reserved, e) {
			fl.writes++
		}
	}
	for _, e := range fl.reserved {
		if !slices.Contains(fl.set, e) {
			fl.writes++
		}
	}
	fl.set = append(fl.set[:0], fl.reserved...)
	return nil
}

// on names what the hardware holds, sorted.
func (f *fake) on(l *Lane) (names []string) {
	for _, e := range f.lane(l).set {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names
}

// one makes a group of one event that needs n slots.
func one(t testing.TB, task *Task, p PMU, name string, n int, pinned bool) *Group {
	t.Helper()
	g, err := task.s.NewGroup(task, GroupConfig{Name: name, Pinned: pinned, Events: []*Event{{Name: name, PMU: p, Need: n}}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
