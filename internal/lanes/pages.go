package lanes

import (
	"slices"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

const (
	// coolGuard and coolSlots are how soon half of a page's heat is forgotten: while its
	// faults are counted, and while it has none since slots watch it. What was hot is
	// tried again after some seconds.
	coolGuard = sched.Time(500 * time.Millisecond)
	coolSlots = sched.Time(5 * time.Second)
	// stay is how long what has been moved is not moved again.
	stay = sched.Time(100 * time.Millisecond)
	// hot is what a page has to cost to be worth a move: faults a second.
	hot = 50
	// planEvery is how often it is asked who should hold slots.
	planEvery = sched.Time(5 * time.Millisecond)
)

// page is a page of memory with something of mode exact on it.
type page struct {
	entries []*Entry // in slots or behind guards, in the order in which they came
	heat    sched.Heat
	slots   bool       // nothing of it is behind guards
	moved   sched.Time // when it was last moved; 0: never
	faults  uint64     // by which the guard was met
	idle    uint64     // and none of the entries
}

// pagesOf calls fn for every page that an entry lies on.
func (b *Board) pagesOf(e *Entry, fn func(number uint64)) {
	addr, size := e.extent()
	for n := addr / b.pageSize; n <= (addr+max(size, 1)-1)/b.pageSize; n++ {
		fn(n)
	}
}

// list enters something of mode exact in the table of pages.
func (b *Board) list(e *Entry) {
	b.pagesOf(e, func(n uint64) {
		pg := b.pages[n]
		if pg == nil {
			pg = &page{slots: true}
			b.pages[n] = pg
		}
		pg.entries = append(pg.entries, e)
		pg.slots = pg.slots && !e.guarded
	})
}

func (b *Board) unlist(e *Entry) {
	b.pagesOf(e, func(n uint64) {
		pg := b.pages[n]
		if i := slices.Index(pg.entries, e); i >= 0 {
			last := len(pg.entries) - 1
			pg.entries[i] = pg.entries[last]
			pg.entries[last] = nil
			pg.entries = pg.entries[:last]
		}
		if len(pg.entries) == 0 {
			delete(b.pages, n)
		}
	})
}

// faultsOf adds up what was counted on an entry's pages.
func (b *Board) faultsOf(e *Entry) (faults, idle uint64) {
	b.pagesOf(e, func(n uint64) {
		if pg := b.pages[n]; pg != nil {
			faults += pg.faults
			idle += pg.idle
		}
	})
	return faults, idle
}

// Behind appends to dst the entries behind guards, for a thread, that lie in a range.
func (b *Board) Behind(dst []*Entry, th *ptrace.Thread, addr, size uint64) []*Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	for n := addr / b.pageSize; n <= (addr+max(size, 1)-1)/b.pageSize; n++ {
		pg := b.pages[n]
		if pg == nil || pg.slots {
			continue
		}
		for _, e := range pg.entries {
			if !e.guarded || e.thread != 0 && (th == nil || e.thread != th.TID) {
				continue
			}
			if lo, n := e.extent(); lo < addr+size && addr < lo+n && !slices.Contains(dst, e) {
				dst = append(dst, e)
			}
		}
	}
	return dst
}

// Fault counts a fault at an address, which hit something or not.
func (b *Board) Fault(addr uint64, hit bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pg := b.pages[addr/b.pageSize]
	if pg == nil {
		return
	}
	pg.faults++
	if !hit {
		pg.idle++
	}
	pg.heat.Add(1, b.wall(), coolGuard)
}

// Rearrange has slots hold what costs most behind guards. All threads are stopped, at a
// fault as a rule: nothing is missed in a move.
func (b *Board) Rearrange() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.wall()
	if b.closed || now-b.planned < planEvery {
		return
	}
	b.planned = now
	pages, all := b.candidates(now)
	if len(pages) == 0 {
		return
	}
	chosen := make([]bool, len(all))
	sched.Place(b.roomForExact(), all, chosen)
	for i, pg := range pages {
		if all[i].In && !chosen[i] {
			b.movePage(pg, now, false)
		}
	}
	for i, pg := range pages {
		if chosen[i] && !all[i].In {
			b.clearSlots(pages, chosen)
			b.movePage(pg, now, true)
		}
	}
}

// candidates are the pages that are hot, and those in slots; none if nothing is hot.
func (b *Board) candidates(now sched.Time) (pages []*page, all []sched.Candidate) {
	wanted := false
	for _, pg := range b.pages {
		if slices.ContainsFunc(pg.entries, func(e *Entry) bool { return e.goroutine != 0 }) {
			continue // a goroutine's do not compete with the others' for slots: they stay where they are
		}
		cool := coolGuard
		if pg.slots {
			cool = coolSlots
		}
		c := sched.Candidate{Heat: pg.heat.Rate(now, cool), In: pg.slots, Kept: pg.moved > 0 && now-pg.moved < stay}
		if !pg.slots && c.Heat < hot {
			continue
		}
		if c.Need = b.needOf(pg); c.Need > b.pmu.slots {
			continue
		}
		for _, e := range pg.entries {
			if e.guardable() != nil {
				c.Kept = true
			}
		}
		wanted = wanted || !pg.slots && !c.Kept
		pages, all = append(pages, pg), append(all, c)
	}
	if !wanted {
		return nil, nil
	}
	return pages, all
}

// needOf is how many slots all of a page takes.
func (b *Board) needOf(pg *page) int {
	points := make([]hwbp.Point, 0, 2*b.pmu.slots)
	for _, e := range pg.entries {
		if !e.fits(b.pmu.slots) {
			return b.pmu.slots + 1
		}
		points = append(points, e.Points...)
		if len(points) > 2*b.pmu.slots {
			if points = distinct(points); len(points) > b.pmu.slots {
				return len(points)
			}
		}
	}
	return len(distinct(points))
}

// roomForExact is how many slots there are for what is of mode exact: those that it holds,
// and those that are free.
func (b *Board) roomForExact() int {
	free, _ := b.free(0, true)
	held := 0
	for _, g := range b.groups {
		for _, m := range g.members {
			if m.all(func(e *Entry) bool { return e.exact && e.goroutine == 0 }) {
				held += len(m.points)
			}
		}
	}
	return min(free+held, b.pmu.slots)
}

// clearSlots puts behind guards what holds slots on a page that has guards all the same.
func (b *Board) clearSlots(pages []*page, chosen []bool) {
	for _, pg := range b.pages {
		if pg.slots {
			continue
		}
		if i := slices.Index(pages, pg); i >= 0 && chosen[i] {
			continue
		}
		for _, e := range pg.entries {
			if !e.guarded && e.guardable() == nil && e.goroutine == 0 {
				b.note(b.toGuard(e))
			}
		}
	}
}

// movePage moves all entries of a page to slots, or behind guards. One that cannot be moved
// stays where it is, which costs something and misses nothing.
func (b *Board) movePage(pg *page, now sched.Time, toSlots bool) {
	pg.moved = now
	for _, e := range pg.entries {
		switch {
		case e.guarded && toSlots:
			_ = b.toSlots(e)
		case !e.guarded && !toSlots:
			_ = b.toGuard(e)
		}
	}
}

// relabel notes which of an entry's pages are without guards now.
func (b *Board) relabel(e *Entry) {
	b.pagesOf(e, func(n uint64) {
		if pg := b.pages[n]; pg != nil {
			pg.slots = !slices.ContainsFunc(pg.entries, func(e *Entry) bool { return e.guarded })
		}
	})
}
