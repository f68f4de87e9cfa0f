package kfilter

import (
	"github.com/cilium/ebpf/asm"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// parts are what the code is made for.
type parts struct {
	Config
	state     int // descriptor of the map
	namespace bpfhit.Namespace
	fsBase    int
}

// code is the program. Its registers: R6 the context, R9 what belongs to the event.
func (p *parts) code() asm.Instructions {
	c := asm.Instructions{
		asm.Mov.Reg(asm.R6, asm.R1),
		asm.FnGetAttachCookie.Call(),
		asm.JGE.Imm(asm.R0, events, "stop"),
		asm.LSh.Imm(asm.R0, eventBits),
		asm.LoadMapValue(asm.R9, p.state, atEvents),
		asm.Add.Reg(asm.R9, asm.R0),
	}
	c = append(c, bpfhit.JumpInKernel(asm.R6, "unread")...)
	if p.Goroutine != 0 || p.Condition != nil {
		c = append(c, p.who()...)
	}
	c = append(c, p.foreign()...)
	c = append(c, p.value()...)
	c = append(c, p.judge()...)
	c = append(c, p.unread()...)
	c = append(c, bpfhit.Label(Fault, p.pass(0))...)
	c = append(c, asm.Ja.Label("stop"))
	if p.decides() {
		c = append(c, bpfhit.Label(No, add(eventFiltered))...)
		c = append(c, bpfhit.Count(p.state, atFiltered)...)
		c = append(c, asm.Mov.Imm(asm.R0, 0), asm.Return()) // no stop
	}
	stop := p.Stop
	if stop == nil {
		stop = asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}
	}
	return append(append(c, bpfhit.Here("stop")), stop...)
}

// judge decides about a hit, and stops the thread if it is one that is wanted.
func (p *parts) judge() (c asm.Instructions) {
	if p.Undecided {
		return asm.Instructions{asm.Ja.Label(Fault)}
	}
	if p.Condition != nil {
		c = append(c, p.rule()...)
		c = append(c, p.Condition...)
		c = append(c, asm.Mov.Reg(asm.R1, asm.RFP)) // a place for a label of the condition's
	}
	c = append(c, p.count()...)
	c = append(c, p.pass(1)...)
	return append(c, asm.Ja.Label("stop"))
}

// decides reports whether some hits of the goroutine's are not wanted.
func (p *parts) decides() bool {
	return !p.Undecided && (p.Condition != nil || p.Every > 1 || p.Count.Op != "")
}

// looks is how often the value is read again at another goroutine's hit, if further threads
// write it at the same time.
const looks = 8

// foreign counts what other goroutines do, and takes what they have written for the value that
// was found last. Of several threads that come here at once the last one to be done has found
// what is there; one that never finds what it did the moment before stops in the end, for the
// debugger to look.
func (p *parts) foreign() asm.Instructions {
	if p.Goroutine == 0 {
		return nil
	}
	c := asm.Instructions{
		asm.LoadMem(asm.R1, asm.RFP, slotID, asm.DWord),
		asm.LoadImm(asm.R2, p.Goroutine, asm.DWord),
		asm.JEq.Reg(asm.R1, asm.R2, "own"),
		asm.JSLT.Imm(asm.R1, 0, "unread"), // nobody knows
	}
	c = append(c, bpfhit.Set(slotAny, 0)...)
	for range looks {
		c = append(c, bpfhit.Set(slotNew, 0)...)
		c = append(c, bpfhit.ReadUser(slotNew, int32(p.Size), p.Addr)...)
		c = append(c,
			asm.JNE.Imm(asm.R0, 0, "unread"),
			asm.LoadMem(asm.R2, asm.RFP, slotNew, asm.DWord),
			asm.LoadMapValue(asm.R1, p.state, atLast),
			bpfhit.Atomic(asm.Xchg, asm.R1, asm.R2))
		c = append(c, bpfhit.ReadUser(slotAny, int32(p.Size), p.Addr)...)
		c = append(c,
			asm.JNE.Imm(asm.R0, 0, "unread"),
			asm.LoadMem(asm.R1, asm.RFP, slotAny, asm.DWord),
			asm.LoadMem(asm.R2, asm.RFP, slotNew, asm.DWord),
			asm.JEq.Reg(asm.R1, asm.R2, "another's"))
	}
	c = append(c, asm.Ja.Label("unread"))
	c = append(c, bpfhit.Label("another's", add(eventFiltered))...)
	c = append(c, bpfhit.Count(p.state, atForeign)...)
	return append(c, asm.Mov.Imm(asm.R0, 0), asm.Return(), bpfhit.Here("own"))
}

