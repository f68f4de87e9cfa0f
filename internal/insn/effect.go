package insn

// place is where an instruction accesses memory.
type place uint8

const (
	nowhere  place = iota
	operand        // the ModRM or moffs operand
	bitArray       // the ModRM operand, displaced by a bit number in a register
	onStack        // at RSP as it is afterwards
	popped         // just below RSP as it is afterwards
	atRDI          // at RDI (MASKMOVQ, MASKMOVDQU)
	atRAX          // at RAX (CLZERO)
	atReg          // at the register in the reg field (MOVDIR64B)
	stringed       // the operands of a string instruction
	unknown        // memory, but where the registers do not tell
)

// effect is the access an instruction makes to memory.
type effect struct {
	place   place
	kind    Kind
	size    int    // bytes; 0: not known
	clobber uint16 // general registers that it may have changed, a bit each
}

func store(kind Kind, size int) effect { return effect{place: operand, kind: kind, size: size} }

const (
	clobberRAX    = 1 << 0
	clobberRAXRDX = 1<<0 | 1<<2
)

// effect returns the access of the instruction. PUSH of a memory operand makes
// two: this is the one to the stack, and the other has kind Load.
func (in *inst) effect() effect {
	var e effect
	switch {
	case in.enc == xop:
		e = in.load()
	case in.opmap == mapOne:
		e = in.effectOneByte()
	case in.opmap == map0F && in.enc == legacy:
		e = in.effect0F()
	case in.opmap == map0F38 && in.enc == legacy:
		e = in.effect0F38()
	default:
		e = in.effectVector()
	}
	if e.place == operand && !in.memory() && !in.moffs {
		return effect{}
	}
	return e
}

// load is an instruction that reads its memory operand, if it has one. How much
// it reads and whether it changes the registers it names is not looked up for
// every opcode: they count as changed.
func (in *inst) load() effect {
	e := effect{place: operand, kind: Load, clobber: 1 << in.gpr()}
	if in.enc != legacy {
		e.clobber |= 1 << in.vvvv
	}
	return e
}

// byteOr returns 1 for the opcodes whose lowest bit says "byte", otherwise the
// operand size.
func (in *inst) byteOr() int {
	if in.op&1 == 0 {
		return 1
	}
	return in.operandSize()
}

// stackSize returns the size of what PUSH and POP move.
func (in *inst) stackSize() int {
	if in.data16 && !in.wide() {
		return 2
	}
	return 8
}

func (in *inst) push() effect { return effect{place: onStack, kind: Push, size: in.stackSize()} }
func (in *inst) pop() effect  { return effect{place: popped, kind: Load, size: in.stackSize()} }

// effectOneByte covers the one-byte opcodes (Intel SDM volume 2D, table A-2).
func (in *inst) effectOneByte() effect {
	op, reg := in.op, in.reg()
	switch {
	case op < 0x40: // ADD, OR, ADC, SBB, AND, SUB, XOR, CMP
		if op&7 < 2 && op < 0x38 {
			return store(Modify, in.byteOr())
		}
		if op&7 < 4 {
			return in.load()
		}
		return effect{}
	case op <= 0x57, op == 0x68, op == 0x6A, op == 0x9C:
		return in.push()
	case op <= 0x5F, op == 0x9D, op == 0xC9: // LEAVE reads the saved RBP
		if op == 0x5C && in.rex&rexB == 0 { // POP RSP
			return effect{place: unknown, kind: Load}
		}
		return in.pop()
	case op >= 0xD8 && op <= 0xDF:
		return in.effectX87()
	case op >= 0xD0 && op <= 0xD3: // shifts
		return store(Modify, in.byteOr())
	}
	switch op {
	case 0x63, 0x69, 0x6B, 0x84, 0x85, 0x8A, 0x8B, 0x8E, 0xA0, 0xA1:
		return in.load()
	case 0x6C, 0x6D, 0xA4, 0xA5, 0xAA, 0xAB: // INS, MOVS, STOS
		return effect{place: stringed, kind: String}
	case 0x6E, 0x6F, 0xA6, 0xA7, 0xAC, 0xAD, 0xAE, 0xAF: // OUTS, CMPS, LODS, SCAS
		return effect{place: stringed, kind: Load}
	case 0x80, 0x81, 0x83:
		if reg == 7 { // CMP
			return in.load()
		}
		return store(Modify, in.byteOr())
	case 0xC0, 0xC1:
		return store(Modify, in.byteOr())
	case 0x86, 0x87: // XCHG
		e := store(Exchange, in.byteOr())
		e.clobber = 1 << in.source(e.size).index
		return e
	case 0x88, 0x89, 0xA2, 0xA3, 0xC6, 0xC7:
		return store(Plain, in.byteOr())
	case 0x8C: // from a segment register
		return store(Other, 2)
	case 0x8F: // POP
		return store(Other, in.stackSize())
	case 0xC8: // ENTER
		return effect{place: unknown, kind: Push}
	case 0xCD: // INT: the kernel may write
		return effect{place: unknown, kind: Other}
	case 0xD7: // XLAT
		return effect{place: unknown, kind: Load}
	case 0xF6, 0xF7:
		if reg == 2 || reg == 3 { // NOT, NEG
			return store(Modify, in.byteOr())
		}
		e := in.load() // TEST, MUL, IMUL, DIV, IDIV
		e.clobber = clobberRAXRDX
		return e
	case 0xFE, 0xFF:
		switch reg {
		case 0, 1: // INC, DEC
			return store(Modify, in.byteOr())
		case 6:
			return in.push()
		}
		// What CALL and JMP read or push is seen at their target, not here.
	}
	return effect{}
}

