package sched

import (
	"cmp"
	"fmt"
	"slices"
)

// State is how a group fares on a lane.
type State uint8

// The states of a group on a lane.
const (
	Off     State = iota // its task does not run there
	On                   // programmed
	Waiting              // for its turn, or for the next update
	Failed               // cannot be on: others hold too many of the lane's slots
)

func (s State) String() string {
	switch s {
	case Off:
		return "off"
	case On:
		return "on"
	case Waiting:
		return "waiting"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// Lane owns a set of slots of each PMU: an OS thread. Its contexts are those of
// the process, of the thread, and of the goroutine that it runs.
type Lane struct {
	s         *Scheduler
	data      any
	thread    *Task
	goroutine *Task
	now       Time
	turned    Time // when the last turn began
	stalled   Time // what hits took, in all
	stale     bool
	unsorted  bool // flexible is not by ticket now
	closed    bool

	pinned   []*Seat  // process, thread, goroutine; the oldest of each first
	flexible []*Seat  // by ticket: who waits longest is first
	leaving  []*Group // reserved on PMUs still, and to be deleted
	order    []*Seat  // scratch of a turn
	stocks   []stock  // by pool.index
}

// stock is what a lane has of one PMU.
type stock struct {
	slots int   // for us
	free  int   // scratch of a plan
	base  int   // what pinned groups leave to flexible ones, in a plan
	dirty bool  // reservations changed since the last commit that worked
	why   error // what the PMU said when it gave fewer slots
}

// NewLane adds a lane whose clock shows now. thread is the task of that OS
// thread; nil if it has none. The lane is stale until [Lane.Update]. NewLane
// panics if thread is another kind of task.
func (s *Scheduler) NewLane(thread *Task, data any, now Time) *Lane {
	if thread != nil && thread.kind != Thread {
		panic("sched: NewLane of a " + thread.kind.String())
	}
	l := &Lane{s: s, data: data, thread: thread, now: now, turned: now, stale: true}
	for _, p := range s.pools {
		l.stock(p)
	}
	s.lanes = append(s.lanes, l)
	for _, g := range s.process.groups {
		l.join(g)
	}
	if thread != nil {
		thread.lanes = append(thread.lanes, l)
		for _, g := range thread.groups {
			l.join(g)
		}
	}
	return l
}

// Lanes returns the lanes that are not closed, the oldest first.
func (s *Scheduler) Lanes() []*Lane { return slices.Clone(s.lanes) }

// Data returns what the owner gave to NewLane.
func (l *Lane) Data() any { return l.data }

// Thread returns the task given to NewLane, or nil.
func (l *Lane) Thread() *Task { return l.thread }

// Goroutine returns the task that [Lane.Switch] was given last, or nil.
func (l *Lane) Goroutine() *Task { return l.goroutine }

// Stale reports whether groups came or went or slots changed, so that
// [Lane.Update] has something to do.
func (l *Lane) Stale() bool { return l.stale }

// Over reports whether a flexible group waits here that could be on: the lane
// needs turns.
func (l *Lane) Over() bool {
	for _, s := range l.flexible {
		if !s.failed && !s.live {
			return true
		}
	}
	return false
}

// State tells how a group fares here.
func (l *Lane) State(g *Group) State {
	switch s := g.seat(l); {
	case s == nil || s.lane != l:
		return Off
	case s.live:
		return On
	case s.failed:
		return Failed
	}
	return Waiting
}

// Slots returns how many slots of p the lane has for us.
func (l *Lane) Slots(p PMU) int { return l.stocks[l.s.pool(p).index].slots }

// SetSlots says how many slots of p the lane has for us from now on: foreign
// users come and go. p.Slots() or more restores all. The lane is stale after a
// change.
func (l *Lane) SetSlots(p PMU, n int) {
	if l.closed {
		return
	}
	q := l.s.pool(p)
	n = min(max(n, 0), q.slots)
	if st := &l.stocks[q.index]; st.slots != n {
		st.slots, st.why = n, nil
		l.stale = true
	}
}

// Close ends a lane whose thread is gone. Its account is settled at now and kept
// in the events' times. No PMU is called: there is nothing left to program.
func (l *Lane) Close(now Time) {
	if l.closed {
		return
	}
	l.Advance(now)
	for len(l.pinned) > 0 {
		l.detach(l.pinned[len(l.pinned)-1])
	}
	for len(l.flexible) > 0 {
		l.detach(l.flexible[len(l.flexible)-1])
	}
	if l.goroutine != nil {
		l.goroutine.lane, l.goroutine = nil, nil
	}
	if l.thread != nil {
		l.thread.lanes = slices.DeleteFunc(l.thread.lanes, func(o *Lane) bool { return o == l })
	}
	l.s.lanes = slices.DeleteFunc(l.s.lanes, func(o *Lane) bool { return o == l })
	l.leaving, l.stale, l.closed = nil, false, true
}

func (l *Lane) check() error {
	if l.closed {
		return fmt.Errorf("lane %w", ErrClosed)
	}
	return nil
}

func (l *Lane) stock(p *pool) { l.stocks = append(l.stocks, stock{slots: p.slots}) }

// join makes a seat for a group of the process or of the thread.
func (l *Lane) join(g *Group) {
	s := l.s.newSeat(g)
	g.seats[l] = s
	l.attach(s)
}

// attach puts a seat among those of the lane.
func (l *Lane) attach(s *Seat) {
	s.lane, s.since, s.blindFrom, s.stalled = l, l.now, l.now, l.stalled
	l.stale = true
	if i := slices.Index(l.leaving, s.group); i >= 0 {
		// A goroutine is back before an update took it off the hardware.
		l.leaving = slices.Delete(l.leaving, i, i+1)
		s.on = true
	}
	if s.group.pinned {
		i, _ := slices.BinarySearchFunc(l.pinned, s, byContext)
		l.pinned = slices.Insert(l.pinned, i, s)
		return
	}
	l.sort()
	s.Virtual = l.least() + max(s.Virtual, 0)
	i, _ := slices.BinarySearchFunc(l.flexible, s, byTicket)
	l.flexible = slices.Insert(l.flexible, i, s)
}

// detach settles a seat and takes it out of the lane. What it has reserved is
// deleted in the next update.
func (l *Lane) detach(s *Seat) {
	s.account()
	if s.on {
		l.leaving = append(l.leaving, s.group)
	}
	s.off()
	s.judge()
	if s.group.pinned {
		l.pinned = without(l.pinned, s)
	} else {
		s.Virtual -= l.least()
		l.flexible = without(l.flexible, s)
	}
	l.stale = true
	s.lane, s.failed = nil, false
	if s.told {
		l.tell(s)
	}
	if s.group.moving == nil {
		s.close()
		delete(s.group.seats, l)
	}
}

func without(seats []*Seat, s *Seat) []*Seat {
	i := slices.Index(seats, s)
	return slices.Delete(seats, i, i+1)
}

func byContext(a, b *Seat) int {
	return cmp.Or(cmp.Compare(a.group.task.kind, b.group.task.kind), cmp.Compare(a.group.seq, b.group.seq))
}

func byTicket(a, b *Seat) int { return cmp.Compare(a.ticket, b.ticket) }
