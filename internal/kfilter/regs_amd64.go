package kfilter

// Offsets in struct pt_regs (arch/x86/include/uapi/asm/ptrace.h) of the registers, in the
// order of insn.Regs.GPR, and of the flags.
var registers = [16]int16{80, 88, 96, 40, 152, 32, 104, 112, 72, 64, 56, 48, 24, 16, 8, 0}

const (
	flags    = 144
	zeroFlag = 1 << 6 // ZF (Intel SDM volume 1, section 3.4.3)
)
