// Package bpfhit is what BPF programs have in common that run at the hits of breakpoint
// events (packages kstop and record).
//
// # Mechanism
//
// The kernel runs such a program in the thread that made the hit, with its registers and
// the address that the event watches (struct bpf_perf_event_data). Where these are differs
// by architecture (context_*.go). What the program wants to know of the thread beside
// that it asks the kernel for: ids, as this process sees them (namespace.go), and fields
// of the kernel's own description of the thread, whose places the kernel tells (task.go).
//
// The functions that return instructions may use the registers R0 to R5, as a call does,
// and the part of the stack that they are given.
//
// # Who may call
//
// Any goroutine: nothing here has state.
package bpfhit
