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
