// Package wpscan tells which pages of a process were written while nobody watched
// them: what proves the blind interval of a watchpoint clean.
//
// # Mechanism
//
// Asynchronous write protection (Linux 6.7; FACTS D1): the kernel protects a page
// and, when somebody writes to it, takes the protection off by itself, stops
// nobody and asks nobody. PAGEMAP_SCAN on /proc/PID/pagemap finds the pages that
// have lost it and protects them again in one step, under the page table's lock.
//
// The protection hangs on a userfaultfd, which is bound to the address space of
// whoever makes it: [Open] has a stopped thread of the process make one
// (ptrace.Tracees.Inject), copies it by pidfd_getfd(2), and has the thread close its
// own. It is for faults in user mode only, which everybody may have; writes by
// system calls are seen all the same, and never fail, since no fault is ever
// handed out. When the debugger dies the kernel closes its copy and all protection
// goes with it; the process runs on, and nothing is left in it.
//
// # How to prove an interval clean
//
//	s.Add(addr, size)          // once; may be long before
//
//	s.Scan()                   // the interval begins: forget earlier writes,
//	begin := s.Scans()         //   remember the number, and only then
//	disarm()                   //   stop watching
//	...
//	arm()                      // it ends: watch first,
//	s.Scan()                   //   then look
//	clean := s.Dirty(addr, size) <= begin
//
// ScanRange does for both, where only one interval is at stake.
//
// In this order a write counts twice rather than never. Scans by others in between
// do no harm: a page keeps the number of the last scan that found it written.
// Pages of which anything is not known count as written: those that are not
// covered ([Unknown]), all of a process that has ended or called exec ([ErrGone]),
// those that were swapped out.
//
// # What counts as a write
//
// Measured on Linux 6.18, x86-64, and a test for each. Neighbours on the same page
// count: dirty means that the interval is not proven clean, no more.
//
//   - All memory that a program has variables in can be covered: .data, .bss, heap,
//     stack, huge pages (those concerned are split and stay so until the kernel
//     collects them again), pages never touched, private
//     and shared file mappings, shared memory, memfd. Not: memory that is not
//     mapped, shared mappings of files that the program may not write (EPERM),
//     memory that the program uses with a userfaultfd of its own (EBUSY). The
//     other way round the program is refused a userfaultfd for covered pages.
//   - Dirty: every store, of the same value too; system calls that write to the
//     page; a child of vfork, which runs in the same memory; the debugger itself
//     (Memory.WriteMemory: a breakpoint set on the page, a value that the user
//     changes).
//   - Dirty: munmap, mmap over it, mremap there or away, MADV_DONTNEED. What is
//     mapped there afterwards is covered from then on. Clean: loads, mprotect,
//     MADV_DONTNEED of shared memory, which leaves the contents.
//   - A child of fork is not covered, and its writes are not seen: it has memory of
//     its own. Nor is the program that exec starts.
//   - Not seen, as little as by a debug register, because the contents change by
//     another way than this address: a second mapping of the same file or memory (in
//     this process or another), write(2) and fallocate(2) to a mapped file, and the
//     kernel writing to pages that the program gave it before (buffers registered
//     with io_uring, direct I/O under way, devices). Whoever must know that too
//     compares the value: clean and changed means one of these.
//
// # Cost
//
// In a virtual machine: a Scan of one page, of 4 or of 64 side by side takes 1.5, 1.9
// and 2.5 us, and 1.2 to 2.4 us for each page that stands alone; the program's first
// store to a page after a scan 0.7 to 1.3 us, and those after it nothing. Scan and Dirty do not
// allocate. A page that lies alone splits a mapping in three until it is removed.
//
// # Who may call
//
// Open runs on the tracer's thread. Everything else may be called from any
// goroutine, whether the process runs or not. A Scanner is to be closed; one of a
// process that has ended or called exec too.
//
// # Locks
//
// Scanner.mu guards everything. It is held during calls that wait for no more than
// the lock of the process's mappings, and, when a page of the process has to be
// read back from disk, for that.
package wpscan
