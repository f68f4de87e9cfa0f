package insn

// fastString is how many bytes behind the access a repeated MOVS or STOS may
// be when its hit is reported while RF does not say that it is in progress.
// Processors do fast strings in groups and report a hit at the end of a group
// (Intel SDM volume 3B, section 19.3.1.2, calls it inexact; 128 bytes
// measured, on an Intel Xeon in a virtual machine).
const fastString = 128

// isString reports whether the instruction is MOVS, STOS, CMPS, LODS, SCAS,
// INS or OUTS.
func (in *inst) isString() bool {
	if in.enc != legacy || in.opmap != mapOne {
		return false
	}
	switch in.op {
	case 0x6C, 0x6D, 0x6E, 0x6F, 0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF:
		return true
	}
	return false
}

func (in *inst) repeated() bool { return in.isString() && in.pp >= ppF3 }

// element returns the size in bytes of what one iteration moves.
func (in *inst) element() int {
	n := in.byteOr()
	if in.op < 0x70 { // INS, OUTS
		n = min(n, 4)
	}
	return n
}

// lag returns how many bytes lie between the watched bytes and the element
// that a string instruction accessed last, 0 if they overlap. It reports false
// if the instruction has not come to the watched bytes.
func (in *inst) lag(r *Regs, reg, seg uint8, watched span) (uint64, bool) {
	size := in.element()
	addr := in.implicit(r, reg, seg)
	var behind uint64
	if r.Flags&flagDF == 0 {
		addr -= uint64(size)
		behind = addr - (watched.addr + uint64(watched.size) - 1)
	} else {
		addr += uint64(size)
		behind = watched.addr - (addr + uint64(size) - 1)
	}
	if (span{addr, size}).overlaps(watched) {
		return 0, true
	}
	return behind, int64(behind) > 0
}

// stringAccess returns which operand of a string instruction came to the
// watched bytes last, and how far behind them it is.
func (in *inst) stringAccess(r *Regs, watched span) (kind Kind, lag uint64, ok bool) {
	dest, source := false, false
	switch in.op &^ 1 {
	case 0x6C, 0xAA, 0xAE: // INS, STOS, SCAS
		dest = true
	case 0x6E, 0xAC: // OUTS, LODS
		source = true
	default: // MOVS, CMPS
		dest, source = true, true
	}
	if dest {
		kind = in.effect().kind
		lag, ok = in.lag(r, regRDI, 0, watched) // no prefix replaces ES
	}
	if source {
		if n, found := in.lag(r, regRSI, in.seg, watched); found && (!ok || n < lag) {
			kind, lag, ok = Load, n, true
		}
	}
	return kind, lag, ok
}

// stringTouches is the verdict on a string instruction that has completed. How
// often it repeated, no register says any more.
func (in *inst) stringTouches(r *Regs, watched span) (verdict, Kind) {
	kind, lag, ok := in.stringAccess(r, watched)
	switch {
	case ok && lag == 0:
		return yes, kind
	case ok && in.repeated():
		return maybe, kind
	}
	return no, kind
}
