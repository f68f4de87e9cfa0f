package perf

import "github.com/argusdbg/argus/hwbp"

var limits = hwbp.AMD64

// execLen is what the kernel wants for an execution event, sizeof(long)
// (arch_build_bp_info in arch/x86/kernel/hw_breakpoint.c).
const execLen = 8
