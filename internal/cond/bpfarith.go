package cond

import (
	"errors"
	"math"

	"github.com/cilium/ebpf/asm"
)

var errFloat = errors.New("the kernel does not compute with floats")

// compute translates an operation on the topmost word or two.
func (t *translator) compute(depth int, i *instr, takes int) error {
	var err error
	if takes == 1 {
		t.load(asm.R1, depth-1)
		err = t.unary(i)
		t.store(depth-1, asm.R1)
		return err
	}
	t.load(asm.R1, depth-2)
	t.load(asm.R2, depth-1)
	err = t.binary(i)
	t.store(depth-2, asm.R1)
	return err
}

// unary computes in R1. See instr.unary, which this does the same as.
func (t *translator) unary(i *instr) error {
	switch i.op {
	case opAddr:
		t.add(asm.JEq.Imm(asm.R1, 0, t.fault))
		t.plus(asm.R1, i.imm)
	case opOffset:
		t.plus(asm.R1, i.imm)
	case opNarrow:
		t.narrow(asm.R1, i.size, i.signed)
	case opUnsigned:
		t.add(asm.JSLT.Imm(asm.R1, 0, t.fault))
	case opNeg:
		least := int64(math.MinInt64)
		if i.size > 0 {
			least >>= 64 - 8*uint(i.size)
		}
		t.number(asm.R2, least)
		t.add(asm.JEq.Reg(asm.R1, asm.R2, t.fault), asm.Neg.Imm(asm.R1, 0))
	case opInvert:
		t.add(asm.Xor.Imm(asm.R1, -1))
	case opNot:
		t.add(asm.Xor.Imm(asm.R1, 1))
	case opFloatNeg:
		t.number(asm.R2, math.MinInt64)
		t.add(asm.Xor.Reg(asm.R1, asm.R2))
	case opDouble:
		t.double(i)
	default:
		return errFloat
	}
	return nil
}

// double makes a float of 4 bytes one of 8 (IEEE 754: 8 bits of exponent and 23 of mantissa
// become 11 and 52), and fails for infinities and what is no number, and for numbers so
// small that a float of 4 bytes has no normal form of them.
func (t *translator) double(i *instr) {
	if i.size == 8 {
		t.add(asm.Mov.Reg(asm.R2, asm.R1), asm.RSh.Imm(asm.R2, 52), asm.And.Imm(asm.R2, 0x7ff), asm.JEq.Imm(asm.R2, 0x7ff, t.fault))
		return
	}
	zero := t.fresh()
	t.add(
		asm.Mov.Reg(asm.R2, asm.R1), asm.RSh.Imm(asm.R2, 23), asm.And.Imm(asm.R2, 0xff), // the exponent
		asm.JEq.Imm(asm.R2, 0xff, t.fault),
		asm.Mov.Reg(asm.R3, asm.R1), asm.RSh.Imm(asm.R3, 31), asm.And.Imm(asm.R3, 1), asm.LSh.Imm(asm.R3, 63), // the sign
		asm.And.Imm(asm.R1, 1<<31-1),
		asm.JEq.Imm(asm.R1, 0, zero),
		asm.JEq.Imm(asm.R2, 0, t.fault),
		asm.And.Imm(asm.R1, 1<<23-1), asm.LSh.Imm(asm.R1, 29),
		asm.Add.Imm(asm.R2, 1023-127), asm.LSh.Imm(asm.R2, 52),
		asm.Or.Reg(asm.R1, asm.R2))
	t.here(zero)
	t.add(asm.Or.Reg(asm.R1, asm.R3))
}

// binary computes R1 and R2 to R1. See instr.binary, which this does the same as.
func (t *translator) binary(i *instr) error {
	switch i.op {
	case opEqual, opNotEqual, opLess, opLessEqual, opGreater, opGreaterEqual:
		jumps := unsignedJumps
		if i.signed {
			jumps = signedJumps
		}
		t.truth(jumps[i.op-opEqual])
		t.add(asm.Mov.Reg(asm.R1, asm.R3))
		return nil
	case opFloatCompare:
		t.ordered(asm.R1)
		t.ordered(asm.R2)
		t.truth(signedJumps[i.imm])
		t.add(asm.Mov.Reg(asm.R1, asm.R3))
		return nil
	case opFloatAdd, opFloatSub, opFloatMul, opFloatQuo:
		return errFloat
	case opShl, opShr:
		t.shift(i)
		return nil
	}
	if i.size == 0 {
		return t.unbounded(i.op)
	}
	t.integer(i.op, i.signed)
	t.narrow(asm.R1, i.size, i.signed)
	return nil
}

// ordered makes the bits of a float, which is a number, an integer that is ordered as
// floats are: below zero the order of the bits is the other way round, and there are two
// zeros.
func (t *translator) ordered(r asm.Register) {
	positive := t.fresh()
	t.add(asm.JSGE.Imm(r, 0, positive))
	t.number(asm.R3, math.MinInt64)
	t.add(asm.Sub.Reg(r, asm.R3), asm.Neg.Imm(r, 0)) // -0 becomes 0, and what is larger below
	t.here(positive)
	t.add(asm.Mov.Reg(asm.R0, asm.R10)) // a place for the label
}

