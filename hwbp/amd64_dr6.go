package hwbp

// DR6 is the x86 debug status register: why the last debug exception came (Intel
// SDM 3B, 18.2.3).
//
// What ptrace shows is the kernel's virtual copy, which is cleaner than the
// register. At each debug exception in user mode Linux starts it anew with only the
// single-step bit (exc_debug_user in arch/x86/kernel/traps.c, since 5.10) and adds a
// bit for each ptrace breakpoint of this thread that fired (ptrace_triggered in
// arch/x86/kernel/ptrace.c). So the slot of a perf event never shows, and all ptrace
// slots that one instruction fired do (FACTS A6). A stop for any other reason still
// shows the last exception: write [DR6Clear] once a value is read.
type DR6 uint64

// DR6Clear says that nothing happened: only the bits are set that the architecture
// keeps at one (DR6_RESERVED in the kernel's arch/x86/include/uapi/asm/debugreg.h).
const DR6Clear DR6 = 0xffff0ff0

const (
	dr6Slots      DR6 = 0b1111  // B0 to B3
	dr6SingleStep DR6 = 1 << 14 // BS
)

// Fired returns a mask of the slots that fired, bit n for slot n. One instruction
// can fire several.
func (d DR6) Fired() uint8 { return uint8(d & dr6Slots) }

// SingleStep reports whether the exception came from a single step. The stepped
// instruction can have fired slots too, in the same stop (a step over a watched
// store reads 0xffff4ff4 for slot 2 on Linux 6.18): look at Fired as well. Kernels
// before 5.11 leave those bits out of a step.
func (d DR6) SingleStep() bool { return d&dr6SingleStep != 0 }
