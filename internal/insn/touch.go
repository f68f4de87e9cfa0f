package insn

// verdict is whether an instruction that has just completed accessed the
// watched bytes.
type verdict uint8

const (
	no verdict = iota
	maybe
	yes
)

// maxAccess is more bytes than any instruction accesses: XSAVE and XRSTOR come
// to 11,008 with AVX-512 and AMX (CPUID leaf 0Dh).
const maxAccess = 16 << 10

// span is a run of bytes in memory.
type span struct {
	addr uint64
	size int
}

func (s span) overlaps(t span) bool {
	return t.addr-s.addr < uint64(s.size) || s.addr-t.addr < uint64(t.size)
}

// touches decides whether in, which ended at next, accessed the watched bytes,
// and how.
func (in *inst) touches(r *Regs, next uint64, watched span) (verdict, Kind) {
	e := in.effect()
	if e.place == stringed {
		return in.stringTouches(r, watched)
	}
	v := in.verdict(&e, r, next, watched)
	if e.kind == Push && v == no && in.memory() { // PUSH of a memory operand
		e = effect{place: operand, kind: Load, size: e.size, clobber: 1 << regRSP}
		v = in.verdict(&e, r, next, watched)
	}
	return v, e.kind
}

func (in *inst) verdict(e *effect, r *Regs, next uint64, watched span) verdict {
	if e.place == nowhere {
		return no
	}
	at, known := in.accessed(e, r, next)
	switch {
	case !known:
		return maybe
	case e.size > 0 && at.overlaps(watched):
		return yes
	case e.size > 0:
		return no
	}
	at.size = maxAccess
	if at.overlaps(watched) {
		return maybe
	}
	return no
}

// accessed returns where an instruction accessed memory; its size is 0 if only the address
// is known.
func (in *inst) accessed(e *effect, r *Regs, next uint64) (at span, known bool) {
	at.size, known = e.size, true
	switch e.place {
	case operand:
		at.addr, known = in.address(r, next, e)
	case bitArray:
		at.addr, known = in.address(r, next, e)
		at.addr += uint64(in.bitOffset(r, e.size))
	case onStack:
		at.addr = r.GPR[regRSP]
	case popped:
		at.addr = r.GPR[regRSP] - uint64(e.size)
	case atRDI:
		at.addr = in.implicit(r, regRDI, in.seg)
	case atRAX:
		at.addr = in.implicit(r, regRAX, in.seg) &^ 63 // CLZERO clears the cache line
	case atReg:
		at.addr = in.implicit(r, in.gpr(), 0)
	default:
		known = false
	}
	return at, known
}

// implicit returns the address that a register holds for an instruction whose
// memory operand is not written in ModRM.
func (in *inst) implicit(r *Regs, reg, seg uint8) uint64 {
	addr := r.GPR[reg]
	if in.addr32 {
		addr = uint64(uint32(addr))
	}
	return addr + r.segmentBase(seg)
}

// bitOffset returns how far BT, BTS, BTR and BTC go from their memory operand
// for the bit number in a register, which is signed and may be any (Intel SDM
// volume 2A, section 3.1.1.9).
func (in *inst) bitOffset(r *Regs, size int) int64 {
	bit := r.GPR[in.gpr()]
	switch size {
	case 2:
		return int64(int16(bit)) >> 4 * 2
	case 4:
		return int64(int32(bit)) >> 5 * 4
	}
	return int64(bit) >> 6 * 8
}
