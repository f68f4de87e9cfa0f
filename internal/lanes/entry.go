package lanes

import (
	"cmp"
	"slices"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/kfilter"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// Entry is a watchpoint: points that are armed together.
type Entry struct {
	Name   string // what the user calls it, for messages
	Points []hwbp.Point
	// Addr and Size are the bytes that are watched, for Config.Exact. Points that cover
	// them are left out where there are too many for any thread.
	Addr, Size uint64
	Owner      any // the caller's

	// Filter decides in the kernel which hits stop their threads; nil: all do. It is at work
	// where one slot watches the entry, which does not take turns, and no other entry is on
	// the same memory.
	Filter *kfilter.Filter

	in    *member  // nil: not on a board, or not any more
	base  *Account // of the event when the entry joined it; nil: it was new then
	prior *Account // of where it was before; nil: nowhere
	final *Account // of an entry that was removed

	exact     bool
	guarded   bool // behind page guards, not in slots
	thread    int  // that it is for; 0 is all. Of exact ones, as goroutine is
	goroutine int64
	moves     uint64
}

// Config says how entries take part.
type Config struct {
	Name    string
	Entries []*Entry
	// Pinned: always on, or refused. Otherwise they take turns.
	Pinned bool
	// Exact: always on, in slots or behind page guards: see exact.go. Pinned and Weight
	// mean nothing then, and each entry is by itself.
	Exact  bool
	Weight int // of a share; 0 is 1
	Thread int // the id of the one thread they are for; 0 is all
	// Goroutine is the id of the one goroutine that they are for, 0 is all, and On the
	// thread that it is on now; nil: it is on none. See Run.
	Goroutine int64
	On        *ptrace.Thread
}

// group is entries that are on together or not at all.
type group struct {
	config  Config
	sched   *sched.Group
	members []*member

	failed   int  // threads on which it cannot be on, since others hold their slots
	failures int  // how often that came about
	short    bool // others held slots of a thread that it is for
}

// member is one event of a group and the entries that it stands for: several
// watchpoints on the same memory share one.
type member struct {
	group   *group
	event   sched.Event
	points  []hwbp.Point
	entries []*Entry

	tracked   bool   // its pages are kept track of
	since     uint64 // the scan when that began
	untracked error  // why they are not
	unjudged  uint64 // blind intervals that nobody could judge: the memory was gone
}

// newGroup makes the scheduler's side of what a caller wants.
func (b *Board) newGroup(c Config) (*group, []*sched.Event) {
	g := &group{config: c}
	events := make([]*sched.Event, 0, len(c.Entries))
	for _, e := range c.Entries {
		m := &member{group: g, points: distinct(e.Points), entries: []*Entry{e}}
		m.event = sched.Event{Name: e.Name, PMU: b.pmu, Need: len(m.points), Data: m}
		g.members = append(g.members, m)
		events = append(events, &m.event)
	}
	return g, events
}

func distinct(points []hwbp.Point) []hwbp.Point {
	out := slices.Clone(points)
	slices.SortFunc(out, func(a, b hwbp.Point) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Len, b.Len), cmp.Compare(a.Access, b.Access))
	})
	return slices.Compact(out)
}

// twin finds an event that watches the same for the same threads: the processor needs
// one slot for both.
func (b *Board) twin(c *Config) *member {
	if !c.Pinned || len(c.Entries) != 1 || c.Thread != 0 && b.lanes[c.Thread] == nil {
		return nil
	}
	points := distinct(c.Entries[0].Points)
	for _, g := range b.groups {
		if g.config.Pinned && g.config.Thread == c.Thread && g.config.Goroutine == c.Goroutine && len(g.members) == 1 && slices.Equal(g.members[0].points, points) &&
			(c.Thread == 0 || g.sched.Task() == b.lanes[c.Thread].task) {
			return g.members[0]
		}
	}
	return nil
}

// all reports whether a member stands for entries, and something is true of each.
func (m *member) all(is func(*Entry) bool) bool {
	return len(m.entries) > 0 && !slices.ContainsFunc(m.entries, func(e *Entry) bool { return !is(e) })
}

// empty reports whether nobody is interested in the group any more.
func (g *group) empty() bool {
	for _, m := range g.members {
		if len(m.entries) > 0 {
			return false
		}
	}
	return true
}
