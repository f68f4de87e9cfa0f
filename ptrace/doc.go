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
