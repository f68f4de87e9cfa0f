package perf

// RegMask is which registers a sample has, in order of their numbers: X0 to X30, SP and PC
// (arch/arm64/include/uapi/asm/perf_regs.h).
const RegMask = 1<<33 - 1

// RegCount is how many these are.
const RegCount = 33