// effect0F covers the legacy opcodes behind 0F (Intel SDM volume 2D, table A-3).
func (in *inst) effect0F() effect {
	op, reg := in.op, in.reg()
	switch op {
	case 0x00: // SLDT, STR
		if reg < 2 {
			return store(Other, 2)
		}
	case 0x01:
		switch {
		case in.modrm == 0xFC: // CLZERO
			return effect{place: atRAX, kind: Other, size: 64}
		case reg < 2: // SGDT, SIDT
			return store(Other, 10)
		case reg == 4: // SMSW
			return store(Other, 2)
		}
	case 0x05, 0x34: // SYSCALL, SYSENTER: the kernel may write
		return effect{place: unknown, kind: Other}
	case 0x0D, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23: // prefetches, NOP, MOV CR and DR
		return effect{}
	case 0xA0, 0xA8:
		return in.push()
	case 0xA1, 0xA9:
		return in.pop()
	case 0xA3: // BT
		return effect{place: bitArray, kind: Load, size: in.operandSize()}
	case 0xAB, 0xB3, 0xBB: // BTS, BTR, BTC
		return effect{place: bitArray, kind: Modify, size: in.operandSize()}
	case 0xBA:
		if reg > 4 {
			return store(Modify, in.operandSize())
		}
	case 0xA4, 0xA5, 0xAC, 0xAD: // SHLD, SHRD
		return store(Modify, in.operandSize())
	case 0xB0, 0xB1: // CMPXCHG
		e := store(Exchange, in.byteOr())
		e.clobber = clobberRAX
		return e
	case 0xC0, 0xC1: // XADD
		e := store(Exchange, in.byteOr())
		e.clobber = 1 << in.source(e.size).index
		return e
	case 0xC3: // MOVNTI
		return store(Plain, in.operandSize())
	case 0xC7:
		return in.effect0FC7()
	case 0xAE:
		return in.effect0FAE()
	}
	if op&0xF0 == 0x90 { // SETcc
		return store(Other, 1)
	}
	return in.effectVector()
}

func (in *inst) effect0FC7() effect {
	switch in.reg() {
	case 1: // CMPXCHG8B, CMPXCHG16B
		size := 8
		if in.wide() {
			size = 16
		}
		e := store(Exchange, size)
		e.clobber = clobberRAXRDX
		return e
	case 4, 5: // XSAVEC, XSAVES
		return store(Other, 0)
	}
	return in.load()
}

func (in *inst) effect0FAE() effect {
	switch reg := in.reg(); {
	case reg == 0: // FXSAVE
		return store(Other, 512)
	case reg == 3: // STMXCSR
		return store(Vector, 4)
	case reg == 4 && in.pp != ppF3, reg == 6 && in.pp == ppNone: // XSAVE, XSAVEOPT
		return store(Other, 0)
	case reg == 6 && in.pp == ppF3: // CLRSSBSY
		return store(Modify, 8)
	}
	return in.load()
}

// effect0F38 covers the legacy opcodes behind 0F 38 (Intel SDM volume 2D, table A-4).
func (in *inst) effect0F38() effect {
	switch {
	case in.op == 0xF1 && in.pp < ppF3: // MOVBE
		return store(Plain, in.operandSize())
	case in.op == 0xF5 && in.pp == pp66, in.op == 0xF6 && in.pp == ppNone: // WRUSS, WRSS
		return store(Other, in.operandSize())
	case in.op == 0xF8 && in.pp == pp66: // MOVDIR64B
		return effect{place: atReg, kind: Other, size: 64}
	case in.op == 0xF8 && in.pp >= ppF3: // ENQCMD writes to a device
		return effect{place: unknown, kind: Other}
	case in.op == 0xF9 && in.pp == ppNone: // MOVDIRI
		return store(Plain, in.operandSize())
	case in.op == 0xFC: // AADD, AAND, AOR, AXOR
		return store(Modify, max(in.operandSize(), 4))
	}
	return in.load()
}
