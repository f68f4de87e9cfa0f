package bpfhit

import "github.com/cilium/ebpf/asm"

// Count adds one to a counter, which is in a map's only value.
func Count(fd, offset int) asm.Instructions {
	return asm.Instructions{
		asm.LoadMapValue(asm.R1, fd, uint32(offset)),
		asm.Mov.Imm(asm.R2, 1),
		asm.StoreXAdd(asm.R1, asm.R2, asm.DWord),
	}
}

// Label names the first of some instructions.
func Label(name string, c asm.Instructions) asm.Instructions {
	c[0] = c[0].WithSymbol(name)
	return c
}

// Here is an instruction without effect, for a label of its own.
func Here(name string) asm.Instruction { return asm.Mov.Reg(asm.R1, asm.RFP).WithSymbol(name) }

// ReadUser reads n bytes of the thread's memory, at a fixed address, to the stack. R0 is 0 if
// it could.
func ReadUser(slot int16, n int32, addr uint64) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R1, asm.RFP),
		asm.Add.Imm(asm.R1, int32(slot)),
		asm.Mov.Imm(asm.R2, n),
		asm.LoadImm(asm.R3, int64(addr), asm.DWord),
		asm.FnProbeReadUser.Call(),
	}
}

// ReadField reads a word of the thread's memory, at an offset from base, to the stack, and
// goes to label if that fails.
func ReadField(slot int16, base asm.Register, offset uint64, failed string) asm.Instructions {
	c := ReadUser(slot, 8, offset)
	last := len(c) - 1
	return append(c[:last:last], asm.Add.Reg(asm.R3, base), c[last], asm.JNE.Imm(asm.R0, 0, failed))
}

// Atomic does something with a word that the pointer points to and the register, which has
// the word's former value then. The library's marshalling leaves out which operation it is,
// unless the constant says it too (cilium/ebpf v0.22.0): that would be an addition that
// leaves the register as it is.
func Atomic(o asm.AtomicOp, pointer, r asm.Register) asm.Instruction {
	in := o.Mem(pointer, r, asm.DWord, 0)
	in.Constant = int64(o >> 8)
	return in
}

// Set puts a number into a word of the stack.
func Set(slot int16, n int32) asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R1, n), asm.StoreMem(asm.RFP, slot, asm.R1, asm.DWord)}
}
