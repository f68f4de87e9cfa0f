// Package perf sets hardware breakpoints through perf_event_open(2), and tells
// how long threads have run.
//
// # Mechanism
//
// An [Event] is one breakpoint on one thread. While it is open it takes one slot
// of that thread, the same slots that ptrace takes (FACTS A3), and the kernel
// loads it into a debug register whenever the thread runs. The kernel counts the
// hits; an event with [Options.Sigtrap] stops its thread after each, for whoever
// traces it. Where several events fire on one instruction there is one stop and
// every count is right: the stop says when to look, the counts say what happened.
//
// Unlike registers set by ptrace an event can be moved while its thread runs
// ([Event.Modify]), sees what the kernel writes for a system call
// ([Options.Kernel]), can be filtered by a BPF program ([Event.SetBPF]), and ends
// with the process that opened it. On one thread use one of the two.
//
// An event of [OpenSampled] stops nobody, and leaves a [Sample] of each hit in a [Ring], from
// which whoever likes takes it: package record does.
//
// A [Clock] is an event that counts nothing, for the time it was enabled: how
// long a thread has been on a processor. [SchedClock] is the same out of /proc,
// where perf events are not permitted; [Probe] tells what is.
//
// # What is counted
//
// Every hit is in the count before its thread runs its next instruction; a count
// that is read while the thread runs on another processor is right at some moment
// of the call. Moving, disabling or enabling an event loses no hit that it has
// counted: on Linux 6.18 each has its stop.
//
// A debug exception whose cause is missing (FACTS A12, ptrace.TrapUnknown) is in
// no count, and no BPF program sees it: measured under load, the stores made were
// the count and such exceptions together, to the last one of 1.3 million that
// stopped the thread. So such a stop is a hit that nothing else tells of, and must
// be reported as one.
//
// Some hypervisors lose more. On the same machine threads whose hits only count
// made runs of 100,000 to 400,000 stores without a hit, about as many as fit into a
// time slice: none in most minutes, and up to ten in a minute of its bad times.
// The kernel does not notice: time enabled and running go on alike. Where every hit
// stops the thread, and so loads the register anew, no such run was seen in 2.4
// million hits.
//
// # Costs
//
// The kernel switches an event where its thread ran last, be it running there or
// not, and interrupts that processor if it is another than the caller's. Measured
// on Linux 6.18, x86-64, in a virtual machine with two processors, where such an
// interrupt costs 10 to 30 us (us; same processor, thread asleep on another,
// thread running on another):
//
//	Modify, enabled      0.6   29-45  27-40
//	Modify, disabled     0.4   0.4    0.5
//	Disable and Enable   0.8   25-29  28-40
//	Open and Close       2.5   15     17-42
//	Count, Read          0.3   0.3    2-13
//	Clock.Now            0.3   0.3    0.3
//	SchedClock.Now       0.8   0.8    0.8
//
// To move an enabled event is two interrupts, so a thread that has not run since
// ([Clock.Now] tells for a tenth of that) is best left as it is.
//
// # Who may call
//
// Any goroutine: perf events, other than ptrace, belong to the process that
// opened them. Whether a thread is stopped does not matter, but see [Open]. Each
// Event and clock has one lock, held over its system calls; no other is taken
// under it. A Ring is for one goroutine at a time.
package perf
