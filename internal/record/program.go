package record

import (
	"fmt"

	"github.com/cilium/ebpf/asm"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// Where things are on the program's stack. The filter finds them there.
const (
	slotNew   = -MaxValue
	slotOld   = slotNew - MaxValue
	slotID    = slotOld - 8 // of the goroutine
	slotStart = slotID - 8  // where that began
	slotTime  = slotStart - 8
	slotIDs   = slotTime - 8 // of thread and process
	slotFlags = slotIDs - 8
	slotTop   = slotFlags - 8
	slotCall  = slotTop - 8
	slotAny   = slotCall - 8
	slotAgain = slotAny - 2*MaxValue // the value as it is found when it is looked at again
)

// Where things are in a record in the ring.
const (
	atIDs     = 0 // thread id in the low half, process id in the high one
	atTime    = 8
	atAddr    = 16
	atPC      = 24
	atFlags   = 32
	atLength  = 40 // of the stack, in bytes; negative: it could not be read
	atID      = 48
	atStart   = 56
	atCall    = 64
	atTop     = 72
	atContext = 80
	atOld     = atContext + 8*contextWords
	atNew     = atOld + MaxValue
	atStack   = atNew + MaxValue
)

// Bits of the flags.
const (
	flagKernel   = 1
	flagNoValues = 2
	flagDoubt    = 4
)

// Where things are in the state that program and reader share.
const (
	stateLost     = 0
	stateRecorded = 8
	stateFiltered = 16
	stateMatched  = 24                   // hits that the filter let through, if they are counted
	stateMoving   = 32                   // hits at which the value changed as often as it was looked at
	stateLast     = 40                   // the value that was found last
	stateThere    = stateLast + MaxValue // the one that is there when no hit is at work
	stateSize     = stateThere + MaxValue
)

const (
	ringNoWakeup = 1      // BPF_RB_NO_WAKEUP
	userStack    = 1 << 8 // BPF_F_USER_STACK
)

// parts are what the code is made for.
type parts struct {
	ring, state int // descriptors of the maps
	addr        uint64
	size        int  // of the value, 1 to MaxValue
	depth       int  // of the stack, at least 1
	piece       int  // descriptor of the map with room for a piece of the stack, if depth is more
	helper      bool // the stack is left to the kernel's helper
	namespace   bpfhit.Namespace
	calls       bool // the kernel tells the numbers of system calls
	fsBase      int  // offset of the thread's TLS base in struct task_struct, -1: not known
	goroutines  Goroutines
	filter      asm.Instructions
	every       uint64 // records each n-th, if it is above 1
	only        bpfhit.Comparison
}

func (p *parts) words() int { return (p.size + 7) / 8 }

func (p *parts) recordSize() int32 { return int32(atStack + 8*p.depth) }

// code is the program. R6 is the context throughout.
func code(p *parts) asm.Instructions {
	c := asm.Instructions{asm.Mov.Reg(asm.R6, asm.R1)}
	c = append(c, asm.FnKtimeGetNs.Call(), asm.StoreMem(asm.RFP, slotTime, asm.R0, asm.DWord))
	c = append(c, zero(slotFlags, slotID, slotStart, slotTop)...)
	c = append(c, bpfhit.Set(slotCall, -1)...)
	c = append(c, p.namespace.Identify(asm.R8, slotIDs)...)
	c = append(c, asm.StoreMem(asm.RFP, slotIDs, asm.R8, asm.DWord))
	c = append(c, p.value()...)
	c = append(c, p.goroutines.Find(p.fsBase, slotID, slotStart, slotAny)...)
	c = append(c, p.judge()...)
	c = append(c, p.count()...)
	c = append(c, p.mode()...)
	c = append(c, p.leave()...)
	c = append(c, bpfhit.Label("full", bpfhit.Count(p.state, stateLost))...)
	if p.filter != nil || p.counts() { // the kernel takes no program with code that nothing leads to
		c = append(c, asm.Ja.Label("done"))
		c = append(c, bpfhit.Label(FilterNo, bpfhit.Count(p.state, stateFiltered))...)
	}
	// 0: no sample, and no other overflow action of the event.
	return append(c, asm.Mov.Imm(asm.R0, 0).WithSymbol("done"), asm.Return())
}

// judge has the filter decide. Without the value it is not asked.
func (p *parts) judge() asm.Instructions {
	if p.filter == nil {
		return nil
	}
	c := asm.Instructions{
		asm.LoadMem(asm.R1, asm.RFP, slotFlags, asm.DWord),
		asm.JNE.Imm(asm.R1, 0, FilterFault),
	}
	c = append(c, p.filter...)
	return append(c,
		asm.Ja.Label("judged"),
		asm.LoadMem(asm.R1, asm.RFP, slotFlags, asm.DWord).WithSymbol(FilterFault),
		asm.Or.Imm(asm.R1, flagDoubt),
		asm.StoreMem(asm.RFP, slotFlags, asm.R1, asm.DWord),
		bpfhit.Here("judged"))
}

// count lets through what the counts want.
func (p *parts) count() asm.Instructions {
	return bpfhit.Counted(p.state, stateMatched, p.every, p.only, FilterNo)
}

// walks reports whether the program itself follows frame pointers.
func (p *parts) walks() bool { return p.depth > 1 && !p.helper }

func (p *parts) counts() bool { return p.every > 1 || p.only.Op != "" }

// value reads the value, and takes it for the one that was found last.
func (p *parts) value() asm.Instructions {
	var c asm.Instructions
	for w := range MaxValue / 8 {
		c = append(c, zero(int16(slotNew+8*w), int16(slotOld+8*w))...)
	}
	c = append(c, bpfhit.ReadUser(slotNew, int32(p.size), p.addr)...)
	c = append(c, asm.JEq.Imm(asm.R0, 0, "read"))
	c = append(c, bpfhit.Set(slotFlags, flagNoValues)...)
	c = append(c, asm.Ja.Label("valued"))
	for w := range p.words() {
		at := int16(8 * w)
		swap := asm.Instructions{
			asm.LoadMem(asm.R2, asm.RFP, slotNew+at, asm.DWord),
			asm.LoadMapValue(asm.R1, p.state, uint32(stateLast+8*w)),
			bpfhit.Atomic(asm.Xchg, asm.R1, asm.R2),
			asm.StoreMem(asm.RFP, slotOld+at, asm.R2, asm.DWord),
		}
		if w == 0 {
			swap = bpfhit.Label("read", swap)
		}
		c = append(c, swap...)
	}
	c = append(c, p.there()...)
	return append(c, bpfhit.Here("valued"))
}

// looks is how often the value is read again while further threads write it.
const looks = 4

// there notes the value that was read, and reads it again until that is it. Of several threads
// that come here at once the last one to be done has found what is there: what that is not,
// when they all stand, was written without a hit.
func (p *parts) there() asm.Instructions {
	var c asm.Instructions
	for w := range p.words() { // of the last word not all may be read
		c = append(c, zero(int16(slotAgain+8*w))...)
		c = append(c, zero(int16(slotAgain+MaxValue+8*w))...)
	}
	found := int16(slotNew)
	for look := range looks {
		for w := range p.words() {
			c = append(c,
				asm.LoadMapValue(asm.R1, p.state, uint32(stateThere+8*w)),
				asm.LoadMem(asm.R2, asm.RFP, found+int16(8*w), asm.DWord),
				asm.StoreMem(asm.R1, 0, asm.R2, asm.DWord))
		}
		again := int16(slotAgain + look%2*MaxValue)
		c = append(c, bpfhit.ReadUser(again, int32(p.size), p.addr)...)
		c = append(c, asm.JNE.Imm(asm.R0, 0, "moving"))
		changed := fmt.Sprint("changed ", look)
		for w := range p.words() {
			c = append(c,
				asm.LoadMem(asm.R1, asm.RFP, found+int16(8*w), asm.DWord),
				asm.LoadMem(asm.R2, asm.RFP, again+int16(8*w), asm.DWord),
				asm.JNE.Reg(asm.R1, asm.R2, changed))
		}
		c = append(c, asm.Ja.Label("valued"))
		c = append(c, bpfhit.Here(changed))
		found = again
	}
	return append(c, bpfhit.Label("moving", bpfhit.Count(p.state, stateMoving))...)
}

// mode notes the user's stack pointer, or the system call for which the kernel has written.
func (p *parts) mode() asm.Instructions {
	c := bpfhit.JumpInKernel(asm.R6, "kernel")
	c = append(c, asm.LoadMem(asm.R7, asm.R6, bpfhit.SP, asm.DWord))
	c = append(c, bpfhit.ReadField(slotTop, asm.R7, 0, "moded")...)
	c = append(c, asm.Ja.Label("moded"),
		asm.LoadMem(asm.R1, asm.RFP, slotFlags, asm.DWord).WithSymbol("kernel"),
		asm.Or.Imm(asm.R1, flagKernel),
		asm.StoreMem(asm.RFP, slotFlags, asm.R1, asm.DWord))
	if p.calls {
		c = append(c,
			asm.FnGetCurrentTaskBtf.Call(),
			asm.Mov.Reg(asm.R1, asm.R0),
			asm.FnTaskPtRegs.Call(),
			asm.Mov.Reg(asm.R3, asm.R0),
			asm.Add.Imm(asm.R3, callNumber),
			asm.Mov.Reg(asm.R1, asm.RFP),
			asm.Add.Imm(asm.R1, slotCall),
			asm.Mov.Imm(asm.R2, 8),
			asm.FnProbeReadKernel.Call())
	}
	return append(c, bpfhit.Here("moded"))
}

// leave puts the record into the ring.
func (p *parts) leave() asm.Instructions {
	c := asm.Instructions{
		asm.LoadMapPtr(asm.R1, p.ring),
		asm.Mov.Imm(asm.R2, p.recordSize()),
		asm.Mov.Imm(asm.R3, 0),
		asm.FnRingbufReserve.Call(),
		asm.JEq.Imm(asm.R0, 0, "full"),
		asm.Mov.Reg(asm.R9, asm.R0),
	}
	for _, f := range []struct{ at, slot int16 }{{atIDs, slotIDs}, {atTime, slotTime}, {atFlags, slotFlags}, {atID, slotID},
		{atStart, slotStart}, {atCall, slotCall}, {atTop, slotTop}} {
		c = append(c, move(asm.R9, f.at, asm.RFP, f.slot)...)
	}
	c = append(c, move(asm.R9, atAddr, asm.R6, bpfhit.Addr)...)
	c = append(c, move(asm.R9, atPC, asm.R6, bpfhit.PC)...)
	for w := range int16(contextWords) {
		c = append(c, move(asm.R9, atContext+8*w, asm.R6, 8*w)...)
	}
	for w := range int16(p.words()) {
		c = append(c, move(asm.R9, atOld+8*w, asm.RFP, slotOld+8*w)...)
		c = append(c, move(asm.R9, atNew+8*w, asm.RFP, slotNew+8*w)...)
	}
	if p.walks() {
		c = append(c, p.walk()...)
	}
	c = append(c,
		asm.Mov.Reg(asm.R1, asm.R6).WithSymbol("helper"),
		asm.Mov.Reg(asm.R2, asm.R9),
		asm.Add.Imm(asm.R2, atStack),
		asm.Mov.Imm(asm.R3, int32(8*p.depth)),
		asm.Mov.Imm(asm.R4, userStack),
		asm.FnGetStack.Call(),
		asm.StoreMem(asm.R9, atLength, asm.R0, asm.DWord).WithSymbol("walked"),

		asm.Mov.Reg(asm.R1, asm.R9),
		asm.Mov.Imm(asm.R2, ringNoWakeup),
		asm.FnRingbufSubmit.Call())
	c = append(c, bpfhit.Count(p.state, stateRecorded)...)
	return append(c, asm.Ja.Label("done"))
}

// move copies a word.
func move(dst asm.Register, at int16, src asm.Register, from int16) asm.Instructions {
	return asm.Instructions{asm.LoadMem(asm.R1, src, from, asm.DWord), asm.StoreMem(dst, at, asm.R1, asm.DWord)}
}

func zero(slots ...int16) (c asm.Instructions) {
	for _, s := range slots {
		c = append(c, bpfhit.Set(s, 0)...)
	}
	return c
}
