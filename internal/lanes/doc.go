// Package lanes runs the scheduler (package sched) on the threads of a real process.
//
// # Mechanism
//
// A [Board] belongs to one process. Every thread of it is a lane, every watchpoint an
// [Entry] in a group of sched's, and the PMU that sched asks for room is the debug
// registers of a thread (pmu.go). How registers are written is a driver's business:
//
//   - perf (perf.go): perf events, one for each slot of each thread, on which the kernel
//     stops the thread (sigtrap). They are moved while the thread runs.
//   - safe (perf.go): the same events, with a BPF program that stops the thread by a
//     signal which a process ignores if nobody is there to take it (FACTS K).
//   - ptrace (ptrace.go): the debug registers that ptrace(2) offers. A thread has to be
//     stopped for them to change.
//
// All events are of one thread alone: no inheritance. New threads are stopped before
// their first instruction anyway, and get their own set there; sets of one thread can
// then differ from those of another, and threads that sleep are never touched.
//
// # Turns
//
// While some lane has more to watch than slots, the [rotator] gives it the next turn at
// the end of each slice, if its thread has run since the last: a lane's clock is the time
// that its thread has been on a processor (package perf's Clock), so that who sleeps
// neither ages nor misses anything. The perf drivers turn where they are, on the processor
// on which the thread last ran (FACTS C1, B4); the ptrace driver asks the thread to stop,
// and turns when the event loop reports that, or a hit before it; the tracer's thread goes
// to that processor too (bind.go). Turns that would cost more than a fraction of the time
// are spaced out (rotate.go).
//
// Blind intervals are judged by asynchronous write protection (package wpscan) after the
// registers are set again: a page that was not written from before the watchpoint was
// taken off until it is on again proves that nothing was missed.
//
// # Exact
//
// What is of mode exact is always on: in slots while there are any, and otherwise behind
// page guards (exact.go, guards.go), a second PMU of sched's that never fills. A guard costs
// something at every write to its page, its neighbours' too, so faults are counted for each
// page, and slots are given to the pages that cost most (pages.go; sched.Place decides).
// Whoever needs slots and can be nowhere else, what is pinned, takes turns or watches reads,
// has what is of mode exact move behind guards. Everything is moved while all threads are
// stopped: nothing is missed in a move.
//
// # Goroutines
//
// What is for a goroutine alone is in a context that goes with it (goroutine.go). Four
// registers on each of a hundred goroutines are no more demand than four: no two of them
// run on one thread at a time. Whoever knows the program's scheduler tells when a thread
// is about to run one ([Board.Run]); the difference between two contexts is what a switch
// costs. What finds no slots is behind page guards for all threads alike, as what is for
// the whole process is, and stays there: it does not compete with other goroutines' for
// slots (pages.go). While a goroutine is on no thread its watchpoints are on none, and
// their times stand.
//
// # Who may call
//
// What programs registers or looks at a stopped thread runs on the tracer's thread: Add,
// Remove, Born, Gone, Leaving, Run, Turn, Fired, Hit, Behind, Fault, Rearrange, Pause, Resume,
// Close. Account, Err, Driver
// and Slice may be called from any goroutine.
//
// # Locks
//
// Board.mu guards everything, the scheduler included. It is held while registers are
// written and pages are scanned, and nothing is called back under it. Only the locks of
// packages perf, kstop and wpscan are taken under it, which are taken last. Tracees.mu is
// not: the rotator asks for stops without Board.mu.
package lanes
