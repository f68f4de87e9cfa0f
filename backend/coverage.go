package backend

import (
	"fmt"
	"time"

	"github.com/argusdbg/argus/internal/lanes"
)

// Mode is what becomes of a watchpoint when there are more than debug registers.
type Mode string

// Modes.
const (
	// ModeExact: it misses nothing, or is refused.
	ModeExact Mode = "exact"
	// ModePinned: it has debug registers of its own all the time, or is refused.
	ModePinned Mode = "pinned"
	// ModeSampled: it takes turns with others, and gives account of it.
	ModeSampled Mode = "sampled"
)

// Coverage says what a watchpoint may have missed.
type Coverage string

// Coverages.
const (
	// Exact: on since it was set, on every thread that it is for. No access by the
	// program's own instructions was missed, and the value changed in no other way
	// that was seen.
	Exact Coverage = "exact"
	// Covered: it was off for a time, and the memory was not written then.
	Covered Coverage = "covered"
	// Partial: accesses may have been missed. Stats.Reason says why.
	Partial Coverage = "partial"
	// Void: it was never on while the program ran. Its count means nothing.
	Void Coverage = "void"
)

// Stats are a watchpoint's figures.
//
// Times are those that the program's threads (all that the watchpoint is for) spent on
// a processor, added up: who waits misses nothing. Enabled is Running + Clean + Blind,
// to the nanosecond.
type Stats struct {
	Hits     uint64 // accesses that fired, reported or not
	Reported uint64 // those that met the condition and the count
	// Lost counts hits that are not told of: the thread was killed before it could be
	// read, or the processor did not say which of several watchpoints it was and
	// nothing else did.
	Lost uint64
	// Unseen counts how often the value was found changed without a hit.
	Unseen uint64

	Enabled time.Duration // wanted for that long
	Running time.Duration // and really on
	Clean   time.Duration // off, and the memory was not written meanwhile
	Blind   time.Duration // off, and it may have been
	Turns   uint64        // how often it went on, on all threads

	// Estimate is how many hits there would have been, had it been on all the time:
	// Hits x Enabled / Running, give or take EstimateError (as good as never more; see
	// package sched). EstimateKnown is whether that can be said: it was on often enough, and
	// hits did not slow the program much more while it was on than while it was not.
	Estimate, EstimateError float64
	EstimateKnown           bool

	Mode     Mode
	Driver   string // what arms the registers: "perf", "perf-safe" or "ptrace"
	Coverage Coverage
	Reason   string // why Coverage is not Exact, or why the watchpoint ended
}

// Share is the part of the time for which it was on, 0 to 1.
func (st *Stats) Share() float64 {
	if st.Enabled == 0 {
		return 1
	}
	return float64(st.Running) / float64(st.Enabled)
}

// Coverage says what the watchpoint may have missed until now.
func (w *Watchpoint) Coverage() Coverage { return w.Stats().Coverage }

// Stats returns the figures as they are now; times can be a millisecond old. They may be
// asked for at any time, from functions given to Report too.
func (w *Watchpoint) Stats() Stats {
	board := w.of.process.Board()
	w.mu.Lock()
	st := Stats{Hits: w.hits, Reported: w.told, Lost: w.lost, Unseen: w.unseen, Mode: w.mode, Driver: board.Driver(), Reason: w.reason}
	entry, former := w.entry, w.former
	w.mu.Unlock()
	acct := board.Account(entry)
	st.add(acct)
	for _, e := range former {
		st.add(board.Account(e))
	}
	st.EstimateKnown = st.EstimateKnown && len(former) == 0
	st.judge(acct, board.Err())
	return st
}

func (st *Stats) add(a lanes.Account) {
	st.Enabled += time.Duration(a.Enabled)
	st.Running += time.Duration(a.Running)
	st.Clean += time.Duration(a.Clean)
	st.Blind += time.Duration(a.Blind)
	st.Turns += a.Turns
	st.Estimate += a.Estimate.Hits
	st.EstimateError += a.Estimate.Err
	st.EstimateKnown = a.Estimate.Known
}

// judge says what the figures mean. The gravest reason counts.
func (st *Stats) judge(a lanes.Account, fault error) {
	var reason string
	st.Coverage = Exact
	switch {
	case st.Enabled > 0 && st.Running == 0:
		st.Coverage, reason = Void, "it was never on while the program ran"
		if a.Failures > 0 {
			reason += ": another user held the debug registers"
		}
	case fault != nil:
		st.Coverage, reason = Partial, "it could not be armed everywhere: "+fault.Error()
	case st.Unseen > 0 && st.Blind == 0:
		st.Coverage = Partial
		reason = "the value changed without a hit: the kernel (a system call) or another process wrote it, " +
			"or a thread that was killed before its hit was heard"
	case st.Lost > 0:
		st.Coverage = Partial
		reason = "hits could not be told of: their threads were killed meanwhile, or the processor did not say what was hit"
	case st.Blind > 0 && a.Failures > 0:
		st.Coverage, reason = Partial, fmt.Sprintf("another user held debug registers: it was off for %v", st.Blind)
	case st.Blind > 0:
		st.Coverage = Partial
		reason = fmt.Sprintf("it was off for %v in which its memory was written, or others on the same page", st.Blind)
		if a.Short {
			reason += "; another user of the processor held debug registers for a time"
		}
		if a.Unproven != nil {
			reason = fmt.Sprintf("it was off for %v, and whether it was written then is not known: %v", st.Blind, a.Unproven)
		}
		if st.Unseen > 0 {
			reason += "; the value changed without a hit"
		}
	case st.Clean > 0:
		st.Coverage, reason = Covered, "whenever it was off its memory was not written"
	}
	if reason != "" {
		st.Reason = reason
	}
}
