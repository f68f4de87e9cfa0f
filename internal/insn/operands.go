package insn

// shape returns what follows the opcode.
func (in *inst) shape() byte {
	switch in.opmap {
	case mapOne:
		return oneByteMap[in.op]
	case map0F:
		if in.enc == legacy {
			return twoByteMap[in.op]
		}
		switch in.op {
		case 0x70, 0x71, 0x72, 0x73, 0xC2, 0xC4, 0xC5, 0xC6:
			return shapeMod8
		case 0x77: // VZEROUPPER, VZEROALL
			if in.enc == vex {
				return shapeNone
			}
		}
	case map0F3A, mapXOP8:
		return shapeMod8
	case map7, mapXOPA:
		return shapeModZ
	}
	return shapeMod
}

// operands reads everything behind the opcode.
func (in *inst) operands(d *decoder) bool {
	if d.over {
		return false
	}
	shape := in.shape()
	switch shape {
	case shapeMod, shapeMod8, shapeModZ, shapeTest, shapeSSE4a:
		in.modRM(d)
		if in.reserved() {
			return false
		}
	case shapeReg:
		in.hasModRM, in.modrm = true, d.byte()
	case shapeBad, shapeElse:
		return false
	}
	if n := in.immediate(shape); n > 0 {
		in.imm = d.signed(n)
	}
	switch shape {
	case shapeEnter: // the frame size is not kept: nothing asks for it
		in.imm = d.signed(1)
	case shapeMoffs:
		in.moffs = true
		if in.addr32 {
			in.imm = int64(uint32(in.imm))
		}
	}
	return true
}

// immediate returns the size in bytes of the immediate, displacement or
// absolute address.
func (in *inst) immediate(shape byte) int {
	z := min(in.operandSize(), 4)
	switch shape {
	case shapeImm8, shapeMod8:
		return 1
	case shapeImm16, shapeEnter:
		return 2
	case shapeImmZ, shapeModZ:
		return z
	case shapeImmV:
		return in.operandSize()
	case shapeRel32:
		return 4
	case shapeTest:
		if in.reg() > 1 {
			return 0
		}
		if in.op&1 == 0 {
			return 1
		}
		return z
	case shapeMoffs:
		if in.addr32 {
			return 4
		}
		return 8
	case shapeSSE4a:
		if in.pp != ppNone {
			return 2
		}
	}
	return 0
}

// modRM reads ModRM, SIB and displacement (Intel SDM volume 2A, tables 2-2 and
// 2-3; their lengths do not change with the address-size prefix).
func (in *inst) modRM(d *decoder) {
	in.hasModRM, in.modrm = true, d.byte()
	mod, rm := in.mod(), in.modrm&7
	if mod == 3 {
		return
	}
	base := rm
	if rm == 4 {
		in.sib = d.byte()
		base = in.sib & 7
	}
	switch {
	case mod == 1:
		in.disp = int32(d.signed(1))
	case mod == 2, base == 5:
		in.disp = int32(d.signed(4))
	}
}
