package lanes

import (
	"errors"
	"slices"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// Free tells how many slots a watchpoint could have, for one thread or (0) for all, and
// who holds the others. The scheduler is asked for more than there can be: its refusal
// says so. What other users of the processor hold is not known here.
func (b *Board) Free(thread int, pinned bool) (slots int, holders []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.free(thread, pinned)
}

func (b *Board) free(thread int, pinned bool) (slots int, holders []string) {
	task := b.sched.Process()
	if ln := b.lanes[thread]; ln != nil {
		task = ln.task
	}
	g, err := b.sched.NewGroup(task, sched.GroupConfig{Pinned: pinned,
		Events: []*sched.Event{{PMU: b.pmu, Need: b.pmu.slots + 1}}})
	var refused *sched.AdmissionError
	if errors.As(err, &refused) {
		return refused.Most, refused.Holders
	}
	if err == nil {
		g.Remove()
	}
	return 0, nil
}

// CanGuard reports why page guards cannot be had, nil if they can. All threads are stopped:
// the first time they are opened.
func (b *Board) CanGuard() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.haveGuards()
}

// Yielding is how many slots would be given to whoever can be nowhere else, for one thread
// or (0) for all.
func (b *Board) Yielding(thread int) (slots int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.groups {
		if g.config.Thread != 0 && thread != 0 && g.config.Thread != thread {
			continue
		}
		for _, m := range g.members {
			if m.all(func(e *Entry) bool { return e.exact && e.guardable() == nil }) {
				slots += len(m.points)
			}
		}
	}
	return slots
}

// Empty reports whether nothing is watched, in slots or behind page guards.
func (b *Board) Empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.groups) == 0
}

// Watches reports whether a slot is to see accesses to some of these bytes, now or at its turn.
func (b *Board) Watches(addr, size uint64) bool {
	return b.anyPoint(func(p hwbp.Point) bool { return p.Access != hwbp.Execute && overlap(p, addr, size) })
}

// Reads is Watches for reads.
func (b *Board) Reads(addr, size uint64) bool {
	return b.anyPoint(func(p hwbp.Point) bool { return p.Access.Reads() && overlap(p, addr, size) })
}

func (b *Board) anyPoint(is func(hwbp.Point) bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, g := range b.groups {
		for _, m := range g.members {
			if slices.ContainsFunc(m.points, is) {
				return true
			}
		}
	}
	return false
}

// InSlots appends to dst the entries that a thread's slots watch at this moment and that a
// write to a range touches.
func (b *Board) InSlots(dst []*Entry, th *ptrace.Thread, addr, size uint64) []*Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil {
		return dst
	}
	for _, s := range ln.slots {
		for _, m := range s.members {
			if slices.ContainsFunc(m.points, func(p hwbp.Point) bool { return p.Access.Writes() && overlap(p, addr, size) }) {
				dst = m.appendTo(dst)
			}
		}
	}
	return dst
}

func overlap(p hwbp.Point, addr, size uint64) bool {
	return p.Addr < addr+size && addr < p.Addr+uint64(p.Len)
}
