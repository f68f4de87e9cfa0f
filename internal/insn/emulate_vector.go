package insn

import "encoding/binary"

// Vectors returns the vector registers of a thread as XSAVE lays them out in its standard
// form, or as much of that as there is (Intel SDM volume 1, section 13.4).
type Vectors func() []byte

// Where XSAVE has what. The upper halves of the YMM registers are at 576 wherever there are
// any (CPUID 0DH, subleaf 2).
const (
	xsaveXMM    = 160
	xsaveHeader = 512
	xsaveYMM    = 576
	hasSSE      = 1 << 1 // bits of the header: what is in its initial state is not there
	hasAVX      = 1 << 2
)

// register reads the first bytes of a register, 16 or 32.
func (v Vectors) register(n uint8, dst []byte) bool {
	if v == nil {
		return false
	}
	state := v()
	if len(state) < xsaveYMM {
		return false
	}
	clear(dst)
	present := binary.LittleEndian.Uint64(state[xsaveHeader:])
	if present&hasSSE != 0 {
		copy(dst[:16], state[xsaveXMM+16*int(n):])
	}
	if at := xsaveYMM + 16*int(n); len(dst) > 16 && present&hasAVX != 0 {
		if len(state) < at+16 {
			return false
		}
		copy(dst[16:], state[at:at+16])
	}
	return true
}

// vectorStored fills in what a store of a vector register writes. It is false for those of
// other registers (MMX, masks) and those that convert or choose, and for an address by
// which the processor would fault.
func (in *inst) vectorStored(vectors Vectors, buf []byte, addr uint64) bool {
	aligned, high := false, 0
	switch {
	case in.opmap != map0F:
		return false
	case in.op == 0x11, in.op == 0x13 && in.pp < ppF3: // MOVUPS, MOVSS...; MOVLPS
	case in.op == 0x17 && in.pp < ppF3: // MOVHPS
		high = 8
	case in.op == 0x29 && in.pp < ppF3, in.op == 0x2B && in.pp < ppF3, in.op == 0xE7 && in.pp == pp66: // MOVAPS, MOVNTPS, MOVNTDQ
		aligned = true
	case in.op == 0x7F && (in.pp == pp66 || in.pp == ppF3): // MOVDQA, MOVDQU
		aligned = in.pp == pp66
	case in.op == 0x7E && in.pp == pp66, in.op == 0xD6 && in.pp == pp66: // MOVD, MOVQ
	default:
		return false
	}
	if aligned && addr%uint64(len(buf)) != 0 {
		return false
	}
	var whole [32]byte
	width := 16
	if len(buf) > width {
		width = len(whole)
	}
	if !vectors.register(in.gpr(), whole[:width]) {
		return false
	}
	copy(buf, whole[high:])
	return true
}
