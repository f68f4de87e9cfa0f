package kstop

import (
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// Where things are in a record in the ring, and in the map of counters.
const (
	recordIDs    = 0 // thread id in the low half, process id in the high one
	recordPC     = 8
	recordAddr   = 16
	recordTime   = 24
	recordSignal = 32
	recordResult = 36
	recordSize   = 40

	countLost   = 0
	countKernel = 8
	countsSize  = 16
)

const (
	ringNoWakeup = 1 // BPF_RB_NO_WAKEUP: the signal is what wakes the reader
	idsOnStack   = -8
	maskOnStack  = -16
)

// parts are what the code is made for.
type parts struct {
	ring, counts int // descriptors of the maps
	blocked      int // offset of the mask of blocked signals in struct task_struct, or -1
	namespace    bpfhit.Namespace
}

// code is the program. Its registers: R6 the context, R7 the signal, R8 the ids, R9
// the record.
func code(p parts) asm.Instructions {
	c := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	c = append(c, bpfhit.JumpInKernel(asm.R6, "kernel")...)
	c = append(c, chooseSignal(p.blocked)...)
	c = append(c, p.namespace.Identify(asm.R8, idsOnStack)...)
	c = append(c,
		asm.LoadMapPtr(asm.R1, p.ring),
		asm.Mov.Imm(asm.R2, recordSize),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "full"),
		asm.Mov.Reg(asm.R9, asm.R0),

		asm.StoreMem(asm.R9, recordIDs, asm.R8, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, bpfhit.PC, asm.DWord),
		asm.StoreMem(asm.R9, recordPC, asm.R1, asm.DWord),
		asm.LoadMem(asm.R1, asm.R6, bpfhit.Addr, asm.DWord),
		asm.StoreMem(asm.R9, recordAddr, asm.R1, asm.DWord),
		asm.FnKtimeGetNs.Call(),
		asm.StoreMem(asm.R9, recordTime, asm.R0, asm.DWord),
		asm.StoreMem(asm.R9, recordSignal, asm.R7, asm.Word),
		asm.Mov.Reg(asm.R1, asm.R7),
		asm.FnSendSignalThread.Call(),
		asm.StoreMem(asm.R9, recordResult, asm.R0, asm.Word),

		asm.Mov.Reg(asm.R1, asm.R9),
		asm.Mov.Imm(asm.R2, ringNoWakeup),
		asm.FnRingbufSubmit.Call(),
		asm.Ja.Label("done"),

		// No room for the record: the thread stops all the same.
		asm.Mov.Reg(asm.R1, asm.R7).WithSymbol("full"),
		asm.FnSendSignalThread.Call(),
	)
	c = append(c, bpfhit.Count(p.counts, countLost)...)
	c = append(c, asm.Ja.Label("done"))
	c = append(c, bpfhit.Label("kernel", bpfhit.Count(p.counts, countKernel))...)
	// 0: no sample, and no other overflow action of the event.
	return append(c, bpfhit.Label("done", asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()})...)
}

// chooseSignal puts the number of the signal to be sent into R7 (FACTS K2).
func chooseSignal(blocked int) asm.Instructions {
	c := asm.Instructions{asm.Mov.Imm(asm.R7, int32(unix.SIGCHLD))}
	if blocked < 0 {
		return c
	}
	c = append(c, bpfhit.Blocked(blocked, maskOnStack, "chosen")...)
	return append(c,
		asm.JNE.Imm(asm.R1, bpfhit.Bit(unix.SIGCHLD), "chosen"), // free, or the other is not
		asm.Mov.Imm(asm.R7, int32(unix.SIGURG)),
		asm.Mov.Reg(asm.R7, asm.R7).WithSymbol("chosen"), // a place for the label
	)
}
