package insn

import (
	"encoding/binary"
)

// Move writes to dst what does at the address to what the instruction at code[0] does at
// from, and returns its length, which is the same. It is false for what cannot be moved,
// or not be single-stepped elsewhere: what changes or tells the program counter (branches,
// calls, returns, system calls, traps), what is executed in several steps (REP), what
// keeps the trap flag or holds back its exception (PUSHF, POPF, loads of SS), and
// transactions. dst has at least 15 bytes.
//
// An operand relative to the program counter is made one of the same address, which it
// must be able to reach: within 2 GB of to.
func Move(dst, code []byte, from, to uint64) (n int, ok bool) {
	var in inst
	if in.decode(code) != nil || in.stays() {
		return 0, false
	}
	n = int(in.len)
	copy(dst, code[:n])
	if !in.relative() {
		return n, true
	}
	if in.addr32 {
		return 0, false
	}
	disp := int64(in.disp) + int64(from-to)
	if disp != int64(int32(disp)) {
		return 0, false
	}
	at := n - in.immediate(in.shape()) - 4
	binary.LittleEndian.PutUint32(dst[at:], uint32(disp))
	return n, true
}

// relative reports whether the memory operand counts from the program counter (Intel SDM
// volume 2A, section 2.2.1.6).
func (in *inst) relative() bool { return in.memory() && in.mod() == 0 && in.modrm&7 == 5 }

// stays reports whether the instruction cannot be moved; see Move.
func (in *inst) stays() bool {
	if in.enc != legacy {
		return false
	}
	switch op := in.op; in.opmap {
	case mapOne:
		switch {
		case op&0xF0 == 0x70, op >= 0xE0 && op <= 0xE3, op == 0xE8, op == 0xE9, op == 0xEB: // branches
			return true
		case op&0xF6 == 0xC2, op >= 0xCC && op <= 0xCF, op == 0xF1, op == 0xF4: // RET, INT, IRET, INT1, HLT
			return true
		case op&0xFC == 0x6C, op&0xFC == 0xA4, op&0xFC == 0xA8 && op != 0xA8 && op != 0xA9, op&0xFC == 0xAC: // strings
			return in.pp == ppF2 || in.pp == ppF3
		case op == 0x9C, op == 0x9D, op == 0x8E, op == 0xC8: // PUSHF, POPF, MOV to a segment, ENTER
			return true
		case op == 0xFF:
			return in.reg() >= 2 && in.reg() <= 5 // CALL, JMP
		case op == 0xC6, op == 0xC7:
			return in.reg() == 7 // XABORT, XBEGIN
		}
	case map0F:
		switch {
		case op&0xF0 == 0x80, op == 0x05, op == 0x07, op == 0x34, op == 0x35, op == 0x01, op == 0xAA: // Jcc, system calls, VMX and others, RSM
			return true
		case op == 0x0B, op == 0xB9, op == 0xFF: // UD
			return true
		case op == 0xA1, op == 0xA9, op == 0xB2: // POP FS, POP GS, LSS
			return true
		}
	}
	return false
}

// Branch executes a branch that needs nothing but the registers: JMP and Jcc with a
// displacement, and CALL with one, which pushes the address ret. next is where it leads.
// It is false for everything else.
func Branch(code []byte, r *Regs) (next, ret uint64, call, ok bool) {
	var in inst
	if in.decode(code) != nil || in.enc != legacy || in.data16 || in.addr32 {
		return 0, 0, false, false
	}
	ret = r.PC + uint64(in.len)
	next = ret + uint64(in.imm)
	switch op := in.op; {
	case in.opmap == mapOne && (op == 0xE9 || op == 0xEB):
	case in.opmap == mapOne && op == 0xE8:
		call = true
	case in.opmap == mapOne && op&0xF0 == 0x70, in.opmap == map0F && op&0xF0 == 0x80:
		if !condition(op&15, r.Flags) {
			next = ret
		}
	default:
		return 0, 0, false, false
	}
	return next, ret, call, true
}

// MaxLen is the longest instruction in bytes.
const MaxLen = maxLen
