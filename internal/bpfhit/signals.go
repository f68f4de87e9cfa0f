package bpfhit

import (
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// Blocked puts into R1 which of SIGCHLD and SIGURG the thread has blocked: [Bit] of each.
// offset is that of the mask of blocked signals in struct task_struct, slot a word of the
// stack for it. It goes to label if that cannot be read.
func Blocked(offset int, slot int16, label string) asm.Instructions {
	return append(taskWord(offset, slot, label),
		asm.LoadMem(asm.R1, asm.RFP, slot, asm.DWord),
		asm.And.Imm(asm.R1, Bit(unix.SIGCHLD)|Bit(unix.SIGURG)))
}

// Bit is the place of a signal in a mask, of those up to the thirty-first.
func Bit(s unix.Signal) int32 { return 1 << (s - 1) }
