// Package guard tells of every write to some pages of a process, made by its code or by the
// kernel for it, one at a time.
//
// # Mechanism
//
// The pages are write-protected by a userfaultfd that handles faults of the kernel too
// (package uffd; FACTS D). Whoever writes to one waits in the kernel, in the middle of the
// instruction or the system call, and a message tells its thread and the address. A thread
// of ours, the poller, reads it and gets the tracer's thread out of its wait
// (ptrace.Tracees.Knock), which stops all others (ptrace.Tracees.StopOthers; with others
// running, half of the writes would be missed: FACTS D3) and calls [Guard.Serve]:
//
//   - An instruction that stores a register, adds, or compares and swaps: what it does is
//     done for the thread (insn.Emulate), which goes on behind it. Its processor executes it
//     itself where two pages are touched, or a debug register is to see what it reads.
//   - Any other instruction: the page is opened, the thread executes this one instruction,
//     and the page is protected again. More pages that it touches are opened by the poller.
//     Several threads that wait at a page are served at one stop, one after the other.
//   - A system call is not to be disturbed: a signal would cut it short (FACTS K4). The page
//     is opened, and a breakpoint behind the call stops the thread before its next instruction
//     (ptrace.Tracees.Through). If it falls asleep first, because it waits for what another
//     thread has to do, the page is protected again and the others run; what the call writes
//     later is another [Write]. A thread that sleeps so is left alone by later stops.
//   - Where a stop cannot end, because threads wait for a lock of the kernel's that one of
//     those holds who wait at a page, that one is let through by the poller, and those that
//     could then write without a fault are told of as [Write].Maybe.
//   - If all threads of the process wait in calls there is nobody to stop by: the poller
//     lets one through, with a breakpoint behind its call.
//
// Pages of private file mappings (.data), which the kernel does not guard, are replaced in
// place by an anonymous copy; the mapping itself is kept elsewhere in the process, and comes
// back when the page is freed. Meanwhile /proc/PID/maps shows both.
//
// # Not seen, and told of
//
// Write.Unseen says that writes to a page may have been missed, after the fact, with the
// page protected again: a child of vfork, another process (process_vm_writev(2)), a worker
// of io_uring, which ptrace does not stop, open a page for a millisecond. So do
// a thread that writes there while it executes one instruction aside (ptrace.Tracees.StepElsewhere),
// madvise(MADV_DONTNEED) and its like, which take the protection away for a moment, the end
// of a thread whose clear_child_tid word is there, and our own writes to a running process.
// Write.Lost: munmap, mmap over it, mremap, or a page that holds the rseq area of a thread
// of a C library, to which the kernel writes at each return to user mode.
//
// Never seen, as little as by a debug register: a second mapping of the same memory, io_uring
// buffers and direct I/O that were pinned before. A child of fork is not guarded.
//
// # What it does to the program
//
// A stop interrupts the other threads' system calls as any stop of a debugger does:
// epoll_wait(2) can return EINTR, a read of more than there is can return what there is. The
// call that writes to the page is not among them, except where locks are in the way (above)
// and when the whole session is stopped. If the debugger is killed the kernel opens all
// pages and everybody runs on (FACTS D6); .data pages stay copies. But a single step under
// way, or a breakpoint behind a call, then ends in a SIGTRAP that kills the program. Of 50
// programs with four threads that did nothing but store to the page 11 died when all stores
// were stepped over, and none when they are emulated. An addition that is being emulated at
// that moment may be made twice: between its two calls to the kernel.
//
// # Cost
//
// A fault costs two stops and two wake-ups across threads, and one more of each where the
// instruction is stepped over: see the benchmarks. Adding a page
// takes some microseconds; a million ranges of eight bytes in 8 MB took 0.3 s. Each
// run of pages is a mapping of its own (vm.max_map_count).
//
// # Who may call
//
// [Open], Add, Remove, Serve, Tell and Close run on the tracer's thread with all threads of
// the process stopped (but for those that StopOthers has spared); Close also after the
// process has ended. Covers and Stats may be called from any goroutine. The methods of ptrace.Warden
// are for package ptrace. Whoever gets an event of kind ptrace.Guarded calls StopOthers,
// Serve, takes in what is queued, and ResumeAll; whoever has called StopAll, or had a thread
// step, calls Tell.
//
// # Locks
//
// Guard.mu guards everything. It is taken after Memory's lock and before that of
// ptrace.Tracees, and is held during calls to the kernel that wait for no more than the lock
// of the process's mappings. Nothing of the caller's is called under it.
package guard
