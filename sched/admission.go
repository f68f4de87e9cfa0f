package sched

// pool is the ledger of a PMU: what has been promised of a lane's slots.
type pool struct {
	pmu   PMU
	index int
	slots int

	process claim
	tasks   map[*Task]claim // threads and goroutines with groups on this PMU
	// How many threads and goroutines there are of each claim, so that the
	// largest is known without asking all.
	pinned [kinds]histogram // of claim.pinned
	whole  [kinds]histogram // of claim.pinned + claim.flexible
}

// claim is what a task's groups ask of a PMU.
type claim struct {
	pinned   int // all of them together
	flexible int // the largest, since they take turns
}

func newPool(p PMU, index int) *pool {
	q := &pool{pmu: p, index: index, slots: max(p.Slots(), 0), tasks: map[*Task]claim{}}
	for k := range kinds {
		q.pinned[k] = histogram{count: map[int]int{}}
		q.whole[k] = histogram{count: map[int]int{}}
	}
	return q
}

// claim adds up what the task's groups ask.
func (t *Task) claim(p *pool) (c claim) {
	for _, g := range t.groups {
		for _, n := range g.needs {
			switch {
			case n.pool != p:
			case g.pinned:
				c.pinned += n.slots
			default:
				c.flexible = max(c.flexible, n.slots)
			}
		}
	}
	return c
}

// set replaces a task's claim.
func (p *pool) set(t *Task, c claim) {
	if t.kind == Process {
		p.process = c
		return
	}
	if old, ok := p.tasks[t]; ok {
		p.pinned[t.kind].remove(old.pinned)
		p.whole[t.kind].remove(old.pinned + old.flexible)
		delete(p.tasks, t)
	}
	if c != (claim{}) {
		p.pinned[t.kind].add(c.pinned)
		p.whole[t.kind].add(c.pinned + c.flexible)
		p.tasks[t] = c
	}
}

// fits reports whether everything promised is possible, with any thread and any
// goroutine together on a lane: the pinned groups all at once and, beside them,
// any one of the flexible groups there.
func (p *pool) fits() bool {
	if p.slots >= Unlimited {
		return true
	}
	t, g := p.pinned[Thread].max, p.pinned[Goroutine].max
	most := max(
		p.process.flexible+t+g,
		p.whole[Thread].max+g,
		t+p.whole[Goroutine].max)
	return p.process.pinned+most <= p.slots
}

// admit enters a group into its task and the ledgers, or leaves both as they
// were and says why.
func (s *Scheduler) admit(g *Group) error {
	t := g.task
	t.groups = append(t.groups, g)
	var short *need
	for i, n := range g.needs {
		n.pool.set(t, t.claim(n.pool))
		if short == nil && !n.pool.fits() {
			short = &g.needs[i]
		}
	}
	if short == nil {
		return nil
	}
	t.groups = t.groups[:len(t.groups)-1]
	for _, n := range g.needs {
		n.pool.set(t, t.claim(n.pool))
	}
	most, inTheWay := short.pool.rest(t, g.pinned)
	return &AdmissionError{
		Group: g.name, Task: t.name, PMU: short.pool.pmu.Name(),
		Want: short.slots, Slots: short.pool.slots, Most: most, Holders: names(inTheWay), InTheWay: inTheWay,
	}
}

// rest returns how many slots t could still be promised, and who has the others.
func (p *pool) rest(t *Task, pinned bool) (most int, inTheWay []*Group) {
	// The request stands beside the pinned groups of its own task and of the
	// worst of the others...
	pick := func(k Kind, h *histogram, whole bool) *Task {
		if t.kind == k {
			return t
		}
		return p.holder(k, h.max, whole)
	}
	worst := []beside{{pick(Thread, &p.pinned[Thread], false), pick(Goroutine, &p.pinned[Goroutine], false), Process, false}}
	if pinned {
		// ... and, if it will never leave, beside any one flexible group too.
		worst[0].flexible = true
		worst = append(worst,
			beside{pick(Thread, &p.whole[Thread], true), worst[0].goroutine, Thread, true},
			beside{worst[0].thread, pick(Goroutine, &p.whole[Goroutine], true), Goroutine, true})
	}
	held := -1
	for _, b := range worst {
		if n, groups := p.beside(t.s.process, b); n > held {
			held, inTheWay = n, groups
		}
	}
	return max(p.slots-held, 0), inTheWay
}

// beside is one way in which groups can be on together.
type beside struct {
	thread, goroutine *Task // whose pinned groups are on, beside the process's; may be nil
	of                Kind  // among these and the process, whose largest flexible group is on
	flexible          bool  // false: none is
}

// beside returns these groups, and how many slots they hold.
func (p *pool) beside(process *Task, b beside) (held int, groups []*Group) {
	for _, t := range []*Task{process, b.thread, b.goroutine} {
		if t == nil {
			continue
		}
		largest := t.claim(p).flexible
		for _, g := range t.groups {
			for _, n := range g.needs {
				flexible := b.flexible && t.kind == b.of && !g.pinned && n.slots == largest
				if n.pool != p || !g.pinned && !flexible {
					continue
				}
				if flexible {
					largest = -1 // one is enough
				}
				held += n.slots
				groups = append(groups, g)
			}
		}
	}
	return held, groups
}

func names(groups []*Group) (names []string) {
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// holder finds the oldest task with that claim; nil if it is of nobody.
func (p *pool) holder(k Kind, claimed int, whole bool) (oldest *Task) {
	for t, c := range p.tasks {
		n := c.pinned
		if whole {
			n += c.flexible
		}
		if t.kind == k && n == claimed && n > 0 && (oldest == nil || t.seq < oldest.seq) {
			oldest = t
		}
	}
	return oldest
}

// histogram counts numbers and knows the largest.
type histogram struct {
	count map[int]int
	max   int // 0 if empty
}

func (h *histogram) add(n int) {
	h.count[n]++
	h.max = max(h.max, n)
}

func (h *histogram) remove(n int) {
	if h.count[n]--; h.count[n] > 0 {
		return
	}
	delete(h.count, n)
	if n == h.max {
		h.max = 0
		for m := range h.count {
			h.max = max(h.max, m)
		}
	}
}
