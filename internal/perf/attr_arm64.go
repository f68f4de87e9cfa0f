package perf

import "github.com/argusdbg/argus/hwbp"

var limits = hwbp.ARM64

// execLen is what the kernel wants for an execution event, one instruction
// (arch_build_bp_info in arch/arm64/kernel/hw_breakpoint.c).
const execLen = 4
