package kstop

import "github.com/cilium/ebpf/asm"

// The processor reports a watchpoint before the store, and kernels before 6.10 leave
// it to the program's reader to get the thread over it: no such stop is known to be
// safe.
const supported = false

// Offsets in struct bpf_perf_event_data (include/uapi/linux/bpf_perf_event.h), which
// begins with struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h).
const (
	ctxPC     = 256
	ctxPstate = 264
	ctxAddr   = 272 + 8
)

// jumpInKernel goes to label if the hit was made in kernel mode: the exception level
// is in the low four bits of PSTATE, 0 for user mode.
func jumpInKernel(ctx asm.Register, label string) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, ctx, ctxPstate, asm.DWord),
		asm.And.Imm(asm.R1, 0xf),
		asm.JNE.Imm(asm.R1, 0, label),
	}
}
