package insn

import "encoding/binary"

// Simple executes an instruction that only moves something into a register: MOV from
// memory, a register or an immediate, MOVZX from memory, LEA and NOP. r is then what the
// processor would have made of it. It is false, and r as it was, for all others, and if
// memory cannot be read; buf is room for what is. An instruction that has been looked at
// as data only is not seen by a watchpoint on what it reads.
func Simple(code []byte, r *Regs, mem Code, buf *[8]byte) bool {
	var in inst
	if in.decode(code) != nil || in.enc != legacy || in.pp != ppNone || in.data16 || in.addr32 || in.seg != 0 {
		return false
	}
	next := r.PC + uint64(in.len)
	size := 4
	if in.wide() {
		size = 8
	}
	to, from := in.gpr(), size
	var v uint64
	switch {
	case in.opmap == mapOne && in.op == 0x8B: // MOV r, r/m
		if in.mod() == 3 {
			v, from = r.GPR[in.rm()], 0
		}
	case in.opmap == mapOne && in.op == 0x89 && in.mod() == 3: // MOV r, r
		to, v, from = in.rm(), r.GPR[in.gpr()], 0
	case in.opmap == mapOne && in.op == 0x8D && in.mod() != 3: // LEA
		v, _ = in.modRMAddress(r, next)
		from = 0
	case in.opmap == mapOne && in.op&0xF8 == 0xB8: // MOV r, imm
		to, v, from = in.op&7|in.rex&rexB<<3, uint64(in.imm), 0
	case in.opmap == mapOne && in.op == 0xC7 && in.reg() == 0 && in.mod() == 3: // MOV r, imm32
		to, v, from = in.rm(), uint64(in.imm), 0
	case in.opmap == map0F && (in.op == 0xB6 || in.op == 0xB7) && in.mod() != 3: // MOVZX r, m
		from = 1 << (in.op & 1)
	case in.opmap == mapOne && in.op == 0x90 && in.rex&rexB == 0, in.opmap == map0F && in.op == 0x1F: // NOP
		r.PC = next
		return true
	default:
		return false
	}
	if from > 0 {
		addr, _ := in.modRMAddress(r, next)
		clear(buf[:])
		if n, err := mem.ReadMemory(buf[:from], addr); err != nil || n != from {
			return false
		}
		v = binary.LittleEndian.Uint64(buf[:])
	}
	if size == 4 {
		v = uint64(uint32(v))
	}
	r.GPR[to], r.PC = v, next
	return true
}

// rm returns the general register in the r/m field.
func (in *inst) rm() uint8 { return in.modrm&7 | in.rex&rexB<<3 }
