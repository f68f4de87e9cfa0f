package ptrace

// xmm5 is where FPState has that register.
const xmm5 = 160 + 5*16
