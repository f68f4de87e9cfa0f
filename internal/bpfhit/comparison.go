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

// unless is what a count must not be in a comparison.
var unless = map[string]asm.JumpOp{"==": asm.JNE, "!=": asm.JEq, ">": asm.JLE, ">=": asm.JLT, "<": asm.JGE, "<=": asm.JGT}
