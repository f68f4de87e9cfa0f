// Package ptrace holds processes by ptrace(2) and tells what happens to them.
//
// # Mechanism
//
// The kernel binds a tracee to one thread of the tracer: only that thread may
// make ptrace calls for it and wait for it. A [Tracer] is such a thread, one
// goroutine locked to it; everybody else hands it closures ([Tracer.Do]). It
// waits with __WNOTHREAD, so that several Tracers live in one process and the
// children of the embedding program stay its own.
//
// [Tracees] is the table of everything one Tracer holds: processes and their
// threads. Threads are held by PTRACE_SEIZE: they are stopped by
// PTRACE_INTERRUPT, which leaves nothing behind in them, and job control stops
// stay what they are (PTRACE_LISTEN). [Tracees.Wait] digests what needs no
// decision (signals are passed on untouched and at once, births of threads are
// recorded) and returns an [Event] for what does: a debug exception, an int3, a
// new thread that has not yet run an instruction, an exec, an exit. The thread
// of an event is stopped until [Tracees.Resume].
//
// [Tracees.StopAll] stops every thread. What the threads met on their way to
// the stop is not lost: it is queued, and Wait returns it first. A trap that is
// already pending in a thread that stopped for another reason is fetched from
// it, so that after StopAll no thread has a SIGTRAP under way: breakpoints can
// be removed and registers disarmed without killing anybody later.
//
// # Safe
//
// A thread that is stopped by a signal keeps it until the stop is collected; after that
// the signal is in the tracer's hand, and goes with it if it dies. With [Tracees.Safe]
// such stops are only looked at, and the thread is resumed with its signal at once. A
// stop is collected when the signal was sent for us (a nudge, a BPF program's hit), or
// is a SIGTRAP, which would kill a thread without a tracer. So between [Tracees.StopAll]
// and ResumeAll no thread holds a signal: what comes on the way is delivered, and the
// thread stops before its handler's first instruction. Signals that come during a single
// step go back to the kernel when it ends. Nudges are signals that a program ignores.
// What kills a target all the same: an int3 in place, armed registers, a system call
// that is being injected.
//
// # Who may call
//
// Methods of Tracees, Process and Thread run on the Tracer's thread, inside Do,
// with three exceptions that any goroutine may call: [Tracees.Nudge], which
// gets the Tracer out of a blocking Wait, and the reads and writes of [Memory].
//
// # Locks
//
// Tracees.mu guards the list of processes, and which of them are being let go, for
// Nudge. It is taken last and never held across a wait.
package ptrace
