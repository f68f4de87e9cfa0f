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
// Where BPF is permitted the kernel judges, at the hit: one that is not wanted, or that is not
// by the goroutine that is meant, stops nobody (package internal/kfilter, kernelfilter.go). It
// does so for a watchpoint that has one debug register to itself, at places in the code whose
// first hit has stopped, and only where it finds what the stopped thread would show: everything
// else is judged as before.
// [Watchpoint.InKernel], [Watchpoint.Explain] and [Stats].Selected say where; [ByStop] has no
// part of it.
//
// The location of a hit is that of the instruction that wrote. The processor reports
// a store when it is done, with the program counter behind it; package
// internal/insn finds the instruction by decoding the function forwards from its
// entry. Values are those that the instruction wrote or replaced where the registers
// tell, and otherwise those in memory when the thread was stopped; other threads may
// have written since.
//
// # Goroutines and calls
//
// With [OnGoroutines] a watchpoint is about some goroutines: by id, by a function that they
// began with or are in, by a label of runtime/pprof. Who made an access is looked at where
// hits are judged, with only that thread stopped; what others do is counted apart.
//
// [Session.WatchLocal] watches a local variable in every call of a function. Where that is
// declared (declared.go) a thread is looked at as those are that end local variables, and
// while everything is stopped for it gets a watchpoint for the call (localcall.go), which
// ends where the function returns, by a panic or with its goroutine, and no stop tells of
// that. What all calls have counted is added up (localstats.go).
//
// # Breakpoints
//
// Delve knows one breakpoint at an address, and asks for each thread that has come to it
// whether that stops; a site (site.go) asks in turn each of [Session.Break]'s that is
// there, and those of [Session.CatchPanics]. Conditions and counts are judged there, and
// functions given to [OnReach] are called: a step under way does not notice what they
// let pass. A breakpoint that can never stop any more is taken out at the next run.
//
// # Conditions
//
// A condition is compiled, once for each place that it is evaluated at (package
// internal/cond), and left to Delve's evaluator where it cannot be: [Watchpoint.Explain]
// and [Breakpoint.Explain] say which. It is judged in the event loop while only the thread
// that came there waits. A breakpoint that has no reason to stop is passed (pass.go): the
// thread executes what is under it elsewhere, and Delve is not told. So is one of a step when
// another goroutine comes to it (passstep.go).
//
// # Several programs
//
// With [Session.FollowExec] a session has a debuggee for each Go program. Whatever the
// session is asked is about the one that it looks at: that of the last stop, and in the
// event loop that of the thread that has something to report. Breakpoints are in all
// of them that have their places, and can wait for one that has ([Pending]); a watchpoint
// is in one.
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
// # Traces
//
// [Session.Trace] records every write of some memory, and stops nobody for it: at the write
// a program of the kernel's takes down who it was (package record), and a [Record] is made
// of that when somebody reads it ([Trace.Records]), be it while the program runs or when it
// has ended. So a reader has what it needs for itself: the program's file, and the table of
// functions in it; Delve is not asked. Reading is slower than writing can be for a while:
// what is lost then is counted. A trace sees what the processor does: a store to its memory that
// is behind a page guard is left to the thread, and not made in its place. [TraceOptions].Plain
// is for who has a watchpoint in mind and wants it told as truly (traceplain.go).
//
// # Objects
//
// What is in several places, or is written in several stores, is watched as a whole
// ([Watchpoint.Whole]): strings, slices, maps, interfaces, channels, what is made of these,
// and plain memory of more than 64 bytes. Package internal/object knows what belongs to it;
// each piece is a range behind page guards. At the first store of an assignment all threads
// stand, and the one that wrote is stepped to the end of its statement (statement.go): until
// it is at another line, calls a function that is no part of an assignment, or would have to
// wait. Then the pieces that were written are compared, those that have come are guarded
// before those that have gone are let go, and one [Hit] names what has changed
// ([Hit.Changes]). Where the runtime was interrupted in the midst of an operation on a map
// the hit is told when that is over. If a thread is stopped for a hit it is behind the
// statement, not behind the first store; who steps by single instructions
// ([Session.StepInstruction]) is told of single stores.
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
// report: FACTS A12a) the coverage is partial, not exact. It is too if the memory was
// unmapped or moved away. docs/conformance.md says what is a hit, case by case.
//
// # Goroutines
//
// A watchpoint for one goroutine ([OnGoroutine]) is on all threads while there are debug
// registers for that (owngoroutine.go), and those of others who come by are let pass: by the
// kernel where BPF is permitted, who then cost what the hit itself does, and otherwise by a
// stop. Nobody has to know when goroutines are switched. When registers run out it holds them
// only of the thread that its goroutine runs on (ongoroutine.go). The thread is stopped before
// the goroutine's next instruction there (glue.Switches), and what is watched for it is put
// into the thread's registers in place of what was for another: the difference alone is
// programmed. It stays there when the goroutine leaves. A hit by somebody else with the same
// memory, who runs there next, is counted in [Stats].Others and dropped; elsewhere it is none.
//
// What a switch costs depends on who has to stop for it. By probes those stop that have
// watchpoints of their own, unless these are on that thread still, and others take a
// microsecond or so; by hooks everyone stops, for ten times that and more
// (BenchmarkSwitch). [Stats].Switches says which it is.
//
// Which of the two it is permission decides, once, and not the rate of switches. By probes a
// switch took 0.66 us, by hooks 16 us, in one virtual machine. A write watchpoint on a
// goroutine's own g.m (FACTS E1) tells of its switches too, for 10 to 19 us each, twice a
// switch, and for nothing at those of all others. Where probes are permitted it is never the
// cheaper way. Where hooks alone are, it would be for few goroutines that are switched less than
// the rest; but it holds a debug register on every thread for each of them, and switches are
// followed only when registers have run out. With r of them for n goroutines, of which none has
// more than m watchpoints, that is n*m > r at least, and there is room for watches on g.m only
// if m+n <= r: with r up to 4 no n and m do both.
//
// Only its own goroutine writes a stack, but for channel operations while it is parked, by
// whoever they are with (FACTS E3): on threads where its watchpoints are not. So a variable
// on the stack is compared when its goroutine goes on: a change is a hit with [Hit].Parked.
//
// # How watchpoints end
//
// What is watched can cease to be. A [Stop] then tells of the watchpoint in Ended, and
// [Watchpoint.End] how it was and what the memory held last.
//
// A variable on a stack belongs to one call of a function (local.go), recursive ones kept
// apart, and is followed when the runtime moves the stack to make it larger or smaller. It
// ends when that call is left: by return, by a panic that is recovered further up, by
// runtime.Goexit. Breakpoint instructions in the runtime and behind the call tell of it
// (localruntime.go), at which Argus alone looks, on the tracer's thread. Where accesses come from
// is looked at besides (localhit.go): another goroutine's channel operation with a variable
// of one that waits says so ([Hit.Channel]), the runtime's copying of the stack is no
// access, and memory that is somebody else's by now is never taken for the variable.
//
// An object of the heap ends when the garbage collector finds that nothing refers to it
// (heapwatch.go, package internal/heap): in the same stop of the world, before its memory
// can be used again. Finalizers make it live once more, and the watchpoint with it. Objects
// of the tiny allocator end with the block that they share. If the end would not be
// noticed, because the runtime is not known, the object is in an arena, or the program is to
// survive the debugger, [Stats].Reason says so.
//
// An object in a local variable is followed as the variable is (wholelocal.go). When the
// function uses it no more the collector may free what it leads to: that is let go in the
// same stop, and is watched again if the variable is assigned to.
//
// In code that was optimized the compiler may use the place of a variable for another one
// while the call lasts: that is not noticed.
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
// is taken last, but for LocalWatch.mu. Trace.reading is held by whoever reads a trace; Session.mu and, below it,
// Trace.mu while traces begin and end.
package backend
