package bpfhit

import "github.com/cilium/ebpf/asm"

// Comparison is one of a count: Op is ==, !=, <, <=, >, >= or % (each N-th); "" is always true.
type Comparison struct {
	Op string
	N  uint64
}

// Unless goes to a label if R2 is not what the comparison wants. It uses R1 and R3.
func (c Comparison) Unless(no string) asm.Instructions {
	if c.Op == "%" {
		return asm.Instructions{asm.Mov.Reg(asm.R1, asm.R2), asm.LoadImm(asm.R3, int64(c.N), asm.DWord),
			asm.Mod.Reg(asm.R1, asm.R3), asm.JNE.Imm(asm.R1, 0, no)}
	}
	jump, ok := unless[c.Op]
	if !ok {
		return nil
	}
	return asm.Instructions{asm.LoadImm(asm.R3, int64(c.N), asm.DWord), jump.Reg(asm.R2, asm.R3, no)}
}

// Counted adds one to the word of a map's value at an offset, and goes to a label unless that is
// an every-th, if every is more than 1, and what the comparison wants. It uses R1, R2 and R3, and
// does nothing where everything is wanted.
func Counted(fd int, at uint32, every uint64, only Comparison, no string) asm.Instructions {
	if every <= 1 && only.Op == "" {
		return nil
	}
	c := asm.Instructions{
		asm.LoadMapValue(asm.R1, fd, at),
		asm.Mov.Imm(asm.R2, 1),
		Atomic(asm.FetchAdd, asm.R1, asm.R2),
		asm.Add.Imm(asm.R2, 1),
	}
	if every > 1 {
		c = append(c, Comparison{Op: "%", N: every}.Unless(no)...)
	}
	return append(c, only.Unless(no)...)
}

// unless is what a count must not be in a comparison.
var unless = map[string]asm.JumpOp{"==": asm.JNE, "!=": asm.JEq, ">": asm.JLE, ">=": asm.JLT, "<": asm.JGE, "<=": asm.JGT}
