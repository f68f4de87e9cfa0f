// Package gprobe stops a thread where it is about to run a goroutine that somebody asks
// for, and costs all others next to nothing.
//
// # Mechanism
//
// Uprobes sit on instructions that the kernel executes for the thread instead of letting it
// step (a call, a push: arch/x86/kernel/uprobes.c): 0.8 us each time (FACTS E2a). There a BPF
// program finds the runtime.g that is about to run, in a register or through the argument
// of a call, and looks it up in a table. Only if it is there the thread is sent SIGCHLD, as
// package kstop sends it: it takes that before its next instruction in user mode, its tracer
// sees a stop by SIGCHLD with si_code SI_KERNEL, and without a tracer it means nothing. The
// probes go when their descriptor is closed, or whoever holds it dies: the program is left
// as it was.
//
// An entry of the table may name a thread on which there is no need to stop for the
// goroutine: all that is wanted is there already.
//
// A thread that has both SIGCHLD and SIGURG blocked does not stop in time; it is counted
// ([Probes.Missed]). The Go runtime blocks neither where goroutines begin to run.
//
// # Who may call
//
// Any goroutine, one at a time.
package gprobe
