package insn

import (
	"encoding/binary"
	"math/bits"
)

// Value is what lay, or lies, in memory from Addr on.
type Value struct {
	Addr uint64
	Size int // bytes of Data that count, 1 to 16
	Data [16]byte
}

func newValue(addr uint64, size int, lo, hi uint64) Value {
	v := Value{Addr: addr, Size: size}
	binary.LittleEndian.PutUint64(v.Data[:8], lo)
	binary.LittleEndian.PutUint64(v.Data[8:], hi)
	clear(v.Data[size:])
	return v
}

// Written returns the bytes that the instruction wrote, computed from the
// registers as they are after it. It reports false where they do not tell:
// they do for Plain, for CMPXCHG and its wider forms, for PUSH of a register
// or an immediate, and for Call. It does not allocate.
func (s Store) Written(regs *Regs) (Value, bool) {
	if s.in.len == 0 {
		return Value{}, false
	}
	in := &s.in
	switch s.Kind {
	case Call:
		return newValue(regs.GPR[regRSP], 8, s.next(), 0), !in.isFar()
	case Push:
		v, ok := in.pushed(regs)
		return newValue(regs.GPR[regRSP], in.stackSize(), v, 0), ok
	case Plain:
		return s.operandValue(regs, in.moved(regs), 0)
	case Exchange:
		if !in.comparesAndSwaps() {
			return Value{}, false // the sum, and what XCHG stored, are in no register any more
		}
		if regs.Flags&flagZF == 0 {
			return s.OldValue(regs) // a failing CMPXCHG writes back what it read
		}
		lo, hi := in.swappedIn(regs)
		return s.operandValue(regs, lo, hi)
	}
	return Value{}, false
}

// OldValue returns the bytes that the instruction replaced, computed from the
// registers as they are after it. It reports false where they do not tell:
// they do for Exchange, where the address does not depend on the register that
// was changed. It does not allocate.
func (s Store) OldValue(regs *Regs) (Value, bool) {
	if s.in.len == 0 || s.Kind != Exchange {
		return Value{}, false
	}
	in := &s.in
	e := in.effect()
	switch {
	case !in.comparesAndSwaps(): // XCHG, XADD, CMPccXADD
		return s.operandValue(regs, regs.value(in.source(e.size)), 0)
	case in.op == 0xC7: // CMPXCHG8B, CMPXCHG16B
		lo, hi := pair(regs.GPR[regRAX], regs.GPR[regRDX], e.size)
		return s.operandValue(regs, lo, hi)
	}
	// If it succeeded RAX was equal to memory, if not it was loaded from there.
	return s.operandValue(regs, regs.GPR[regRAX], 0)
}

// next returns the address behind the instruction.
func (s Store) next() uint64 { return s.PC + uint64(s.Len) }

// operandValue places a value at the memory operand.
func (s Store) operandValue(regs *Regs, lo, hi uint64) (Value, bool) {
	e := s.in.effect()
	addr, ok := s.in.address(regs, s.next(), &e)
	if !ok || e.size < 1 {
		return Value{}, false
	}
	return newValue(addr, e.size, lo, hi), true
}

// moved returns what an instruction of kind Plain stores.
func (in *inst) moved(regs *Regs) uint64 {
	switch {
	case in.opmap == map0F38 && in.op == 0xF1: // MOVBE
		v, size := regs.GPR[in.gpr()], in.operandSize()
		return bits.ReverseBytes64(v) >> (64 - 8*size)
	case in.opmap == mapOne && in.op >= 0xC6: // immediate
		return uint64(in.imm)
	case in.moffs:
		return regs.GPR[regRAX]
	}
	return regs.value(in.source(in.effect().size))
}

// pushed returns what a PUSH stored.
func (in *inst) pushed(regs *Regs) (uint64, bool) {
	if in.opmap != mapOne {
		return 0, false // FS, GS
	}
	switch {
	case in.op&^7 == 0x50:
		reg := in.op&7 | in.rex&rexB<<3
		v := regs.GPR[reg]
		if reg == regRSP { // as it was before the PUSH
			v += uint64(in.stackSize())
		}
		return v, true
	case in.op == 0x68, in.op == 0x6A:
		return uint64(in.imm), true
	}
	return 0, false
}

// isFar reports whether a CALL is one that pushes CS too.
func (in *inst) isFar() bool { return in.op == 0xFF && in.reg() == 3 }

// comparesAndSwaps tells CMPXCHG, CMPXCHG8B and CMPXCHG16B from XCHG and XADD.
func (in *inst) comparesAndSwaps() bool {
	return in.opmap == map0F && (in.op == 0xB0 || in.op == 0xB1 || in.op == 0xC7)
}

// swappedIn returns what a CMPXCHG that succeeded has stored.
func (in *inst) swappedIn(regs *Regs) (lo, hi uint64) {
	size := in.effect().size
	if in.op == 0xC7 {
		return pair(regs.GPR[regRBX], regs.GPR[regRCX], size)
	}
	return regs.value(in.source(size)), 0
}

// pair joins two registers: of 4 bytes each for 8, of 8 bytes each for 16.
func pair(lo, hi uint64, size int) (uint64, uint64) {
	if size == 8 {
		return lo&0xFFFFFFFF | hi<<32, 0
	}
	return lo, hi
}
