package bpfhit

import "github.com/cilium/ebpf/asm"

// Supported says whether programs can run at hits without doing harm.
const Supported = true

// Offsets in struct bpf_perf_event_data (include/uapi/linux/bpf_perf_event.h), which
// begins with struct pt_regs (arch/x86/include/uapi/asm/ptrace.h).
const (
	FP   = 32 // RBP, the frame pointer
	PC   = 128
	SP   = 152
	Addr = 21*8 + 8

	cs = 136
)

// JumpInKernel goes to label if the hit was made in kernel mode: the privilege level
// is in the low two bits of CS.
func JumpInKernel(ctx asm.Register, label string) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, ctx, cs, asm.DWord),
		asm.And.Imm(asm.R1, 3),
		asm.JNE.Imm(asm.R1, 3, label),
	}
}
