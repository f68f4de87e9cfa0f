package gprobe

import (
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// Where things are in the map of counters.
const (
	countPassed = 0
	countMissed = 8
	countsSize  = 16
)

// Where things are on the stack.
const (
	gOnStack    = -8
	idsOnStack  = -16 // of 8 bytes
	maskOnStack = -24
)

// parts are what the code is made for.
type parts struct {
	wanted, counts int // descriptors of the maps
	blocked        int // offset of the mask of blocked signals in struct task_struct, or -1
	argument       bool
	always         bool
	gobuf          uint64
	namespace      bpfhit.Namespace
}

// code is the program. Its registers: R6 the context, R7 the signal, R8 the entry of the
// table.
func code(p parts) asm.Instructions {
	c := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	c = append(c, bpfhit.Count(p.counts, countPassed)...)
	if p.argument {
		c = append(c, asm.LoadMem(asm.R7, asm.R6, bpfhit.SP, asm.DWord))
		c = append(c, bpfhit.ReadField(gOnStack, asm.R7, firstArgument, "missed")...)
		c = append(c,
			asm.LoadMem(asm.R1, asm.RFP, gOnStack, asm.DWord),
			asm.Sub.Imm(asm.R1, int32(p.gobuf)),
		)
	} else {
		c = append(c, asm.LoadMem(asm.R1, asm.R6, goroutineRegister, asm.DWord))
	}
	c = append(c,
		asm.StoreMem(asm.RFP, gOnStack, asm.R1, asm.DWord),
		asm.LoadMapPtr(asm.R1, p.wanted),
		asm.Mov.Reg(asm.R2, asm.RFP),
		asm.Add.Imm(asm.R2, gOnStack),
		asm.FnMapLookupElem.Call(),
		asm.JEq.Imm(asm.R0, 0, "done"),
		asm.LoadMem(asm.R8, asm.R0, 0, asm.DWord),
	)
	if !p.always {
		c = append(c, unlessThere(p.namespace)...)
	}
	c = append(c, asm.Mov.Imm(asm.R7, int32(unix.SIGCHLD)).WithSymbol("stop"))
	if p.blocked >= 0 {
		c = append(c, chooseSignal(p.blocked, p.counts)...)
	}
	c = append(c,
		asm.Mov.Reg(asm.R1, asm.R7).WithSymbol("send"),
		asm.FnSendSignalThread.Call(),
		asm.JEq.Imm(asm.R0, 0, "done"),
	)
	c = append(c, bpfhit.Label("missed", bpfhit.Count(p.counts, countMissed))...)
	return append(c, bpfhit.Label("done", asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()})...)
}

// unlessThere goes to "done" if this is the thread that the entry of the table names.
func unlessThere(n bpfhit.Namespace) asm.Instructions {
	c := asm.Instructions{asm.JEq.Imm(asm.R8, 0, "stop")}
	c = append(c, n.Identify(asm.R9, idsOnStack)...)
	return append(c,
		asm.LSh.Imm(asm.R9, 32), // the thread's id is in the low half
		asm.RSh.Imm(asm.R9, 32),
		asm.JEq.Reg(asm.R9, asm.R8, "done"),
	)
}

// chooseSignal puts the signal to be sent into R7: one that the thread has not blocked
// (FACTS K2), and counts if there is none.
func chooseSignal(blocked, counts int) asm.Instructions {
	c := append(bpfhit.Blocked(blocked, maskOnStack, "send"),
		asm.JEq.Imm(asm.R1, 0, "send"),
		asm.JEq.Imm(asm.R1, bpfhit.Bit(unix.SIGURG), "send"),
		asm.Mov.Imm(asm.R7, int32(unix.SIGURG)),
		asm.JEq.Imm(asm.R1, bpfhit.Bit(unix.SIGCHLD), "send"),
		asm.Mov.Imm(asm.R7, int32(unix.SIGCHLD)),
	)
	return append(c, bpfhit.Count(counts, countMissed)...)
}
