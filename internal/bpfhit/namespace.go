package bpfhit

import (
	"fmt"

	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"
)

// Namespace is a namespace of process ids as the kernel's helper wants it named
// (ns_match in fs/nsfs.c).
type Namespace struct{ device, inode uint64 }

// OwnNamespace is the one whose ids this process sees.
func OwnNamespace() (Namespace, error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &st); err != nil {
		return Namespace{}, fmt.Errorf("find out the process id namespace: %w", err)
	}
	// The kernel's own dev_t, which stat(2) encodes differently
	// (include/linux/kdev_t.h).
	device := uint64(unix.Major(st.Dev))<<20 | uint64(unix.Minor(st.Dev))
	return Namespace{device, st.Ino}, nil
}

// Identify puts the ids of the thread (low half) and the process (high half) into dst as
// this process knows them: the kernel tells those of a namespace only to programs that
// name it, and only about processes whose own namespace it is. For any other they are the
// machine's. It uses 8 bytes of the stack at the offset slot.
func (n Namespace) Identify(dst asm.Register, slot int16) asm.Instructions {
	done := fmt.Sprintf("identified%d", -slot) // a program may do it twice
	return asm.Instructions{
		asm.LoadImm(asm.R1, int64(n.device), asm.DWord),
		asm.LoadImm(asm.R2, int64(n.inode), asm.DWord),
		asm.Mov.Reg(asm.R3, asm.RFP),
		asm.Add.Imm(asm.R3, int32(slot)),
		asm.Mov.Imm(asm.R4, 8),
		asm.FnGetNsCurrentPidTgid.Call(),
		asm.LoadMem(dst, asm.RFP, slot, asm.DWord),
		asm.JEq.Imm(asm.R0, 0, done),
		asm.FnGetCurrentPidTgid.Call(),
		asm.Mov.Reg(dst, asm.R0),
		asm.Mov.Reg(dst, dst).WithSymbol(done),
	}
}
