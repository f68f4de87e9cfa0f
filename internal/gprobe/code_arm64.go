package gprobe

// supported says whether probes are as cheap and exact as the package comment says: the
// kernel steps over a call on this architecture, which has not been measured.
const supported = false

const (
	// firstArgument is how far above the stack pointer a call finds the first argument
	// that is passed in memory.
	firstArgument = 8
	// goroutineRegister is where struct user_pt_regs has R28, the runtime.g in Go code
	// (arch/arm64/include/uapi/asm/ptrace.h, src/cmd/compile/abi-internal.md).
	goroutineRegister = 28 * 8
)
