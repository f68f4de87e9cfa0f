package insn

// Emulate does for a thread what the instruction code[0:], which is that at r.PC, would do
// on the processor: r becomes what it is behind it, and data is to be in memory then at addr,
// for the caller to write; it lies in buf. ok is false, and r as it was, for everything but
// what writes once to memory and computes that from registers, immediates and memory: MOV,
// ADD and its like, INC, DEC, NOT, NEG, XCHG, XADD, CMPXCHG, SETcc, PUSH, PUSHF, stores of vector
// registers up to 32 bytes, MOVS and STOS. A repeated string instruction is done once: the
// program counter stays where it is until the last time. Not CALL: the processor may keep a
// second stack, which only it writes. Nor anything while the trap flag is set: the program
// is to be trapped behind it.
//
// Memory is read from mem; all else that could write there must be stopped, which makes
// LOCK needless. vectors may be nil.
//
// A watchpoint in a debug register does not see such a write, nor what was read for it, and
// nothing faults: the caller knows that the memory is there, and may be written to.
func Emulate(code []byte, mem Code, r *Regs, vectors Vectors, buf *[32]byte) (addr uint64, data []byte, ok bool) {
	var in inst
	if in.decode(code) != nil || r.Flags&flagTF != 0 {
		return 0, nil, false
	}
	after := *r
	after.PC, after.Flags = r.PC+uint64(in.len), r.Flags&^flagRF
	e := in.effect()
	e.clobber = 0 // nothing has been changed yet
	size := e.size
	switch known := in.enc == legacy || in.enc == vex; {
	case !known || e.kind == Load:
	case e.kind == Vector && e.place == operand && size >= 1 && size <= len(buf):
		if addr, ok = in.address(r, after.PC, &e); ok {
			ok = in.vectorStored(vectors, buf[:size], addr)
		}
	case in.enc != legacy:
	case e.place == stringed:
		size = in.element()
		addr, ok = in.stringStored(r, &after, mem, buf[:size])
	case in.pp == ppF2 || in.pp == ppF3:
	case e.place == onStack:
		addr, ok = in.push1(r, &after, buf[:size])
	case e.place == operand && size >= 1 && size <= 8:
		if addr, ok = in.address(r, after.PC, &e); ok {
			ok = in.stored(r, &after, &e, mem, addr, buf[:size])
		}
	}
	if !ok {
		return 0, nil, false
	}
	*r = after
	return addr, buf[:size], true
}

// stored computes what an instruction stores from general registers.
func (in *inst) stored(r, after *Regs, e *effect, mem Code, addr uint64, buf []byte) (ok bool) {
	var value uint64
	switch {
	case e.kind == Plain:
		value = in.moved(r)
	case in.opmap == map0F && in.op&0xF0 == 0x90: // SETcc
		if condition(in.op&15, r.Flags) {
			value = 1
		}
	case e.kind == Modify || e.kind == Exchange:
		if n, err := mem.ReadMemory(buf, addr); n != len(buf) || err != nil {
			return false
		}
		if value, ok = in.combine(after, number(buf), len(buf)); !ok {
			return false
		}
	default:
		return false
	}
	put(buf, value)
	return true
}

// push1 is for PUSH of a register or an immediate, and PUSHF.
func (in *inst) push1(r, after *Regs, buf []byte) (addr uint64, ok bool) {
	value := uint64(in.imm)
	switch op := in.op; {
	case in.opmap != mapOne:
		return 0, false
	case op&^7 == 0x50:
		value = r.GPR[op&7|in.rex&rexB<<3]
	case op == 0x9C: // PUSHF
		value = r.Flags &^ (flagRF | flagVM)
	case op != 0x68 && op != 0x6A:
		return 0, false
	}
	after.GPR[regRSP] -= uint64(len(buf))
	put(buf, value)
	return after.GPR[regRSP], true
}

// stringStored is for MOVS and STOS, once.
func (in *inst) stringStored(r, after *Regs, mem Code, buf []byte) (addr uint64, ok bool) {
	size := uint64(len(buf))
	if in.opmap != mapOne || in.addr32 || in.seg != 0 || in.op < 0xA4 {
		return 0, false
	}
	if in.pp == ppF2 || in.pp == ppF3 {
		if r.GPR[regRCX] == 0 {
			return 0, false
		}
		if after.GPR[regRCX]--; after.GPR[regRCX] != 0 {
			after.PC = r.PC
		}
	}
	if r.Flags&flagDF != 0 {
		size = -size
	}
	if in.op >= 0xAA { // STOS
		put(buf, r.GPR[regRAX])
	} else {
		if n, err := mem.ReadMemory(buf, r.GPR[regRSI]); n != len(buf) || err != nil {
			return 0, false
		}
		after.GPR[regRSI] += size
	}
	after.GPR[regRDI] += size
	return r.GPR[regRDI], true
}

// combine computes what an instruction makes of the memory that it reads and writes.
func (in *inst) combine(r *Regs, old uint64, size int) (value uint64, ok bool) {
	src := r.value(in.source(size))
	switch op := in.op; {
	case in.opmap == mapOne && op < 0x40:
		return r.compute(op>>3, old, src, size), true
	case in.opmap == mapOne && op >= 0x80 && op <= 0x83:
		return r.compute(in.reg(), old, uint64(in.imm), size), true
	case in.opmap == mapOne && (op == 0xFE || op == 0xFF): // INC and DEC leave CF
		cf := r.Flags & flagCF
		what := uint8(opADD)
		if in.reg() == 1 {
			what = opSUB
		}
		value = r.compute(what, old, 1, size)
		r.Flags = r.Flags&^flagCF | cf
		return value, true
	case in.opmap == mapOne && (op == 0xF6 || op == 0xF7) && in.reg() == 2: // NOT
		return ^old, true
	case in.opmap == mapOne && (op == 0xF6 || op == 0xF7) && in.reg() == 3: // NEG
		return r.compute(opSUB, 0, old, size), true
	case in.opmap == mapOne && (op == 0x86 || op == 0x87): // XCHG
		r.set(in.source(size), old, size)
		return src, true
	case in.opmap == map0F && (op == 0xC0 || op == 0xC1): // XADD
		value = r.compute(opADD, old, src, size)
		r.set(in.source(size), old, size)
		return value, true
	case in.opmap == map0F && (op == 0xB0 || op == 0xB1): // CMPXCHG
		r.compute(opSUB, r.GPR[regRAX], old, size)
		if r.Flags&flagZF != 0 {
			return src, true
		}
		r.set(register{index: regRAX}, old, size)
		return old, true
	}
	return 0, false
}

// number reads a number of up to eight bytes.
func number(b []byte) (v uint64) {
	for i, x := range b {
		v |= uint64(x) << (8 * i)
	}
	return v
}

// put writes the lowest bytes of a number.
func put(b []byte, v uint64) {
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
}
