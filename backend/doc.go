// Package backend is a debugging session: the embeddable face of Argus.
//
// [Launch] and [Attach] return a [Session] with the program stopped. [Session.Watch]
// sets watchpoints, [Session.Break] breakpoints, and the program runs in
// [Session.Continue], [Session.Next] and their like, which return what ended the run: a
// [*Stop], an [*Exit], an [*Exec] or a [*Detached]. [Session.Run] is a loop over these.
//
// # What a watchpoint does
//
// A watchpoint stops the program, as a breakpoint does, with everything that fired in
// [Stop.Hits]; or, with the option [Report], it tells a function of yours and lets the
// program run on: only the thread that wrote waits meanwhile. Conditions ([If]) and
// counts ([Every]) are judged there too. No hit is dropped: what is not reported is
// counted in [Stats].
//
// The location of a hit is that of the instruction that wrote. The processor reports
// a store when it is done, with the program counter behind it; package
// internal/insn finds the instruction by decoding the function forwards from its
// entry. Values are those that the instruction wrote or replaced where the registers
// tell, and otherwise those in memory when the thread was stopped; other threads may
// have written since.
//
// # Breakpoints
//
// Delve knows one breakpoint at an address, and asks for each thread that has come to it
// whether that stops; a site (site.go) asks in turn each of [Session.Break]'s that is
// there, and those of [Session.CatchPanics]. Conditions and counts are judged there, and
// functions given to [OnReach] are called: a step under way does not notice what they
// let pass. A breakpoint that can never stop any more is taken out at the next run.
//
// # Several programs
//
// With [Session.FollowExec] a session has a debuggee for each Go program. Whatever the
// session is asked is about the one that it looks at: that of the last stop, and in the
// event loop that of the thread that has something to report. Breakpoints are in all
// of them, a watchpoint is in one.
//
// # Core files
//
// A session of [OpenCore] has no process, and none of the threads of package glue: what
// only reads does not rely on these, and everything else fails with [ErrCore].
//
// # Drivers
//
// Debug registers are set as perf events where the kernel permits that, and by ptrace
// otherwise ([Options]). Both see every access that the program's own instructions make,
// on every thread from its first instruction on. The perf driver can change a thread's
// registers while it runs, and sees what system calls write ([Hit.Call]) where that is
// permitted; the ptrace driver sees no such write (FACTS A7).
//
// A program that was attached to is to survive the debugger's sudden death: where BPF is
// permitted its threads are stopped by a signal that means nothing if nobody is there
// to take it ([Safety]; FACTS K1). These stops do not see what system calls write.
//
// # More watchpoints than registers
//
// A processor has four, on each thread. In [ModeExact] and [ModePinned] a watchpoint has
// its own or is refused ([SlotsError]). In [ModeSampled] watchpoints take turns: which
// are on is decided by package sched for each thread, slice by slice. [Session.NewGroup]
// makes some that are on together or not at all; [OnThread] makes one that is on only
// where one thread runs, and takes no register from others.
//
// # Coverage
//
// Every watchpoint says what it may have missed ([Watchpoint.Stats]): for how much of
// the time that the program's threads ran it was on, for how much of the rest its memory
// is proven not to have been written, and what remains. An estimate of all accesses
// comes with the error that it may have.
//
// Whatever the registers say, the value is compared when the program stops, when it
// ends, and when the watchpoint is removed: if it changed without a hit (the kernel wrote
// it unseen, or another process did through shared memory, or the hardware failed to
// report: FACTS A12a) the coverage is partial, not exact.
//
// # Values
//
// A [Variable] is a value in the program with its type and text, and with children that
// are read when they are asked for, those of large lists and maps by pages:
// [Session.Evaluate], [Session.Locals], [Session.Globals], [Session.Children]. It is of
// one stop: when the program has run its children are [ErrStale]. What is looked at from
// one [Scope] shares a view (view.go), which is kept until the program runs or its
// memory is written to. Package internal/vars knows how values are shown.
//
// # Who may call
//
// Methods of Session and Watchpoint may be called from any goroutine. While the
// program runs, most of them stop it for as long as they take, unseen by whoever
// waits in Continue. Functions given to Report run on the session's own thread, those
// given to OnReach on that of whoever lets the program run: they must not call methods
// of the Session, which would wait for themselves.
//
// # Locks
//
// Delve's types, on which all of this stands, are for one goroutine at a time. The
// gate (gate.go) decides whose turn it is: that of a caller while the program is
// stopped, that of the event loop while it runs; what callers want then is queued for
// the loop. Session.mu guards the gate's state and Watchpoint.mu the figures of a
// watchpoint; neither is held while anything else is waited for, and Watchpoint.mu
// is taken last.
package backend
