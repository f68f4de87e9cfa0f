package glue

import (
	"encoding/binary"
)

// emulate does what the instruction under a hook does, if that is a near return, nothing
// or the beginning of a frame that nobody watches, without executing it: no other thread
// has to stop for it.
func (th *Thread) emulate() (done bool, err error) {
	r, err := th.held.Registers()
	if err != nil {
		return false, err
	}
	var code [1]byte
	if n, _ := th.p.held.ReadProgram(code[:], r.PC()); n < len(code) {
		return false, nil
	}
	regs := *r
	switch code[0] {
	case 0xC3: // RET
		var word [8]byte
		if _, err := th.p.held.Memory.ReadMemory(word[:], regs.Rsp); err != nil {
			return false, nil // it faults, as the program shall see
		}
		regs.Rsp += 8
		regs.Rip = binary.LittleEndian.Uint64(word[:])
	case 0x55: // PUSH RBP
		if th.p.watches(regs.Rsp-8, 8) {
			return false, nil
		}
		regs.Rsp -= 8
		if _, err := th.p.held.Memory.WriteMemory(regs.Rsp, binary.LittleEndian.AppendUint64(nil, regs.Rbp)); err != nil {
			return false, nil // a stack overflow: the program is to find it
		}
		regs.Rip++
	case 0x90: // NOP
		regs.Rip++
	default:
		return false, nil
	}
	return true, th.held.SetRegisters(&regs)
}
