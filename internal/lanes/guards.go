package lanes

import (
	"errors"
	"slices"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/sched"
)

// Guards keeps pages of the process write-protected (package guard). It is called with
// all threads stopped, and counts who wants a page.
type Guards interface {
	Add(addr, size uint64) error
	Remove(addr, size uint64) error
	Close() error
}

// Stepped is what Guards are which can single-step the program instead.
type Stepped interface {
	// Stepped reports whether that is so for what was added.
	Stepped(addr, size uint64) bool
}

// Steps reports whether the program is single-stepped for an entry.
func (b *Board) Steps(e *Entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.steps(e)
}

// steps reports whether the program is single-stepped for an entry.
func (b *Board) steps(e *Entry) bool {
	s, can := b.guards.(Stepped)
	return can && e.guarded && s.Stepped(e.extent())
}

// errNoGuards is for a board without Options.Guards.
var errNoGuards = errors.New("page guards are switched off")

// guardName is what messages call them.
const guardName = "page guards"

// pageGuards is the PMU of what is behind page guards: it never fills. What is there is
// on on every lane, and one event stands for all of it (for each thread that something is
// for alone, one of its own): its times are those of everything behind it.
type pageGuards struct{}

var _ sched.PMU = (*pageGuards)(nil)

func (*pageGuards) Name() string                        { return guardName }
func (*pageGuards) Slots() int                          { return sched.Unlimited }
func (*pageGuards) Add(*sched.Lane, *sched.Event) error { return nil }
func (*pageGuards) Del(*sched.Lane, *sched.Event)       {}
func (*pageGuards) Commit(*sched.Lane) error            { return nil }

// guarded is the event that stands for all that is behind page guards for a thread.
type guarded struct {
	member *member
	count  int      // of entries
	base   *Account // that the entries share which came last, for there may be a million
	fresh  bool     // base is still true
}

// aged notes that threads may have run since bases were taken.
func (b *Board) aged() {
	for _, s := range b.standIns {
		s.fresh = false
	}
}

// guard puts an entry behind page guards.
func (b *Board) guard(e *Entry) error {
	if err := b.haveGuards(); err != nil {
		return err
	}
	addr, size := e.extent()
	if err := b.protect(addr, size); err != nil {
		return err
	}
	g, err := b.standIn(e.thread)
	if err != nil {
		return errors.Join(err, b.guards.Remove(addr, size))
	}
	g.count++
	if !g.fresh {
		b.settle()
		base := b.accountOf(g.member)
		g.base, g.fresh = &base, true
	}
	e.in, e.base, e.guarded = g.member, g.base, true
	return nil
}

// haveGuards opens the page guards if that has not been done.
func (b *Board) haveGuards() error {
	if b.guards == nil && b.guardErr == nil {
		b.guards, b.guardErr = b.openGuards()
	}
	return b.guardErr
}

// protect guards pages. The kernel lets one userfaultfd have a page: what proves blind
// intervals clean gives way.
func (b *Board) protect(addr, size uint64) error {
	err := b.guards.Add(addr, size)
	if err == nil || b.scanner == nil {
		return err
	}
	for _, g := range b.groups {
		for _, m := range g.members {
			if m.tracked && m.touches(addr, size, b.pageSize) {
				b.untrackMember(m)
				m.tracked, m.untracked = false, errGuarded
			}
		}
	}
	return b.guards.Add(addr, size)
}

// errGuarded is why blind intervals of what lies on guarded pages are not proven clean.
var errGuarded = errors.New("an exact watchpoint guards the same page, and the kernel lets one watch a page only")

// touches reports whether a member has points on the pages of a range.
func (m *member) touches(addr, size, page uint64) bool {
	return slices.ContainsFunc(m.points, func(p hwbp.Point) bool {
		return p.Addr/page <= (addr+size-1)/page && addr/page <= (p.Addr+uint64(p.Len)-1)/page
	})
}

// standIn returns the event that stands for what is behind guards.
func (b *Board) standIn(thread int) (*guarded, error) {
	if g := b.standIns[thread]; g != nil {
		return g, nil
	}
	task := b.sched.Process()
	if thread != 0 {
		task = b.lanes[thread].task
	}
	g := &group{config: Config{Name: guardName, Pinned: true, Thread: thread}}
	m := &member{group: g}
	m.event = sched.Event{Name: guardName, PMU: b.guardPMU, Need: 1, Data: m}
	g.members = []*member{m}
	var err error
	if g.sched, err = b.sched.NewGroup(task, sched.GroupConfig{Name: guardName, Pinned: true, Events: []*sched.Event{&m.event}}); err != nil {
		return nil, err
	}
	b.groups = append(b.groups, g)
	s := &guarded{member: m}
	b.standIns[thread] = s
	return s, b.update()
}

// unguard takes an entry from behind page guards.
func (b *Board) unguard(e *Entry) error {
	e.guarded = false
	var errs []error
	if b.guards != nil {
		errs = append(errs, b.guards.Remove(e.extent()))
	}
	s := b.standIns[e.thread]
	if s.count--; s.count == 0 {
		delete(b.standIns, e.thread)
		b.remove(s.member.group)
		errs = append(errs, b.update())
	}
	return errors.Join(errs...)
}

// extent is the bytes that an entry watches.
func (e *Entry) extent() (addr, size uint64) {
	if e.Size > 0 || len(e.Points) == 0 {
		return e.Addr, e.Size
	}
	lo, hi := e.Points[0].Addr, uint64(0)
	for _, p := range e.Points {
		lo, hi = min(lo, p.Addr), max(hi, p.Addr+uint64(p.Len))
	}
	return lo, hi - lo
}
