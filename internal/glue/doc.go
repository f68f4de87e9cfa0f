// Package glue makes a Delve target of processes held by package ptrace: it
// implements Delve's proc.ProcessGroup, proc.Process and proc.Thread, so that
// Delve's reader of debug information, its expressions, goroutines, stacks,
// stepping and function calls work on them unchanged.
//
// # Mechanism
//
// [Launch] and [Attach] return a [Group] with its proc.TargetGroup. Delve calls
// ContinueOnce, which runs the event loop (loop.go) on the tracer's thread until
// something has to be told: a breakpoint, a watchpoint that stops, a request to
// stop, an end. Hits of watchpoints go to the [Observer], on that thread and with
// only the thread that hit stopped: what it lets pass never leaves the loop.
//
// Delve stops for what a thread's Breakpoint says, and for little else. An
// Observer that wants a stop returns a breakpoint of its own making, which
// becomes that of the thread (FACTS F3).
//
// A [Hook] is a place in the program's code at which a thread is looked at, on that thread
// too, and of which Delve knows nothing (hook.go): memory that Delve reads is without its
// breakpoint instruction.
//
// A breakpoint that the Observer lets pass (pass.go), and a hook, stays where it is: what
// is under it is computed from the registers if it is a branch or only moves something, or
// executed from a copy in code that the program has left behind it, while the other threads
// run on. Where neither can be done, or what it writes to is behind a page guard, everything
// is stopped for one step.
//
// Goroutines that somebody asks for are followed from thread to thread (switches.go): by
// probes, with which the kernel decides who stops (package gprobe), or by hooks.
//
// Where somebody asks for it, single steps of the whole program take the place of page guards
// that cannot be had (stepper.go): what is written is told of in the same way.
//
// Two methods of proc.ProcessInternal name an internal package of Delve in their
// signatures and cannot be written outside it. They come from an embedded nil
// interface; SupportsBPF is false, which keeps Delve from calling one of them,
// and nobody may call Target.GetBufferedTracepoints (FACTS F1).
//
// # Who may call
//
// Delve's types are not safe for concurrent use: one goroutine at a time calls
// into the TargetGroup. While it is inside ContinueOnce, the tracer's thread
// has its place: Observer methods may use Delve's types. Only
// [Group.Halt] and [Group.Nudge] may be called at any time.
//
// # Locks
//
// Group.halting is taken first: it guards who asks for a stop, and what Delve writes
// that a request for one reads. Group.mu guards the list of processes for
// RequestManualStop, and is taken before that of ptrace.Tracees.
package glue
