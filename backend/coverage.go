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
	// ModeExact: it misses nothing. It has debug registers while there are any, and its
	// pages are guarded otherwise, which costs something at every write to them. It is
	// refused where neither can be had.
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
	// Unstopped are those that did not, and for which the kernel has not stopped the thread.
	Unstopped uint64
	// Lost counts hits that are not told of: the thread was killed before it could be
	// read, or the processor did not say which of several watchpoints it was and
	// nothing else did.
	Lost uint64
	// Unseen counts how often the value was found changed without a hit.
	Unseen uint64
	// Others counts accesses by goroutines that the watchpoint is not for, which are no Hits:
	// all of them, but with Switches those that were noticed, for it is mostly not armed where
	// they run.
	Others uint64
	// Selected is where it is decided that an access is by a goroutine that is meant: in the
	// kernel ([SelectedInKernel]), or by stopping the thread ([SelectedByStop]); "" if it is for
	// all.
	Selected string

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

	Mode   Mode
	Driver string // what arms the registers: "perf", "perf-safe" or "ptrace"
	// Switches is how it is known which thread the goroutine runs on where alone the watchpoint
	// is on, for too few debug registers: "probe", or "hook" where BPF is not permitted; "" if
	// it is on all threads.
	Switches string
	Guarded  bool   // page guards watch it now, not debug registers
	Stepped  bool   // single steps do: see Options.AllowStepping
	Moves    uint64 // how often it went from one to the other
	// Faults are the writes to its pages that page guards met; Idle those of them that
	// hit no watchpoint: the price of what else is on the pages.
	Faults, Idle uint64
	Coverage     Coverage
	// Calls is how many calls a [LocalWatch] has met; Unwatched those of them in which the
	// variable could not be watched.
	Calls, Unwatched uint64

	unestimated bool // some call's EstimateKnown is false

	// Reason is why Coverage is not Exact, or why the watchpoint ended, or whose end of it
	// would not be noticed.
	Reason string
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
	filtered := w.unstopped()
	st := Stats{Hits: w.hits + filtered, Unstopped: filtered, Reported: w.told, Lost: w.lost, Unseen: w.unseen, Mode: w.mode, Driver: board.Driver(), Reason: w.reason}
	st.Switches, st.Selected = w.switched, w.selected
	if st.Others = w.foreign(); w.untold && w.ended {
		st.Unseen++
	}
	entry, former, strayed, gone, unguarded, caveat := w.entry, w.former, w.strayed, w.gone, w.unguarded, w.caveat
	var leftOut error
	if w.whole != nil {
		leftOut = w.whole.err
	}
	w.mu.Unlock()
	acct := board.Account(entry)
	st.add(acct)
	for _, e := range former {
		st.add(board.Account(e))
	}
	st.Stepped = acct.Where == lanes.Steps
	if acct.Where == lanes.PageGuards && st.Selected != "" {
		st.Selected = SelectedByStop
	}
	st.Guarded, st.Moves, st.Faults, st.Idle = acct.Where == lanes.PageGuards, acct.Moves, acct.Faults, acct.Idle
	if w.whole != nil {
		w.mu.Lock()
		st.Faults, st.Idle = w.whole.faults, w.whole.idle
		w.mu.Unlock()
	}
	st.EstimateKnown = st.EstimateKnown && len(former) == 0
	st.Estimate += float64(filtered)
	st.judge(acct, board.Err(), gone)
	switch {
	case leftOut != nil && st.Coverage != Void:
		st.Coverage, st.Reason = Partial, "a part of it could not be followed: "+leftOut.Error()
	case unguarded:
		st.Coverage = Partial
		st.Reason = "its page is guarded no more: the program has unmapped or moved it, or the kernel writes there all the time (a thread's own area)"
	case strayed > 0 && st.Coverage == Exact:
		st.Coverage = Partial
		st.Reason = fmt.Sprintf("its page was open for a moment, %d times: for a write by somebody who is no thread of the program's (another process, a child of vfork, a worker of io_uring), or while the program discarded what was there", strayed)
	case st.Reason == "":
		st.Reason = caveat
	}
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
func (st *Stats) judge(a lanes.Account, fault error, gone bool) {
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
	case gone:
		st.Coverage = Partial
		reason = "its memory was unmapped or moved away (munmap, mremap): what became of the value is not known"
	case st.Unseen > 0 && st.Blind == 0:
		st.Coverage = Partial
		reason = "the value changed without a hit: the kernel (a system call) or another process wrote it, " +
			"or a thread that was killed before its hit was heard"
	case st.Lost > 0:
		st.Coverage = Partial
		reason = "hits could not be told of: their threads were killed meanwhile, or had the signal of the watchpoint blocked, " +
			"or the processor did not say what was hit"
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
