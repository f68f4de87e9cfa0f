package insn

// effectVector covers MMX, SSE, AVX and AVX-512 (Intel SDM volume 2D, tables
// the entries marked as stores) and is a load for all that is none.
func (in *inst) effectVector() effect {
	if in.opmap == map0F && in.op == 0xF7 { // MASKMOVQ, MASKMOVDQU
		if in.pp == ppNone {
			return effect{place: atRDI, kind: Vector, size: 8}
		}
		return effect{place: atRDI, kind: Vector, size: int(in.vl)}
	}
	size := 0
	switch in.opmap {
	case map0F:
		size = in.storeSize0F()
	case map0F38:
		if e, ok := in.indexedOrTile(); ok {
			return e
		}
		if in.enc == vex && in.op >= 0xE0 && in.op <= 0xEF { // CMPccXADD
			e := store(Exchange, in.wideOr(4))
			e.clobber = 1 << in.gpr()
			return e
		}
		size = in.storeSize0F38()
	case map0F3A:
		size = in.storeSize0F3A()
	case map5: // VMOVSH, VMOVW
		if in.enc == evex && (in.op == 0x11 && in.pp == ppF3 || in.op == 0x7E && in.pp == pp66) {
			size = 2
		}
	}
	if size == 0 {
		return in.load()
	}
	return store(Vector, size)
}

// wideOr returns 8 with REX.W, otherwise n.
func (in *inst) wideOr(n int) int {
	if in.wide() {
		return 8
	}
	return n
}

// storeSize0F returns the size in bytes of a vector store of map 0F, 0 for
// what is none.
func (in *inst) storeSize0F() int {
	full := int(in.vl)
	switch in.op {
	case 0x11, 0x2B: // MOVUPS, MOVSS..., MOVNTPS, MOVNTSS...
		return [4]int{full, full, 4, 8}[in.pp]
	case 0x13, 0x17: // MOVLPS, MOVHPS
		return 8
	case 0x29: // MOVAPS
		return full
	case 0x7E: // MOVD, MOVQ; with F3 it loads
		if in.pp < ppF3 {
			return in.wideOr(4)
		}
	case 0x7F: // MOVQ of MMX, MOVDQA, MOVDQU
		if in.enc == legacy && in.pp == ppNone {
			return 8
		}
		return full
	case 0x91: // KMOV
		if in.enc == vex && in.pp == ppNone {
			return in.wideOr(2)
		}
		if in.enc == vex && in.wide() {
			return 4
		}
		return 1
	case 0xAE: // VSTMXCSR
		if in.reg() == 3 {
			return 4
		}
	case 0xD6: // MOVQ
		return 8
	case 0xE7: // MOVNTQ, MOVNTDQ
		if in.enc == legacy && in.pp == ppNone {
			return 8
		}
		if in.pp == pp66 { // the others convert
			return full
		}
	}
	return 0
}

// storeSize0F38 does the same for VEX and EVEX with map 0F38.
func (in *inst) storeSize0F38() int {
	full := int(in.vl)
	switch in.op {
	case 0x2E, 0x2F, 0x8E: // VMASKMOV, VPMASKMOV
		if in.enc == vex {
			return full
		}
	case 0x63, 0x8A, 0x8B: // VPCOMPRESS, VCOMPRESS
		if in.enc == evex {
			return full
		}
	}
	if row := in.op >> 4; in.enc == evex && in.pp == ppF3 && row >= 1 && row <= 3 {
		switch in.op & 15 { // VPMOVWB, VPMOVDB... and the saturating ones
		case 0, 3, 5:
			return full / 2
		case 1, 4:
			return full / 4
		case 2:
			return full / 8
		}
	}
	return 0
}

// storeSize0F3A does the same for map 0F3A, legacy too.
func (in *inst) storeSize0F3A() int {
	switch in.op {
	case 0x14: // PEXTRB
		return 1
	case 0x15: // PEXTRW
		return 2
	case 0x16: // PEXTRD, PEXTRQ
		return in.wideOr(4)
	case 0x17: // EXTRACTPS
		return 4
	}
	if in.enc == legacy {
		return 0
	}
	switch in.op {
	case 0x19, 0x39: // VEXTRACTF128, VEXTRACTI128
		return 16
	case 0x1B, 0x3B: // VEXTRACTF64X4, VEXTRACTI64X4
		return 32
	case 0x1D: // VCVTPS2PH
		return int(in.vl) / 2
	}
	return 0
}

// indexedOrTile covers what accesses more than one run of bytes: gathers,
// scatters (their index is a vector register) and AMX tiles.
func (in *inst) indexedOrTile() (effect, bool) {
	switch op := in.op; {
	case in.enc == legacy:
	case op >= 0x90 && op <= 0x93:
		return effect{place: unknown, kind: Load}, true
	case op >= 0xA0 && op <= 0xA3 && in.enc == evex:
		return effect{place: unknown, kind: Vector}, true
	case (op == 0xC6 || op == 0xC7) && in.enc == evex: // prefetches
		return effect{}, true
	case op == 0x49 && in.enc == vex && in.pp == pp66 && in.mod() != 3: // STTILECFG
		return store(Other, 64), true
	case op == 0x4B && in.enc == vex:
		if in.pp == ppF3 { // TILESTORED
			return effect{place: unknown, kind: Vector}, true
		}
		return effect{place: unknown, kind: Load}, true
	}
	return effect{}, false
}

// effectX87 covers the escapes D8 to DF (Intel SDM volume 2D, tables ).
func (in *inst) effectX87() effect {
	size := 0
	switch reg := in.reg(); in.op {
	case 0xD9:
		switch reg {
		case 2, 3: // FST, FSTP
			size = 4
		case 6: // FNSTENV
			size = 28
			if in.data16 {
				size = 14
			}
		case 7: // FNSTCW
			size = 2
		}
	case 0xDB:
		switch reg {
		case 1, 2, 3: // FISTTP, FIST, FISTP
			size = 4
		case 7: // FSTP of 80 bits
			size = 10
		}
	case 0xDD:
		switch reg {
		case 1, 2, 3: // FISTTP, FST, FSTP
			size = 8
		case 6: // FNSAVE
			size = 108
			if in.data16 {
				size = 94
			}
		case 7: // FNSTSW
			size = 2
		}
	case 0xDF:
		switch reg {
		case 1, 2, 3: // FISTTP, FIST, FISTP
			size = 2
		case 6: // FBSTP
			size = 10
		case 7: // FISTP
			size = 8
		}
	}
	if size == 0 {
		e := in.load()
		e.clobber = 0
		return e
	}
	return store(Vector, size)
}
