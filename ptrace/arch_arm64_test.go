package ptrace

// xmm5 is where FPState has register v5.
const xmm5 = 5 * 16
