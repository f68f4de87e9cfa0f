// Package kfilter has the kernel decide which hits of a watchpoint stop the thread that made
// them.
//
// # Mechanism
//
// A stop costs several times what the hit itself does. A [Filter] is a BPF program on the
// perf events of one watchpoint (package perf), with the watchpoint's condition in it
// (package cond translates that) and its count. The kernel runs it at each hit in the thread
// that made it: a hit that is not wanted is counted, and the thread goes on (FACTS B7). Any
// other stops the thread as the driver of the events has it: by SIGTRAP, or as package kstop
// does.
//
// A condition must not be answered otherwise than by somebody who looks at the stopped
// thread. He knows more: which instruction made the access, which the registers of that tell
// what it wrote, whatever other threads have written since, and what names in the condition
// denote there. So the program decides nothing at a place in the code of which it was not
// told ([Filter.Learn]): the first hit there stops the thread. From then on it decides there
// if what it finds in memory is what the registers say was written; if not, another thread
// came in between, and the thread stops. It does, too, if the condition cannot be decided (a
// nil pointer), and for what the kernel itself wrote. What the stopped thread's debugger then
// finds is for him to judge ([Verdict]).
//
// # Goroutines
//
// Whose hit it is needs no such care: the kernel finds the goroutine that its thread works for
// as somebody who looks at the stopped thread does ([bpfhit.Goroutines]). So a filter for one
// goroutine lets those of all others pass, wherever they come from, and counts them apart
// ([Filter.Foreign]). Those that the kernel makes in a system call stop, since one access is
// several hits there (FACTS B5), as do those of threads of which the goroutine cannot be read.
//
// # Counts
//
// The events count all hits. The program counts those that it has kept from stopping, for
// each event, so that the difference is how many stops there are to be: a hit for which the
// kernel left the program out (bpf_prog_active in kernel/events/core.c) is noticed. What
// counts as many as another is the program's and the debugger's in common ([Filter.Match]).
//
// The value that was found last is the program's too: it is what a hit finds to be the value
// before. After the hits of all threads have been heard it is what is in memory, unless
// somebody has written unseen.
//
// # Who may call
//
// [Filter.Attach] and what changes a filter is for the tracer's thread. What only reads may be
// called from any goroutine. The program and this process share memory, with words that are
// written whole.
package kfilter
