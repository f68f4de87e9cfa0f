package ptrace

import "encoding/binary"

// trapFlag is the bit of RFLAGS that has the processor trap behind each instruction (Intel
// SDM volume 1, section 3.4.3.3).
const trapFlag = 1 << 8

// poppable are the flags that a POPF of a program without privileges changes, but for ID,
// which ptrace does not set (Intel SDM volume 2, POPF; FLAG_MASK in arch/x86/kernel/ptrace.c).
const poppable = 1<<0 | 1<<2 | 1<<4 | 1<<6 | 1<<7 | trapFlag | 1<<10 | 1<<11 | 1<<14 | 1<<18

const identificationFlag = 1 << 21

// flagsInstruction returns the last byte of a thread's next instruction if that is PUSHF or
// POPF (else 0), its length, and how many bytes it moves.
func (th *Thread) flagsInstruction(r *Regs) (opcode byte, length, moves uint64) {
	var code [3]byte
	moves = 8
	n, _ := th.Proc.Memory.ReadMemory(code[:], r.Rip)
	for i, b := range code[:n] {
		switch {
		case b == 0x66:
			moves = 2
		case b&0xF0 == 0x40: // REX
		case b == pushFlags || b == popFlags:
			return b, uint64(i + 1), moves
		default:
			return 0, 0, 0
		}
	}
	return 0, 0, 0
}

// flagsAhead returns pushFlags or popFlags if the next instruction of a stopped thread is one of
// these, else 0: also where the program traps itself, and is to see it.
func (th *Thread) flagsAhead() byte {
	r, err := th.Registers()
	if err != nil || r.Eflags&trapFlag != 0 {
		return 0
	}
	opcode, _, _ := th.flagsInstruction(r)
	return opcode
}

// aheadOfPop reports whether a thread has executed the instruction that it was let go for, and
// POPF is the next.
func (th *Thread) aheadOfPop() bool {
	r, err := th.Registers()
	if err != nil || !th.fromKnown || r.PC() == th.from {
		return false
	}
	if _, in := r.SystemCall(); in {
		return false
	}
	opcode, _, _ := th.flagsInstruction(r)
	return opcode == popFlags
}

// pop executes the POPF that is a stopped thread's next instruction, by [Thread.flagsAhead], and
// returns where it was; popped is false if that is left to the processor. The kernel takes the
// trap flag for the program's own where a POPF is stepped (is_setting_trap_flag in
// arch/x86/kernel/step.c): it stays set if another step follows or if the thread is stopped
// before, and goes into the frame of a signal that comes before.
func (th *Thread) pop() (pc uint64, popped bool) {
	r, err := th.Registers()
	if err != nil {
		return 0, false
	}
	if _, in := r.SystemCall(); in {
		return 0, false
	}
	_, length, moves := th.flagsInstruction(r)
	var b [8]byte
	if _, err := th.Proc.Memory.ReadMemory(b[:moves], r.Rsp); err != nil {
		return 0, false // the program is to fault
	}
	value, changes := binary.LittleEndian.Uint64(b[:]), uint64(poppable)
	switch {
	case moves == 2:
		changes &= 0xFFFF
	case (value^r.Eflags)&identificationFlag != 0:
		return 0, false
	}
	if value&trapFlag != 0 {
		return 0, false // its own from now on
	}
	pc = r.Rip
	next := *r
	next.Eflags = r.Eflags&^changes | value&changes
	next.Rsp += moves
	next.Rip += length
	return pc, th.SetRegisters(&next) == nil
}

// unpushTrapFlag takes the trap flag out of what a PUSHF has pushed that was single-stepped:
// a POPF would have the program trap for ever. The Go runtime does both where it preempts a
// goroutine (runtime.asyncPreempt).
func (th *Thread) unpushTrapFlag() error {
	r, err := th.Registers()
	if err != nil {
		return err
	}
	var b [2]byte
	if _, err := th.Proc.Memory.ReadMemory(b[:], r.Rsp); err != nil {
		return err
	}
	flags := binary.LittleEndian.Uint16(b[:])
	if flags&trapFlag == 0 {
		return nil // it was not executed
	}
	binary.LittleEndian.PutUint16(b[:], flags&^trapFlag)
	_, err = th.Proc.Memory.WriteMemory(r.Rsp, b[:])
	return err
}
