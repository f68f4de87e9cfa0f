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
// # Coverage
//
// Every watchpoint says what it may have missed ([Watchpoint.Stats]). Debug registers
// set by ptrace see every access that the program's own instructions make, on every
// thread from its first instruction on. They do not see writes that the kernel makes
// for a system call, as read(2) into a watched buffer (FACTS A7), nor those of other
// processes into shared memory. The value is therefore compared when the program
// stops, when it ends, and when the watchpoint is removed: if it changed without a
// hit the coverage is partial, not exact.
//
// # Who may call
//
// Methods of Session and Watchpoint may be called from any goroutine. While the
// program runs, most of them stop it for as long as they take, unseen by whoever
// waits in Continue. Functions given to Report run on the session's own thread: they
// must not call methods of the Session, which would wait for themselves.
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