// value reads the value, takes it for the one that was found last, and looks whether that is
// so still: of several threads that come here at once the last one to be done has found what
// is there, or stops.
func (p *parts) value() asm.Instructions {
	c := bpfhit.Set(slotNew, 0)
	c = append(c, bpfhit.ReadUser(slotNew, int32(p.Size), p.Addr)...)
	c = append(c,
		asm.JNE.Imm(asm.R0, 0, "unread"),
		asm.LoadMem(asm.R2, asm.RFP, slotNew, asm.DWord),
		asm.LoadMapValue(asm.R1, p.state, atLast),
		bpfhit.Atomic(asm.Xchg, asm.R1, asm.R2),
		asm.StoreMem(asm.RFP, slotOld, asm.R2, asm.DWord))
	c = append(c, bpfhit.Set(slotAny, 0)...)
	c = append(c, bpfhit.ReadUser(slotAny, int32(p.Size), p.Addr)...)
	return append(c,
		asm.JNE.Imm(asm.R0, 0, Fault),
		asm.LoadMem(asm.R1, asm.RFP, slotAny, asm.DWord),
		asm.LoadMem(asm.R2, asm.RFP, slotNew, asm.DWord),
		asm.JNE.Reg(asm.R1, asm.R2, Fault))
}

// unread is for what nobody is to decide about here: the value stays the one that was found
// last.
func (p *parts) unread() asm.Instructions {
	return asm.Instructions{
		asm.LoadMapValue(asm.R1, p.state, atLast).WithSymbol("unread"),
		asm.LoadMem(asm.R2, asm.R1, 0, asm.DWord),
		asm.StoreMem(asm.RFP, slotOld, asm.R2, asm.DWord),
	}
}

// who finds out what is to be known of the thread.
func (p *parts) who() asm.Instructions {
	var c asm.Instructions
	if p.AboutThread {
		c = append(c, p.namespace.Identify(asm.R8, slotIDs)...)
		c = append(c, asm.StoreMem(asm.RFP, slotIDs, asm.R8, asm.DWord))
	} else {
		c = append(c, bpfhit.Set(slotIDs, 0)...)
	}
	c = append(c, bpfhit.Set(slotID, 0)...)
	if p.AboutGoroutine || p.Goroutine != 0 {
		c = append(c, bpfhit.Set(slotStart, 0)...)
		c = append(c, p.Goroutines.Find(p.fsBase, slotID, slotStart, slotAny)...)
	}
	return c
}

// count has those hits stop only at which the count is one that is wanted.
func (p *parts) count() asm.Instructions {
	return bpfhit.Counted(p.state, atMatched, p.Every, p.Count, No)
}

// pass leaves what the debugger is to know of a hit that stops the thread.
func (p *parts) pass(judged int32) asm.Instructions {
	c := asm.Instructions{
		asm.LoadMem(asm.R1, asm.RFP, slotOld, asm.DWord),
		asm.StoreMem(asm.R9, eventOld, asm.R1, asm.DWord),
		asm.Mov.Imm(asm.R1, judged),
		asm.StoreMem(asm.R9, eventJudged, asm.R1, asm.DWord),
	}
	return append(c, add(eventPassed)...)
}

// add adds one to a number of the event's, which no other thread writes.
func add(at int16) asm.Instructions {
	return asm.Instructions{
		asm.LoadMem(asm.R1, asm.R9, at, asm.DWord),
		asm.Add.Imm(asm.R1, 1),
		asm.StoreMem(asm.R9, at, asm.R1, asm.DWord),
	}
}
