package ptrace

import "golang.org/x/sys/unix"

// Regs are the general registers of a thread, in the kernel's layout.
type Regs unix.PtraceRegs

// PC is the program counter.
func (r *Regs) PC() uint64 { return r.Rip }

// SetPC sets the program counter.
func (r *Regs) SetPC(pc uint64) { r.Rip = pc }

// SP is the stack pointer.
func (r *Regs) SP() uint64 { return r.Rsp }

// TLS is the base of the thread's local storage.
func (r *Regs) TLS() uint64 { return r.Fs_base }

const ntX86Xstate = 0x202

// FPRegSet is the register set that holds floating point and vector registers.
const fpRegSet = ntX86Xstate

// maxFPState bounds the size of the floating point state: AMX tiles make it
// about 11 KiB today.
const maxFPState = 64 << 10
