package insn

import "encoding/binary"

// encoding is how an instruction names its opcode map and its operands.
type encoding uint8

const (
	legacy encoding = iota
	vex
	evex
	xop
)

// Opcode maps, numbered as VEX, EVEX and XOP number them.
const (
	mapOne  = 0
	map0F   = 1
	map0F38 = 2
	map0F3A = 3
	map5    = 5
	map6    = 6
	map7    = 7
	mapXOP8 = 8
	mapXOPA = 10
)

// Mandatory prefixes, numbered as VEX and EVEX number them.
const (
	ppNone = 0
	pp66   = 1
	ppF3   = 2
	ppF2   = 3
)

// Bits of inst.rex.
const (
	rexB = 1 << iota
	rexX
	rexR
	rexW
)

// inst is one decoded instruction. VEX and EVEX fields that mean the same as a
// legacy one are stored as the legacy one.
type inst struct {
	imm      int64 // last immediate, sign-extended; the address of a moffs operand
	disp     int32 // displacement of the ModRM operand, sign-extended
	vl       uint16
	enc      encoding
	opmap    uint8
	op       uint8
	pp       uint8 // mandatory prefix; of several F2 and F3 the last counts
	rex      uint8
	vvvv     uint8 // second source register of VEX, EVEX and XOP
	seg      uint8 // 0x64 or 0x65 if FS or GS is the segment, otherwise 0
	modrm    uint8
	sib      uint8
	len      uint8
	hasREX   bool
	data16   bool // operand-size prefix
	addr32   bool // address-size prefix
	hasModRM bool
	moffs    bool
}

func (in *inst) mod() uint8 { return in.modrm >> 6 }
func (in *inst) reg() uint8 { return in.modrm >> 3 & 7 }
func (in *inst) wide() bool { return in.rex&rexW != 0 }

// memory reports whether the instruction has a ModRM operand in memory.
func (in *inst) memory() bool {
	return in.hasModRM && in.mod() != 3 && !(in.enc == legacy && in.opmap == map0F && in.op&^3 == 0x20)
}

// gpr returns the general register that the reg field of ModRM names.
func (in *inst) gpr() uint8 { return in.reg() | in.rex&rexR<<1 }

// operandSize returns the size in bytes of an operand that prefixes can size.
func (in *inst) operandSize() int {
	switch {
	case in.wide():
		return 8
	case in.data16:
		return 2
	}
	return 4
}

// decoder reads code from the front and remembers if it ran out.
type decoder struct {
	code []byte
	pos  int
	over bool
}

func (d *decoder) byte() uint8 {
	if d.pos >= len(d.code) {
		d.over = true
		return 0
	}
	d.pos++
	return d.code[d.pos-1]
}

// signed reads a little-endian number of n bytes (0, 1, 2, 4 or 8).
func (d *decoder) signed(n int) int64 {
	if n > len(d.code)-d.pos {
		d.over = true
		return 0
	}
	b := d.code[d.pos : d.pos+n]
	d.pos += n
	switch n {
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case 8:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// decode fills in from the instruction at code[0].
func (in *inst) decode(code []byte) error {
	d := decoder{code: code}
	if len(code) > maxLen {
		d.code = code[:maxLen]
	}
	*in = inst{vl: 16}
	valid := in.opcode(&d) && in.operands(&d)
	switch {
	case d.over && len(code) >= maxLen: // more than fifteen bytes
		return ErrInvalid
	case d.over:
		return ErrTruncated
	case !valid:
		return ErrInvalid
	}
	in.len = uint8(d.pos)
	return nil
}

// opcode reads prefixes and opcode.
func (in *inst) opcode(d *decoder) bool {
	lock := false
	b := d.byte()
prefixes:
	for ; !d.over; b = d.byte() {
		// A REX prefix counts only right before the opcode.
		rex, hasREX := in.rex, in.hasREX
		in.rex, in.hasREX = 0, false
		switch b {
		case 0x26, 0x2E, 0x36, 0x3E: // ES, CS, SS, DS: ignored in 64-bit mode
		case 0x64, 0x65:
			in.seg = b
		case 0x66:
			in.data16 = true
		case 0x67:
			in.addr32 = true
		case 0xF0:
			lock = true
		case 0xF2:
			in.pp = ppF2
		case 0xF3:
			in.pp = ppF3
		default:
			if b&0xF0 != 0x40 {
				in.rex, in.hasREX = rex, hasREX
				break prefixes
			}
			in.rex, in.hasREX = b&15, true
		}
	}
	if in.data16 && in.pp == ppNone {
		in.pp = pp66
	}
	plain := !lock && !in.hasREX && in.pp == ppNone // what a VEX prefix demands
	switch b {
	case 0x0F:
		in.opmap, in.op = map0F, d.byte()
		switch in.op {
		case 0x38:
			in.opmap, in.op = map0F38, d.byte()
		case 0x3A:
			in.opmap, in.op = map0F3A, d.byte()
		}
		return true
	case 0xC5:
		in.enc, in.opmap = vex, map0F
		p := d.byte()
		in.rex = ^p >> 5 & rexR
		in.vectorFields(p)
		in.op = d.byte()
		return plain
	case 0xC4:
		in.enc = vex
		return in.threeByteVEX(d) && plain
	case 0x62:
		return in.evexPrefix(d) && plain
	case 0x8F:
		if d.pos < len(d.code) && d.code[d.pos]&0x1F >= mapXOP8 {
			in.enc = xop
			return in.threeByteVEX(d) && plain
		}
	}
	in.op = b
	return true
}

// vectorFields reads vvvv, L and pp, which all VEX and XOP prefixes have at
// the same place of their last byte.
func (in *inst) vectorFields(p uint8) {
	in.pp = p & 3
	in.vvvv = ^p >> 3 & 15
	in.vl = 16 << (p >> 2 & 1)
}

// threeByteVEX reads what follows C4 or the 8F of XOP (AMD APM volume 3,
// section 1.2.8).
func (in *inst) threeByteVEX(d *decoder) bool {
	p0, p1 := d.byte(), d.byte()
	in.opmap = p0 & 0x1F
	in.rex = ^p0>>5&7 | p1>>7<<3
	in.vectorFields(p1)
	in.op = d.byte()
	if in.enc == xop {
		return in.opmap <= mapXOPA && in.pp == ppNone
	}
	switch in.opmap {
	case map0F, map0F38, map0F3A, map5, map7:
		return true
	}
	return false
}

// evexPrefix reads what follows 62 (Intel SDM volume 2A, section 2.7.1).
func (in *inst) evexPrefix(d *decoder) bool {
	in.enc = evex
	p0, p1, p2 := d.byte(), d.byte(), d.byte()
	in.opmap = p0 & 7
	in.rex = ^p0>>5&7 | p1>>7<<3
	in.vectorFields(p1)
	in.vl = 16 << (p2 >> 5 & 3)
	in.op = d.byte()
	if p0&8 != 0 || p1&4 == 0 {
		return false
	}
	switch in.opmap {
	case map0F, map0F38, map0F3A, map5, map6:
		return true
	}
	return false
}
