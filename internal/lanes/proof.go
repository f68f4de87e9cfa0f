package lanes

import (
	"errors"

	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// track begins to keep track of the pages of a group that takes turns. Where the
// kernel cannot do that nothing will be proven clean.
func (b *Board) track(g *group) {
	if b.scanner == nil && b.proofErr == nil {
		b.proofErr = ptrace.ErrThreadGone
		if th := b.anyStopped(); th != nil {
			b.scanner, b.proofErr = wpscan.Open(b.tracees, th)
		}
	}
	if b.scanner == nil {
		return
	}
	b.scanned(b.scanner.Scan()) // what was written before is nobody's to miss
	for _, m := range g.members {
		m.since, m.tracked = b.scanner.Scans(), true
		for j, p := range m.points {
			if err := b.scanner.Add(p.Addr, uint64(p.Len)); err != nil {
				for _, q := range m.points[:j] {
					b.scanner.Remove(q.Addr, uint64(q.Len))
				}
				m.tracked, m.untracked = false, err
				break
			}
		}
	}
}

func (b *Board) untrack(g *group) {
	if b.scanner == nil {
		return
	}
	for _, m := range g.members {
		if m.tracked {
			b.untrackMember(m)
		}
	}
}

func (b *Board) untrackMember(m *member) {
	for _, p := range m.points {
		b.scanner.Remove(p.Addr, uint64(p.Len))
	}
}

func (b *Board) anyStopped() *ptrace.Thread {
	for _, th := range b.proc.Threads() {
		if th.Stopped() {
			return th
		}
	}
	return nil
}

// scanOf is scan for the pages of one event.
func (b *Board) scanOf(m *member) {
	for _, p := range m.points {
		b.scanned(b.scanner.ScanRange(p.Addr, uint64(p.Len)))
	}
}

func (b *Board) scanned(err error) {
	switch {
	case err == nil:
	case errors.Is(err, wpscan.ErrGone): // and what was judged before stands
		b.scanErr = true
	default:
		b.proofErr, b.scanErr = err, true
	}
}

// mark notes that a blind interval of m begins on a lane: what was written before is
// forgotten.
func (b *Board) mark(ln *lane, m *member) {
	if b.scanner != nil && m.tracked {
		b.scanOf(m)
		ln.marks[m] = b.scanner.Scans()
	}
}

// markAll is for a new lane: what was written before its thread was born that thread did
// not write.
func (b *Board) markAll(ln *lane) {
	if b.scanner == nil {
		return
	}
	b.scanned(b.scanner.Scan())
	for _, g := range b.groups {
		for _, m := range g.members {
			if m.tracked {
				ln.marks[m] = b.scanner.Scans()
			}
		}
	}
}

// Clean judges a blind interval. The scheduler asks when the registers are set again:
// what is written from then on is seen. What a lane has no mark for began when the
// group did, or later.
func (b *Board) Clean(l *sched.Lane, e *sched.Event, _, _ sched.Time) bool {
	ln, m := l.Data().(*lane), e.Data.(*member)
	if b.scanner == nil || !m.tracked {
		return false
	}
	if !b.fresh && !b.scanErr {
		b.scanOf(m)
	}
	if b.scanErr {
		m.unjudged++
		return false
	}
	mark := max(ln.marks[m], m.since)
	ln.marks[m] = b.scanner.Scans() // if it goes on the mark is made anew when it leaves
	for _, p := range m.points {
		if b.scanner.Dirty(p.Addr, uint64(p.Len)) > mark {
			return false
		}
	}
	return true
}
