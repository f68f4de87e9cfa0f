package sched

import "slices"

// Kind says what a task is.
type Kind uint8

// The kinds of tasks, in the order in which their contexts come.
const (
	Process Kind = iota
	Thread
	Goroutine
	kinds
)

func (k Kind) String() string {
	switch k {
	case Process:
		return "process"
	case Thread:
		return "thread"
	case Goroutine:
		return "goroutine"
	}
	return "unknown"
}

// Task is whatever a context belongs to: the process, an OS thread, a goroutine.
// Its groups are on wherever it runs, and nowhere else.
type Task struct {
	s      *Scheduler
	kind   Kind
	name   string
	seq    uint64 // older tasks have lower ones
	groups []*Group
	lanes  []*Lane // a thread's
	lane   *Lane   // that a goroutine has now, or nil
	closed bool
}

// Process returns the task whose groups are on every lane.
func (s *Scheduler) Process() *Task { return s.process }

// NewTask makes a thread or a goroutine. It panics for another kind: there is
// one process.
func (s *Scheduler) NewTask(kind Kind, name string) *Task {
	if kind != Thread && kind != Goroutine {
		panic("sched: NewTask of a " + kind.String())
	}
	return s.newTask(kind, name)
}

func (s *Scheduler) newTask(kind Kind, name string) *Task {
	return &Task{s: s, kind: kind, name: name, seq: s.next()}
}

// Name returns what the task was called.
func (t *Task) Name() string { return t.name }

// Kind returns what the task is.
func (t *Task) Kind() Kind { return t.kind }

// Groups returns the task's groups, the oldest first.
func (t *Task) Groups() []*Group { return slices.Clone(t.groups) }

// Close removes the task's groups, as [Group.Remove] does each, and takes a
// goroutine off its lane. It gets no groups after that.
func (t *Task) Close() {
	for len(t.groups) > 0 {
		t.groups[len(t.groups)-1].Remove()
	}
	if t.lane != nil {
		t.lane.goroutine, t.lane = nil, nil
	}
	t.closed = true
}

// lanesOf are the lanes whose contexts have the task's groups now.
func (t *Task) lanesOf() []*Lane {
	switch t.kind {
	case Process:
		return t.s.lanes
	case Thread:
		return t.lanes
	}
	return nil
}
