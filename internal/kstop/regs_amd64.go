package kstop

import "github.com/cilium/ebpf/asm"

const supported = true

// Offsets in struct bpf_perf_event_data (include/uapi/linux/bpf_perf_event.h), which
// begins with struct pt_regs (arch/x86/include/uapi/asm/ptrace.h).
const (
	ctxPC   = 128
	ctxCS   = 136
	ctxAddr = 21*8 + 8
)

// jumpInKernel goes to label if the hit was made in kernel mode: the privilege level
// is in the low two bits of CS.
func jumpInKernel(ctx asm.Register, label string) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, ctx, ctxCS, asm.DWord),
		asm.And.Imm(asm.R1, 3),
		asm.JNE.Imm(asm.R1, 3, label),
	}
}
