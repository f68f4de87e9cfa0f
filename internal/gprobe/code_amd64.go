package gprobe

// supported says whether probes are as cheap and exact as the package comment says.
const supported = true

const (
	// firstArgument is how far above the stack pointer a call finds the first argument
	// that is passed in memory.
	firstArgument = 0
	// goroutineRegister is where struct pt_regs has R14, the runtime.g in Go code
	// (arch/x86/include/uapi/asm/ptrace.h, src/cmd/compile/abi-internal.md).
	goroutineRegister = 8
)
