package perf

// RegMask is which registers a sample has, in order of their numbers: AX BX CX DX SI DI BP
// SP IP FLAGS and R8 to R15 (arch/x86/include/uapi/asm/perf_regs.h).
const RegMask = 1<<10 - 1 | 0xff<<16

// RegCount is how many these are.
const RegCount = 18
