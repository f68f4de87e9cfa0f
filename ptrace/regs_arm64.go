package ptrace

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// Regs are the general registers of a thread, in the kernel's layout.
type Regs unix.PtraceRegs

// PC is the program counter.
func (r *Regs) PC() uint64 { return r.Pc }

// SetPC sets the program counter.
func (r *Regs) SetPC(pc uint64) { r.Pc = pc }

// SP is the stack pointer.
func (r *Regs) SP() uint64 { return r.Sp }

const ntFPRegSet = 2 // NT_PRFPREG

const fpRegSet = ntFPRegSet

// maxFPState is the size of struct user_fpsimd_state.
const maxFPState = 32*16 + 16

const ntARMTLS = 0x401 // NT_ARM_TLS

// TLS is the base of the thread's local storage (TPIDR_EL0).
func (th *Thread) TLS() (uint64, error) {
	var buf [16]byte // kernels with SME add a second register
	if _, err := getRegSet(th.TID, ntARMTLS, buf[:]); err != nil {
		return 0, fmt.Errorf("thread local storage of thread %d: %w", th.TID, err)
	}
	return binary.LittleEndian.Uint64(buf[:]), nil
}
