package glue

import "encoding/binary"

// emulate does what the instruction under a hook does, if that is a direct call, a return
// or nothing, without executing it: no other thread has to stop for it. Encodings: Arm
// Architecture Reference Manual, C6.2.
func (th *Thread) emulate() (done bool, err error) {
	r, err := th.held.Registers()
	if err != nil {
		return false, err
	}
	var code [4]byte
	if n, _ := th.p.held.ReadProgram(code[:], r.PC()); n < len(code) {
		return false, nil
	}
	regs := *r
	switch op := binary.LittleEndian.Uint32(code[:]); {
	case op == 0xD65F03C0: // RET
		regs.Pc = regs.Regs[30]
	case op>>26 == 0x25: // BL
		regs.Regs[30] = regs.Pc + 4
		regs.Pc += uint64(int64(int32(op<<6)>>6) * 4)
	case op == 0xD503201F, op == 0xAA0003E0: // NOP, and MOV X0, X0 as Go's assembler has it
		regs.Pc += 4
	default:
		return false, nil
	}
	return true, th.held.SetRegisters(&regs)
}
