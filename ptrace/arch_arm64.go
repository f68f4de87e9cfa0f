package ptrace

// breakpointInstruction is brk #0; the kernel reports it with PC at it.
var breakpointInstruction = []byte{0x00, 0x00, 0x20, 0xd4}

const breakpointAdvance = 0

// syscallInstruction is SVC #0.
var syscallInstruction = []byte{0x01, 0x00, 0x00, 0xd4}

const syscallAlign = 4

// prepareSyscall sets the registers of a call (man 2 syscall).
func (r *Regs) prepareSyscall(at uint64, number int, args []uint64) {
	r.Pc, r.Regs[8] = at, uint64(number)
	for i := range min(len(args), 6) {
		r.Regs[i] = args[i]
	}
}

func (r *Regs) syscallResult() uint64 { return r.Regs[0] }

// SystemCall is unknown here: the registers do not tell a system call from an exception.
func (r *Regs) SystemCall() (number int, in bool) { return 0, false }

// syscallNumber is the call that the thread is in.
func (r *Regs) syscallNumber() int { return int(r.Regs[8]) }
