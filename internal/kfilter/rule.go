package kfilter

import (
	"github.com/cilium/ebpf/asm"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/insn"
)

// Learn tells that accesses from where the thread stands behind them at pc can be decided
// about: what they write and replace is, beside in memory, where written and old say. A
// value that is in memory alone is of no origin. It reports whether there is room for that.
func (f *Filter) Learn(pc uint64, written, old insn.Source) bool {
	if pc == 0 || written.Origin != insn.Nowhere && written.Size != f.size || old.Origin != insn.Nowhere && old.Size != f.size {
		return false
	}
	for i := range probes {
		at := atRules + ruleSize*int((hash(pc)+uint64(i))%rules)
		switch f.shared.load(at + rulePC) {
		case pc:
			return true
		case 0:
			f.shared.store(at+ruleNew, origin(written))
			f.shared.store(at+ruleNewReg, uint64(written.Register))
			f.shared.store(at+ruleNewWord, written.Constant&f.mask())
			f.shared.store(at+ruleOld, origin(old))
			f.shared.store(at+ruleOldReg, uint64(old.Register))
			f.shared.store(at+rulePC, pc)
			return true
		}
	}
	return false
}

// Knows reports whether accesses from there are decided about.
func (f *Filter) Knows(pc uint64) bool {
	for i := range probes {
		if at := atRules + ruleSize*int((hash(pc)+uint64(i))%rules); f.shared.load(at+rulePC) == pc {
			return true
		}
	}
	return false
}

func origin(s insn.Source) uint64 {
	switch s.Origin {
	case insn.Register:
		return fromRegister
	case insn.Constant:
		return fromConstant
	case insn.Swapped:
		return fromSwapped
	}
	return fromMemory
}

func hash(pc uint64) uint64 { return (pc ^ pc>>7) % rules }

// mask is the bits that a value has.
func (f *Filter) mask() uint64 { return ^uint64(0) >> (64 - 8*f.size) }

// rule looks the place up, and goes on if what was written and replaced there is what is in
// memory.
func (p *parts) rule() asm.Instructions {
	c := asm.Instructions{
		asm.LoadMem(asm.R1, asm.R6, bpfhit.PC, asm.DWord),
		asm.Mov.Reg(asm.R2, asm.R1),
		asm.RSh.Imm(asm.R2, 7),
		asm.Xor.Reg(asm.R2, asm.R1),
	}
	for i := range probes {
		if i > 0 {
			c = append(c, asm.Add.Imm(asm.R2, 1))
		}
		c = append(c,
			asm.Mov.Reg(asm.R3, asm.R2),
			asm.And.Imm(asm.R3, rules-1),
			asm.Mul.Imm(asm.R3, ruleSize),
			asm.LoadMapValue(asm.R8, p.state, atRules),
			asm.Add.Reg(asm.R8, asm.R3),
			asm.LoadMem(asm.R4, asm.R8, rulePC, asm.DWord),
			asm.JEq.Reg(asm.R4, asm.R1, "known"))
	}
	c = append(c, asm.Ja.Label(Fault), bpfhit.Here("known"))
	// What was written.
	c = append(c,
		asm.LoadMem(asm.R2, asm.RFP, slotNew, asm.DWord),
		asm.LoadMem(asm.R3, asm.R8, ruleNewReg, asm.DWord),
		asm.LoadMem(asm.R4, asm.R8, ruleNew, asm.DWord),
		asm.JEq.Imm(asm.R4, fromMemory, "written"),
		asm.JEq.Imm(asm.R4, fromRegister, "newregister"),
		asm.LoadMem(asm.R1, asm.R8, ruleNewWord, asm.DWord),
		asm.JEq.Imm(asm.R4, fromConstant, "newknown"),
		asm.JNE.Imm(asm.R4, fromSwapped, Fault),
		asm.LoadMem(asm.R4, asm.R6, flags, asm.DWord),
		asm.And.Imm(asm.R4, zeroFlag),
		asm.JNE.Imm(asm.R4, 0, "newregister"),
		asm.Mov.Imm(asm.R3, 0), // RAX
		bpfhit.Here("newregister"))
	c = append(c, p.register("new")...)
	c = append(c, asm.JNE.Reg(asm.R1, asm.R2, Fault).WithSymbol("newknown"))
	// What was there before.
	c = append(c,
		asm.LoadMem(asm.R4, asm.R8, ruleOld, asm.DWord).WithSymbol("written"),
		asm.JNE.Imm(asm.R4, fromRegister, "replaced"),
		asm.LoadMem(asm.R2, asm.RFP, slotOld, asm.DWord),
		asm.LoadMem(asm.R3, asm.R8, ruleOldReg, asm.DWord))
	c = append(c, p.register("old")...)
	return append(c, asm.JNE.Reg(asm.R1, asm.R2, Fault), bpfhit.Here("replaced"))
}

// register puts the register of the number in R3 into R1, as much of it as the value has: the
// context can be read at fixed places only.
func (p *parts) register(which string) asm.Instructions {
	var c asm.Instructions
	last := len(registers) - 1
	for i, at := range registers {
		c = append(c, asm.LoadMem(asm.R1, asm.R6, at, asm.DWord))
		if i < last {
			c = append(c, asm.JEq.Imm(asm.R3, int32(i), which+"read"))
		}
	}
	if shift := int32(64 - 8*p.Size); shift > 0 {
		return append(c, asm.LSh.Imm(asm.R1, shift).WithSymbol(which+"read"), asm.RSh.Imm(asm.R1, shift))
	}
	return append(c, asm.Mov.Reg(asm.R4, asm.R1).WithSymbol(which+"read"))
}
