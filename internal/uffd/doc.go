// Package uffd gets userfaultfds of other processes: what write protection of their
// memory hangs on (packages wpscan and guard).
//
// # Mechanism
//
// A userfaultfd is bound to the address space of whoever makes it (userfaultfd(2)).
// [Fetch] has a stopped thread of the process make one (ptrace.Tracees.Inject), copies it
// by pidfd_getfd(2), and has the thread close its own: nothing is left in the process,
// and when the debugger dies, and the kernel closes its copy, all protection is gone and
// every thread that waited runs on. A program under a seccomp filter that could kill it
// for the call is refused before.
//
// # Who may call
//
// Fetch runs on the tracer's thread. Methods of [FD] may be called from any goroutine,
// and hold no lock of ours; they wait for the lock of the process's mappings. EAGAIN, the
// kernel's word for a change of the mappings that waits for its event to be read, is
// returned: whoever asks for events has to read them, and repeats the call.
package uffd