// integer computes on numbers that have their width.
func (t *translator) integer(o op, signed bool) {
	switch o {
	case opAdd:
		t.add(asm.Add.Reg(asm.R1, asm.R2))
	case opSub:
		if !signed {
			fine := t.fresh()
			t.add(asm.JLE.Reg(asm.R2, asm.R1, fine), asm.Mov.Reg(asm.R3, asm.R2), asm.Sub.Reg(asm.R3, asm.R1))
			t.number(asm.R4, math.MinInt64)
			t.add(asm.JGT.Reg(asm.R3, asm.R4, t.fault))
			t.here(fine)
		}
		t.add(asm.Sub.Reg(asm.R1, asm.R2))
	case opMul:
		t.add(asm.Mul.Reg(asm.R1, asm.R2))
	case opAnd:
		t.add(asm.And.Reg(asm.R1, asm.R2))
	case opOr:
		t.add(asm.Or.Reg(asm.R1, asm.R2))
	case opXor:
		t.add(asm.Xor.Reg(asm.R1, asm.R2))
	case opAndNot:
		t.add(asm.Xor.Imm(asm.R2, -1), asm.And.Reg(asm.R1, asm.R2))
	case opQuo, opRem:
		t.divide(o == opRem, signed)
	}
}

// divide divides as Go does: towards zero. Before Linux 6.6 BPF divides numbers without a
// sign only.
func (t *translator) divide(rem, signed bool) {
	t.add(asm.JEq.Imm(asm.R2, 0, t.fault))
	divide := func() {
		if rem {
			t.add(asm.Mod.Reg(asm.R1, asm.R2))
			return
		}
		t.add(asm.Div.Reg(asm.R1, asm.R2))
	}
	if !signed {
		divide()
		return
	}
	t.add(asm.Mov.Reg(asm.R3, asm.R1)) // has the sign of a remainder
	if !rem {
		t.add(asm.Xor.Reg(asm.R3, asm.R2))
	}
	for _, r := range []asm.Register{asm.R1, asm.R2} {
		t.absolute(r, r)
	}
	divide()
	t.absolute(asm.R3, asm.R1)
}

// absolute turns the sign of r if that of the other is below zero.
func (t *translator) absolute(of, r asm.Register) {
	positive := t.fresh()
	t.add(asm.JSGE.Imm(of, 0, positive), asm.Neg.Imm(r, 0))
	t.here(positive)
	t.add(asm.Mov.Reg(asm.R0, asm.R10)) // a place for the label
}

// shift shifts R1 by R2.
func (t *translator) shift(i *instr) {
	if i.imm == 1 {
		t.add(asm.JSLT.Imm(asm.R2, 0, t.fault))
	}
	near, done := t.fresh(), t.fresh()
	t.add(asm.JLT.Imm(asm.R2, 64, near))
	switch { // BPF shifts by the low six bits
	case i.op == opShr && i.signed:
		t.add(asm.ArSh.Imm(asm.R1, 63), asm.Ja.Label(done))
	default:
		t.add(asm.Mov.Imm(asm.R1, 0), asm.Ja.Label(done))
	}
	t.here(near)
	switch {
	case i.op == opShl:
		t.add(asm.LSh.Reg(asm.R1, asm.R2))
		t.narrow(asm.R1, i.size, i.signed)
	case i.signed:
		t.add(asm.ArSh.Reg(asm.R1, asm.R2))
	default:
		t.add(asm.RSh.Reg(asm.R1, asm.R2))
	}
	t.here(done)
	t.add(asm.Mov.Reg(asm.R0, asm.R10)) // a place for the label
}

// unbounded computes on numbers without a width, which must not go beyond 64 bits.
func (t *translator) unbounded(o op) error {
	switch o {
	case opAdd, opSub:
		// It has gone over if the result's sign is neither operand's; for a difference that
		// of what is subtracted is turned.
		t.add(asm.Mov.Reg(asm.R3, asm.R1), asm.Mov.Reg(asm.R4, asm.R2))
		if o == opAdd {
			t.add(asm.Add.Reg(asm.R1, asm.R2))
		} else {
			t.add(asm.Sub.Reg(asm.R1, asm.R2), asm.Xor.Imm(asm.R4, -1))
		}
		t.add(asm.Xor.Reg(asm.R3, asm.R1), asm.Xor.Reg(asm.R4, asm.R1), asm.And.Reg(asm.R3, asm.R4), asm.JSLT.Imm(asm.R3, 0, t.fault))
	case opMul:
		return errors.New("a product of numbers without a type is not computed there")
	case opQuo, opRem:
		t.number(asm.R3, math.MinInt64)
		t.add(asm.JEq.Reg(asm.R1, asm.R3, t.fault))
		t.divide(o == opRem, true)
	default:
		t.integer(o, true)
	}
	return nil
}
