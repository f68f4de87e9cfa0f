// Package sched decides which event holds which slot, and when, and keeps the
// account of what that costs. It is pure: time comes in as an argument, threads
// as lanes, hardware as PMUs, so that the same code drives real threads and a
// simulation of a thousand (package sim).
//
// # The question
//
// A processor has four debug registers. In July 2009 Peter Zijlstra wrote to the
// author of the Linux breakpoint counters how they should be shared, and Linux
// has not done it since: kernel/events/hw_breakpoint.c counts every breakpoint as
// if it were always on, and the fifth is refused with ENOSPC. What he asked for:
//
//  1. Slots belong to tasks. Four on one thread must not keep another thread from
//     four, since they are never scheduled at once: a [Lane] has its own slots, and
//     only the groups of its own contexts are on it.
//  2. When there is more demand than slots, multiplex. Any number of flexible
//     groups is accepted; they take turns, and each is told how long it really ran
//     ([Times]).
//  3. A PMU whose enable simply fails when resources are short: [PMU].Add. The
//     scheduler copes, and nobody else has to know.
//  4. A group is accepted only if all of it can be on at once, now and in the
//     future: [Scheduler.NewGroup] or [AdmissionError].
//  5. Arbitration: whoever comes later must not make an accepted group impossible.
//     Later groups are held to the same condition; users that ask nobody (another
//     debugger or profiler) show as lanes with fewer slots ([Lane.SetSlots],
//     [ShortError]), where groups fail, are reported ([Observer]), and come back.
//
// The mail leaves one question open: may a group have members on several hardware
// PMUs? Here it may. A group goes on inside a transaction: each member is added on
// its own PMU, the first refusal takes all back, and only then is each PMU told
// to commit. What makes that safe is that admission is a condition on each PMU by
// itself: if a group fits beside everything pinned on each of its PMUs, it fits on
// all of them together, as there are no slots that two PMUs share. (Where hardware
// does pool them, as x86 does data and execution, they are one PMU.) And what makes
// it fair is that the order of waiting is of groups on a lane, not of groups on a
// PMU: a mixed group that comes first in that order gets all its slots at once, and
// cannot starve between two queues.
//
// # Tasks, contexts, lanes
//
// A task (the process, a thread, a goroutine) has a context: its groups, pinned
// and flexible. A lane is an OS thread. What can be on there are the contexts of
// the process, of the thread, and of the goroutine it runs: pinned groups first, in
// that order, then flexible ones in an order that turns decide. A group that does
// not fit is passed over, and a smaller one behind it may take what is left.
//
// Threads and goroutines are contexts, not lists to be searched: a lane costs
// what is on it, however many tasks there are.
//
// # Admission
//
// For each PMU with N slots let P be what the process's pinned groups need
// together, T the most that any thread's do, G the most that any goroutine's do.
// Any goroutine may run on any thread, so all three can be on at once. What is
// accepted always satisfies, for a flexible group that needs d,
//
//	of the process:      d + P + T + G         <= N
//	of a thread:         d + P + its own + G   <= N
//	of a goroutine:      d + P + T + its own   <= N
//
// and P + T + G <= N. So every flexible group fits beside whatever is pinned at the
// time, each lane can serve at least one of them in each turn, and nothing that is
// accepted later changes that. A request that would break it is refused; the error
// says how much could be had, and who holds the rest.
//
// # Turns
//
// The owner calls [Lane.Turn] as often as it likes slices to be long, for lanes that
// are [Lane.Over]. A [Policy] orders the flexible groups; the scheduler makes sure
// of the bound: with k flexible groups on a lane, none waits for more than k turns.
// Two things can add to that, and each adds one turn for each group concerned: one
// that has waited longer comes with its goroutine (then its wait goes on where it
// left off), or was pushed off again before it ran at all. The comment of the
// method bounded in turn.go has the proof. A goroutine's turns are those at which it
// has a lane.
//
// A turn that fails does not count, nor does one in which the lane did not run.
//
// # Times
//
// For each event, enabled = running + clean + blind, to the nanosecond. Enabled is
// the time of the lanes that had it in their contexts. Running is counted from the
// moment that the hardware was committed; an event whose commit failed is blind.
// Blind time becomes clean if the [Prover] says so: when the event is on again and
// the hardware is set (so that a write during the proof is seen by one or the
// other), or at [Lane.Settle], or when it leaves the lane. Until then it is blind.
// What a goroutine's event misses while its goroutine does not run is nothing: it
// is not enabled then.
//
// # Who may call it
//
// The owner, under one lock of its own: nothing here is safe for concurrent use, and
// there are no goroutines and no locks inside. [PMU], [Prover], [Policy] and
// [Observer] are called from within, and must not call back. Calls that change what
// should be on (NewGroup, Remove, SetSlots, NewTask, Close) program nothing, they
// leave lanes stale. Only Update, Turn and Switch call PMUs, and each only for its
// own lane: so a driver that has to stop a thread first needs to stop that one only.
package sched
