package insn

// Regs are the registers of a stopped thread. All fields must be filled in:
// where an instruction wrote is computed from them.
type Regs struct {
	GPR    [16]uint64 // in the order of x86 encoding: RAX RCX RDX RBX RSP RBP RSI RDI R8-R15
	PC     uint64
	Flags  uint64 // RFLAGS
	FSBase uint64
	GSBase uint64
}

const (
	regRAX = 0
	regRCX = 1
	regRDX = 2
	regRBX = 3
	regRSP = 4
	regRSI = 6
	regRDI = 7
)

// Bits of RFLAGS (Intel SDM volume 1, section 3.4.3).
const (
	flagCF = 1 << 0
	flagPF = 1 << 2
	flagAF = 1 << 4
	flagZF = 1 << 6
	flagSF = 1 << 7
	flagTF = 1 << 8
	flagDF = 1 << 10
	flagOF = 1 << 11
	flagRF = 1 << 16
	flagVM = 1 << 17
)

// register is a general register or one of AH, CH, DH, BH.
type register struct {
	index uint8
	high  bool
}

// source returns the register in the reg field for an operand of size bytes.
// Without a REX prefix the byte registers 4 to 7 are AH, CH, DH and BH.
func (in *inst) source(size int) register {
	n := in.gpr()
	if size == 1 && !in.hasREX && n >= 4 {
		return register{index: n - 4, high: true}
	}
	return register{index: n}
}

func (r *Regs) value(from register) uint64 {
	v := r.GPR[from.index]
	if from.high {
		v >>= 8
	}
	return v
}

func (r *Regs) segmentBase(seg uint8) uint64 {
	switch seg {
	case 0x64:
		return r.FSBase
	case 0x65:
		return r.GSBase
	}
	return 0 // 64-bit mode ignores the base of CS, DS, ES and SS
}

// address returns the address of the memory operand. next is the address
// behind the instruction; clobber has a bit for each register that no longer
// holds what the address was computed from. It reports false if the address
// cannot be told.
func (in *inst) address(r *Regs, next uint64, e *effect) (uint64, bool) {
	ea := uint64(in.imm)
	if !in.moffs {
		var used uint16
		ea, used = in.modRMAddress(r, next)
		if used&e.clobber != 0 {
			return 0, false
		}
		if in.enc == evex && in.mod() == 1 {
			scale, ok := in.dispScale(e)
			if !ok {
				return 0, false
			}
			ea += uint64(int64(in.disp) * int64(scale-1))
		}
	}
	if in.addr32 {
		ea = uint64(uint32(ea))
	}
	return ea + r.segmentBase(in.seg), true
}

// modRMAddress returns base + index*scale + displacement, and a bit for each
// register in it (Intel SDM volume 2A, tables 2-2 and 2-3, section 2.2.1.6).
func (in *inst) modRMAddress(r *Regs, next uint64) (ea uint64, used uint16) {
	ea = uint64(int64(in.disp))
	mod, base := in.mod(), in.modrm&7
	if base == 4 {
		base = in.sib & 7
		index := in.sib>>3&7 | in.rex&rexX<<2
		if index != regRSP { // 4 without REX.X says: no index
			ea += r.GPR[index] << (in.sib >> 6)
			used |= 1 << index
		}
		if mod == 0 && base == 5 {
			return ea, used
		}
	} else if mod == 0 && base == 5 {
		return ea + next, used // relative to the instruction pointer
	}
	base |= in.rex & rexB << 3
	return ea + r.GPR[base], used | 1<<base
}

// dispScale returns what EVEX multiplies an 8-bit displacement with. For the
// stores it is the size of the access (Intel SDM volume 2A, section 2.7.5),
// except where single elements are stored.
func (in *inst) dispScale(e *effect) (int, bool) {
	if e.kind == Load || e.size == 0 {
		return 0, false
	}
	if in.opmap == map0F38 {
		switch in.op {
		case 0x63: // VPCOMPRESSB, VPCOMPRESSW
			return 1 + int(in.rex&rexW>>3), true
		case 0x8A, 0x8B: // VCOMPRESSPS, VPCOMPRESSD...
			return in.wideOr(4), true
		}
	}
	return e.size, true
}
