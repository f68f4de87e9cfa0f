package insn

import "math/bits"

// What instructions of the first group compute, by the number that their opcodes have for it
// (Intel SDM volume 2D, table A-6).
const (
	opADD = iota
	opOR
	opADC
	opSBB
	opAND
	opSUB
	opXOR
)

// statusFlags are those that arithmetic changes.
const statusFlags = flagCF | flagPF | flagAF | flagZF | flagSF | flagOF

// compute does arithmetic on the lowest size bytes, and sets the flags. AF is 0 where the
// manual leaves it undefined.
func (r *Regs) compute(op uint8, a, b uint64, size int) uint64 {
	mask, sign := ^uint64(0)>>(64-8*size), uint64(1)<<(8*size-1)
	a, b = a&mask, b&mask
	carry := uint64(0)
	if (op == opADC || op == opSBB) && r.Flags&flagCF != 0 {
		carry = 1
	}
	var v, out, overflow, half uint64
	switch op {
	case opADD, opADC:
		v, out = bits.Add64(a, b, carry)
		if size < 8 {
			out = v >> (8 * size)
		}
		overflow, half = ^(a^b)&(a^v), a^b^v
	case opSUB, opSBB:
		v, out = bits.Sub64(a, b, carry)
		overflow, half = (a^b)&(a^v), a^b^v
	case opOR:
		v = a | b
	case opAND:
		v = a & b
	case opXOR:
		v = a ^ b
	}
	v &= mask
	f := r.Flags &^ statusFlags
	for _, flag := range [...]struct {
		bit uint64
		set bool
	}{
		{flagCF, out != 0}, {flagPF, bits.OnesCount8(uint8(v))&1 == 0}, {flagAF, half&0x10 != 0},
		{flagZF, v == 0}, {flagSF, v&sign != 0}, {flagOF, overflow&sign != 0},
	} {
		if flag.set {
			f |= flag.bit
		}
	}
	r.Flags = f
	return v
}

// set writes a general register as an operand of size bytes: four clear the upper half, one
// and two leave the rest (Intel SDM volume 1, section 3.4.1.1).
func (r *Regs) set(to register, v uint64, size int) {
	at := &r.GPR[to.index]
	switch {
	case to.high:
		*at = *at&^0xFF00 | v&0xFF<<8
	case size == 1:
		*at = *at&^0xFF | v&0xFF
	case size == 2:
		*at = *at&^0xFFFF | v&0xFFFF
	case size == 4:
		*at = v & 0xFFFFFFFF
	default:
		*at = v
	}
}

// condition reports whether a condition code is true (Intel SDM volume 1, appendix B).
func condition(cc uint8, flags uint64) bool {
	less := flags&flagSF != 0 != (flags&flagOF != 0)
	var is bool
	switch cc >> 1 {
	case 0:
		is = flags&flagOF != 0
	case 1:
		is = flags&flagCF != 0
	case 2:
		is = flags&flagZF != 0
	case 3:
		is = flags&(flagCF|flagZF) != 0
	case 4:
		is = flags&flagSF != 0
	case 5:
		is = flags&flagPF != 0
	case 6:
		is = less
	case 7:
		is = less || flags&flagZF != 0
	}
	return is != (cc&1 != 0)
}
