// Package kstop stops a thread at a breakpoint event without a signal that could
// kill it.
//
// # Mechanism
//
// An event that stops its thread by SIGTRAP, and a debug register set by ptrace,
// kill the program if the debugger dies between the hit and the stop: the signal then
// meets nobody (FACTS B8). Here a BPF program runs on each hit of an event, in the
// thread that made it. For a hit in user mode it leaves a [Record] in a ring, sends
// that thread SIGCHLD, which every program ignores that has no handler for it, and
// tells the kernel to do nothing else (FACTS K1). The thread takes the signal before
// its next instruction; its tracer sees a stop by SIGCHLD, si_code SI_KERNEL, and
// finds the record by thread and program counter ([Program.Take]). No debugger: a
// stray SIGCHLD.
//
// Where a thread has SIGCHLD blocked it is sent SIGURG, which is ignored too; where it
// has both blocked, SIGCHLD, and it stops when it lifts the block. Of two events on one
// instruction the first sends (the other's record has Sent EBUSY, FACTS K3). A signal
// with a lower number that was on its way already is taken before: the stop is then at
// the first instruction of its handler, and Take calls the hit earlier. A signal sent
// already and not taken yet swallows ours. So the records say what was hit, and the
// stop says only when to look; Take at every stop of a thread, whatever its reason.
//
// Hits in kernel mode, where a system call touches what is watched, are counted and
// nothing else: a signal would cut the call short (FACTS K4).
//
// What the program could not note is counted ([Program.Lost]). The kernel itself leaves
// programs out for an instant now and then (bpf_prog_active in kernel/events/core.c):
// such a hit is in the event's own count only, so whoever wants to be sure compares.
//
// Execution events work the same way, with the stop before the instruction. If the thread
// is given another signal there, the event fires once more when its handler returns: the
// kernel does not keep the resume flag over it (FIX_EFLAGS in
// arch/x86/include/asm/sighandling.h).
//
// # Use
//
// [Load] makes a program, which serves any number of events: those that [Program.FD]
// is given to by perf.Event.SetBPF, without Sigtrap. They keep it alive after
// [Program.Close].
//
// # Who may call
//
// Any goroutine. One lock stands above the records; it is not held while another is
// taken. What Take returns is valid until the next call of it, so one goroutine, the
// tracer's, calls that.
package kstop
