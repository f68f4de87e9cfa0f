package bpfhit

import "github.com/cilium/ebpf/asm"

// Goroutines says where a program of Go has its goroutines: the offsets of package
// goroutine's Reader. The zero value is a program without any.
type Goroutines struct {
	TLS                     uint64 // of the pointer to runtime.g, from the thread's TLS base
	ID, StartPC, M, Current uint64 // of g.goid, g.startpc, g.m and m.curg
	Known                   bool
}

// Unknown is the id of a goroutine of which nobody knows.
const Unknown = -1

// FSBase is where struct task_struct has the base of a thread's TLS; -1: that is not known.
func FSBase() int { return TaskField("thread", "fsbase") }

// Find finds the goroutine on whose behalf the thread works, as goroutine.Reader does: a g
// without an id schedules or handles signals, and its m tells whose g it is. It puts the
// id, or Unknown, and the address at which the goroutine began, into two words of the stack,
// which are 0 before, uses a third, and R7.
func (g Goroutines) Find(fsBase int, id, start, scratch int16) asm.Instructions {
	if !g.Known || fsBase < 0 {
		return Set(id, Unknown)
	}
	c := taskWord(fsBase, scratch, "unknown")
	// follow reads the pointer at an offset from the one that was read last: no goroutine if
	// it is nil.
	follow := func(offset uint64) {
		c = append(c, asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord))
		c = append(c, ReadField(scratch, asm.R7, offset, "unknown")...)
		c = append(c, asm.LoadMem(asm.R7, asm.RFP, scratch, asm.DWord), asm.JEq.Imm(asm.R7, 0, "found"))
	}
	read := func() {
		c = append(c, ReadField(id, asm.R7, g.ID, "unknown")...)
		c = append(c, asm.LoadMem(asm.R1, asm.RFP, id, asm.DWord))
	}
	follow(g.TLS)
	read()
	c = append(c, asm.JNE.Imm(asm.R1, 0, "start"))
	follow(g.M)
	follow(g.Current)
	read()
	c = append(c, asm.JEq.Imm(asm.R1, 0, "found"))
	c = append(c, Label("start", ReadField(start, asm.R7, g.StartPC, "found"))...)
	c = append(c, asm.Ja.Label("found"))
	c = append(c, Label("unknown", Set(id, Unknown))...)
	return append(c, Here("found"))
}
