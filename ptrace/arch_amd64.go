package ptrace

// breakpointInstruction is int3; the kernel reports it with PC behind it.
var breakpointInstruction = []byte{0xCC}

const breakpointAdvance = 1

// syscallInstruction is SYSCALL.
var syscallInstruction = []byte{0x0F, 0x05}

const syscallAlign = 1

// prepareSyscall sets the registers of a call (man 2 syscall). Orig_rax is
// that no call is in progress, or the kernel would restart the thread's own.
func (r *Regs) prepareSyscall(at uint64, number int, args []uint64) {
	r.Rip, r.Rax, r.Orig_rax = at, uint64(number), ^uint64(0)
	for i, reg := range []*uint64{&r.Rdi, &r.Rsi, &r.Rdx, &r.R10, &r.R8, &r.R9} {
		if i < len(args) {
			*reg = args[i]
		}
	}
}

func (r *Regs) syscallResult() uint64 { return r.Rax }

// SystemCall is the number of the system call at whose end the thread is stopped, if it
// is: an exception in the program's own code leaves -1 there (arch/x86/entry/entry_64.S).
func (r *Regs) SystemCall() (number int, in bool) { return int(r.Orig_rax), int64(r.Orig_rax) >= 0 }

// syscallNumber is the call that the thread is in.
func (r *Regs) syscallNumber() int { return int(r.Orig_rax) }
