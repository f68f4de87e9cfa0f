package lanes

import (
	"math/bits"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// Verdict says what the stop of a thread was.
type Verdict uint8

// Verdicts.
const (
	Nothing Verdict = iota // no watchpoint
	Ours                   // watchpoints were hit
	Unknown                // one may have been: all that are armed are candidates
	Foreign                // the program's own affair: it is to be given the signal
)

// hitCost is more than a hit takes of the thread's own time: 13 to 46 us were measured in
// a virtual machine (FACTS C, K5).
const hitCost = sched.Time(50 * time.Microsecond)

// Shot is what a stop was about.
type Shot struct {
	Verdict Verdict
	// Deferred: the thread had the signal blocked, and stopped some time after the hit.
	Deferred bool
	// Call: the kernel made the access, for the system call at the end of which the
	// thread is.
	Call bool
	// Missed are hits of which only the number is known. The slice is valid until the
	// next call.
	Missed []Missed
}

// Missed is a number of hits of an entry.
type Missed struct {
	Entry *Entry
	N     uint64
}

// Fired finds out what a thread's stop is about, and appends the entries to dst, each
// once.
func (b *Board) Fired(dst []*Entry, th *ptrace.Thread, info *ptrace.Siginfo) ([]*Entry, Shot, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lanes[th.TID]
	if ln == nil || len(b.groups) == 0 {
		return dst, Shot{Verdict: unwatched(info)}, nil
	}
	sh, err := ln.arms.fired(info)
	if err != nil {
		return dst, Shot{}, err
	}
	switch {
	case sh.foreign:
		return dst, Shot{Verdict: Foreign}, nil
	case sh.unknown:
		for i := range ln.slots {
			for _, m := range ln.slots[i].members {
				dst = m.appendTo(dst)
			}
		}
		return b.appendLate(dst, ln, sh.late), Shot{Verdict: Unknown}, nil
	}
	for s := sh.now; s != 0; s &= s - 1 {
		for _, m := range ln.slots[bits.TrailingZeros16(s)].members {
			dst = m.appendTo(dst)
		}
	}
	dst = b.appendLate(dst, ln, sh.late)
	ln.sched.Stall(hitCost)
	shot := Shot{Deferred: sh.deferred, Call: sh.call, Missed: b.told(ln, &sh)}
	if len(dst) > 0 {
		shot.Verdict = Ours
	}
	b.note(b.turnIfDue(ln)) // before it could be asked to stop again
	if len(b.goroutines) > 0 {
		b.note(b.freshen(ln))
	}
	return dst, shot, nil
}

// appendLate appends the entries of points that may have left their slots.
func (b *Board) appendLate(dst []*Entry, ln *lane, points []hwbp.Point) []*Entry {
	for _, p := range points {
		b.eachOf(ln, p, func(m *member) { dst = m.appendTo(dst) })
	}
	return dst
}

// eachOf calls fn for every member that has a point on a lane, be it on or off.
func (b *Board) eachOf(ln *lane, p hwbp.Point, fn func(*member)) {
	for _, g := range b.groups {
		if !b.concerns(g, ln) {
			continue
		}
		for _, m := range g.members {
			if slices.Contains(m.points, p) {
				fn(m)
			}
		}
	}
}

// told lists what a shot says was missed, and counts it.
func (b *Board) told(ln *lane, sh *shot) []Missed {
	b.missed = b.missed[:0]
	for _, x := range sh.missed {
		b.eachOf(ln, x.point, func(m *member) {
			for range x.n {
				m.event.Hit(ln.sched)
			}
			for _, e := range m.entries {
				b.missed = append(b.missed, Missed{e, x.n})
			}
		})
	}
	return b.missed
}

// unwatched judges the stop of a thread on which nothing is armed.
func unwatched(info *ptrace.Siginfo) Verdict {
	if info.Signo != int32(unix.SIGTRAP) || info.Code == ptrace.TrapUnknown || info.Code == ptrace.TrapPerf {
		return Foreign
	}
	return Nothing
}

func (m *member) appendTo(dst []*Entry) []*Entry {
	for _, e := range m.entries {
		if !slices.Contains(dst, e) {
			dst = append(dst, e)
		}
	}
	return dst
}

// Hit counts one hit of an entry on a thread, for the estimate of how many there would
// have been.
func (b *Board) Hit(e *Entry, th *ptrace.Thread) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ln := b.lanes[th.TID]; ln != nil && e.in != nil && !e.guarded && e.in.entries[0] == e { // once for all of them
		e.in.event.Hit(ln.sched)
	}
}
