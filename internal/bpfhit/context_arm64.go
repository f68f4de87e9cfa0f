package bpfhit

import "github.com/cilium/ebpf/asm"

// Supported says whether programs can run at hits without doing harm. The processor
// reports a watchpoint before the store, and kernels before 6.10 leave it to the
// program's reader to get the thread over it.
const Supported = false

// Offsets in struct bpf_perf_event_data (include/uapi/linux/bpf_perf_event.h), which
// begins with struct user_pt_regs (arch/arm64/include/uapi/asm/ptrace.h).
const (
	FP   = 29 * 8 // X29, the frame pointer
	PC   = 256
	SP   = 248
	Addr = 272 + 8

	pstate = 264
)

// JumpInKernel goes to label if the hit was made in kernel mode: the exception level
// is in the low four bits of PSTATE, 0 for user mode.
func JumpInKernel(ctx asm.Register, label string) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, ctx, pstate, asm.DWord),
		asm.And.Imm(asm.R1, 0xf),
		asm.JNE.Imm(asm.R1, 0, label),
	}
}
