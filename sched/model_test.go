package sched

import (
	"cmp"
	"fmt"
	"slices"
)

// model is the slow, obvious scheduler that the real one is held against. It
// looks at everything each time and remembers as little as it can.
type model struct {
	pmus   []*fake
	tasks  []*Task
	groups []*mGroup // that exist, the oldest first
	lanes  []*mLane
	times  map[*Event]*Times
	clock  uint64 // numbers waits
	faults []string
}

type mGroup struct {
	g      *Group
	task   *Task
	pinned bool
	need   map[*fake]int
	moving *mSeat
}

type mSeat struct {
	since      uint64 // when it began to wait
	on, failed bool
	onAt       Time
	queued     Time // when it went on, or behind all others since
	off        Time // blind and not judged yet

	// For the bound on waiting.
	waited, most int
	ahead        map[*mGroup]bool // that came in before it while it waited
}

type mLane struct {
	l           *Lane
	now, turned Time
	thread, gor *Task
	slots       map[*fake]int
	seats       map[*mGroup]*mSeat
}

func (m *model) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
}

func (m *model) next() uint64 {
	m.clock++
	return m.clock
}

// here are the groups of the lane's contexts, in the order of contexts.
func (m *model) here(ml *mLane) (groups []*mGroup) {
	for _, k := range []Kind{Process, Thread, Goroutine} {
		for _, g := range m.groups {
			if g.task.kind == k && (k == Process || g.task == ml.thread || g.task == ml.gor) {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

func (m *model) seat(ml *mLane, g *mGroup) *mSeat {
	if g.moving != nil {
		return g.moving
	}
	return ml.seats[g]
}

// flexible are those of here that take turns, who waits longest first.
func (m *model) flexible(ml *mLane) (groups []*mGroup) {
	for _, g := range m.here(ml) {
		if !g.pinned {
			groups = append(groups, g)
		}
	}
	slices.SortFunc(groups, func(a, b *mGroup) int { return cmp.Compare(m.seat(ml, a).since, m.seat(ml, b).since) })
	return groups
}

// possible is admission by trying everything: each thread with each goroutine.
func (m *model) possible(groups []*mGroup, p *fake) bool {
	none := &Task{}
	sets := [kinds][]*Task{{none}, {none}, {none}}
	for _, g := range groups {
		sets[g.task.kind] = append(sets[g.task.kind], g.task)
	}
	for _, thread := range sets[Thread] {
		for _, goroutine := range sets[Goroutine] {
			pinned, largest := 0, 0
			for _, g := range groups {
				if g.task.kind != Process && g.task != thread && g.task != goroutine {
					continue
				}
				if g.pinned {
					pinned += g.need[p]
				} else {
					largest = max(largest, g.need[p])
				}
			}
			if pinned+largest > p.slots {
				return false
			}
		}
	}
	return true
}

// advance adds up time in every event of the lane.
func (m *model) advance(ml *mLane, now Time) {
	d := max(now-ml.now, 0)
	ml.now += d
	for _, g := range m.here(ml) {
		s := m.seat(ml, g)
		if !s.on {
			s.off += d
		} else if d > 0 {
			s.waited, s.most, s.ahead = 0, 0, nil
		}
		for _, e := range g.g.events {
			x := m.times[e]
			x.Enabled += d
			if s.on {
				x.Running += d
			} else {
				x.Blind += d
			}
		}
	}
}

// Clean makes the model the scheduler's prover: the interval must be exactly the
// time that the event was off since it was judged last.
func (m *model) Clean(l *Lane, e *Event, from, to Time) bool {
	i := slices.IndexFunc(m.lanes, func(ml *mLane) bool { return ml.l == l })
	j := slices.IndexFunc(m.groups, func(g *mGroup) bool { return g.g == e.group })
	if i < 0 || j < 0 {
		m.fault("judged on a lane, or of a group, that is not there")
		return false
	}
	ml, g := m.lanes[i], m.groups[j]
	s := m.seat(ml, g)
	if to != ml.now || to-from != s.off {
		m.fault("%s judged from %d to %d, was off for %d up to %d", e.Name, from, to, s.off, ml.now)
	}
	if e == g.g.events[len(g.g.events)-1] {
		s.off = 0
	}
	clean := (from/7+to/3+Time(e.Need))%3 == 0
	if x := m.times[e]; clean {
		x.Blind -= to - from
		x.Clean += to - from
	} else {
		x.Dirty++
	}
	return clean
}

// fits takes the group's slots if all are free.
func (g *mGroup) fits(free map[*fake]int) bool {
	for p, n := range g.need {
		if n > free[p] {
			return false
		}
	}
	return true
}

func (g *mGroup) take(free map[*fake]int) {
	for p, n := range g.need {
		free[p] -= n
	}
}

// plan says who should be on: the pinned, and then the flexible in the order of
// waiting; if it is not for a turn, those that are on come before the others.
func (m *model) plan(ml *mLane, turn bool) map[*mGroup]bool {
	free, on := map[*fake]int{}, map[*mGroup]bool{}
	for p, n := range ml.slots {
		free[p] = n
	}
	for _, g := range m.here(ml) {
		if !g.pinned {
			continue
		}
		if on[g] = g.fits(free); on[g] {
			g.take(free)
		}
		m.seat(ml, g).failed = !on[g]
	}
	for _, g := range m.flexible(ml) {
		s, was := m.seat(ml, g), m.seat(ml, g).failed
		if s.failed = !g.fits(free); was && !s.failed {
			s.since, s.waited, s.most, s.ahead = m.next(), 0, 0, nil
		}
	}
	queue := m.flexible(ml)
	if !turn {
		stay := slices.DeleteFunc(slices.Clone(queue), func(g *mGroup) bool { return !m.seat(ml, g).on })
		queue = append(stay, slices.DeleteFunc(queue, func(g *mGroup) bool { return m.seat(ml, g).on })...)
	}
	for _, g := range queue {
		if on[g] = g.fits(free); on[g] {
			g.take(free)
		}
	}
	return on
}

// set makes a plan so: who goes off and has run goes behind all others.
func (m *model) set(ml *mLane, on map[*mGroup]bool) {
	for _, g := range append(m.flexible(ml), m.here(ml)...) {
		if s := m.seat(ml, g); s.on && !on[g] {
			m.goOff(ml, g)
		}
	}
	for _, g := range m.here(ml) {
		if s := m.seat(ml, g); !s.on && on[g] {
			s.on, s.onAt, s.queued = true, ml.now, ml.now
		}
	}
}

func (m *model) goOff(ml *mLane, g *mGroup) {
	s := m.seat(ml, g)
	s.on = false
	if g.pinned {
		return
	}
	if ml.now > s.queued {
		s.since = m.next()
	}
	if ml.now > s.onAt {
		return
	}
	// Pushed off before it ran: it is in front of others again.
	for _, o := range m.flexible(ml) {
		if o != g && m.seat(ml, o).since > s.since {
			m.seat(ml, o).passed(g)
		}
	}
}

func (s *mSeat) passed(by *mGroup) {
	if s.ahead == nil {
		s.ahead = map[*mGroup]bool{}
	}
	s.ahead[by] = true
}

// over reports whether somebody waits who could be on, as of the last plan.
func (m *model) over(ml *mLane) bool {
	return slices.ContainsFunc(m.flexible(ml), func(g *mGroup) bool {
		s := m.seat(ml, g)
		return !s.on && !s.failed
	})
}

// requeue puts those that ran behind those that wait.
func (m *model) requeue(ml *mLane) {
	for _, g := range m.flexible(ml) {
		if s := m.seat(ml, g); s.on && s.queued < ml.now {
			s.since, s.queued = m.next(), ml.now
		}
	}
}

// countTurn counts a turn against those that it left off, and holds the bound.
func (m *model) countTurn(ml *mLane) {
	k := 0
	for _, g := range m.flexible(ml) {
		if !m.seat(ml, g).failed {
			k++
		}
	}
	for _, g := range m.flexible(ml) {
		s := m.seat(ml, g)
		if s.on || s.failed {
			continue
		}
		s.waited++
		s.most = max(s.most, k)
		if s.waited > s.most+len(s.ahead) {
			m.fault("%s waits for %d turns, with %d groups and %d that came in before it", g.g.name, s.waited, s.most, len(s.ahead))
		}
	}
}

// leave takes a goroutine's groups off its lane.
func (m *model) leave(ml *mLane) {
	for _, g := range m.groups {
		if ml.gor != nil && g.task == ml.gor {
			m.settled(ml, g)
		}
	}
	ml.gor = nil
}

// settled is for a group that leaves a lane: nothing may be left unjudged there.
func (m *model) settled(ml *mLane, g *mGroup) {
	s := m.seat(ml, g)
	if s.off != 0 {
		m.fault("%s left with %d not judged", g.g.name, s.off)
		s.off = 0
	}
	if s.on {
		s.on = false
		if !g.pinned && ml.now > s.queued {
			s.since = m.next()
		}
	}
	s.failed = false
}

// come puts a goroutine's groups on a lane.
func (m *model) come(ml *mLane, t *Task) {
	ml.gor = t
	for _, g := range m.flexible(ml) {
		if g.task != t {
			continue
		}
		for _, o := range m.flexible(ml) {
			if s, os := g.moving, m.seat(ml, o); o.task != t && os.since > s.since {
				os.passed(g)
			} else if o.task != t {
				s.passed(o)
			}
		}
	}
}
