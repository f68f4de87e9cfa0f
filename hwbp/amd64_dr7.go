package hwbp

import "fmt"

// DR7 is the x86 debug control register: two enable bits and four setting bits for
// each of the slots 0 to 3 (Intel SDM 3B, 18.2.4). The addresses are in DR0 to DR3.
//
// Of the two enable bits, local and global, Set uses the local one, as the kernel's
// ptrace takes either for "on" (decode_dr7 in arch/x86/kernel/hw_breakpoint.c), and
// as Get does. Bits that belong to no slot are left as they are; Linux needs none
// of them set and ignores the reserved ones (ptrace_write_dr7 in
// arch/x86/kernel/ptrace.c).
type DR7 uint64

// The layout, as DR_CONTROL_SHIFT, DR_CONTROL_SIZE and DR_ENABLE_SIZE in the
// kernel's arch/x86/include/uapi/asm/debugreg.h.
const (
	dr7Slots       = 4
	dr7EnableBits  = 2  // L and G of a slot
	dr7SettingBits = 4  // R/W in the lower two, LEN in the upper two
	dr7SettingFrom = 16 // bit of slot 0's R/W

	dr7Local   = 0b01
	dr7Enabled = 0b11 // L or G
)

// R/W: 00 execution, 01 writes, 10 I/O ports, 11 reads and writes. LEN: 00 is 1
// byte, 01 is 2, 11 is 4 and 10 is 8 (Intel SDM 3B, 18.2.4).
var (
	dr7RW     = [...]DR7{Execute: 0b00, Write: 0b01, ReadWrite: 0b11}
	dr7Access = [4]Access{0b00: Execute, 0b01: Write, 0b11: ReadWrite}
	dr7Len    = [4]uint8{0b00: 1, 0b01: 2, 0b11: 4, 0b10: 8}
	dr7LEN    = [...]DR7{1: 0b00, 2: 0b01, 4: 0b11, 8: 0b10}
)

// Set returns d with p's access and length in the slot, and the slot enabled. Write
// p.Addr to the slot's address register first. Errors: [*SlotError], or what
// [Limits.Check] says of [AMD64] and p; d is then returned unchanged.
func (d DR7) Set(slot int, p Point) (DR7, error) {
	if slot < 0 || slot >= dr7Slots {
		return d, &SlotError{Slot: slot, Slots: dr7Slots}
	}
	if err := AMD64.Check(p); err != nil {
		return d, err
	}
	setting := dr7LEN[p.Len]<<2 | dr7RW[p.Access]
	return d.Clear(slot) | setting<<settingShift(slot) | dr7Local<<enableShift(slot), nil
}

// Clear returns d with the slot disabled and its R/W and LEN bits zero. Linux
// checks a new address against the slot's old length even while the slot is off, so
// that bits left behind make a later, less aligned address fail (FACTS J6). A slot
// that does not exist holds nothing, and d is returned as it is.
func (d DR7) Clear(slot int) DR7 {
	if slot < 0 || slot >= dr7Slots {
		return d
	}
	return d &^ (0b1111<<settingShift(slot) | dr7Enabled<<enableShift(slot))
}

// Get returns what the slot holds. An empty slot reads as a disabled execution
// point of length 1, which is what zero bits mean. Errors: [*SlotError], or a
// [*DecodeError] for I/O breakpoints and for execution with a length; enabled is
// right also with the latter.
func (d DR7) Get(slot int) (a Access, length uint8, enabled bool, err error) {
	if slot < 0 || slot >= dr7Slots {
		return 0, 0, false, &SlotError{Slot: slot, Slots: dr7Slots}
	}
	setting := d >> settingShift(slot)
	a, length = dr7Access[setting&0b11], dr7Len[setting>>2&0b11]
	enabled = d>>enableShift(slot)&dr7Enabled != 0
	switch {
	case a == 0:
		err = d.undecodable(slot, "is an I/O breakpoint")
	case a == Execute && length != AMD64.ExecLen:
		err = d.undecodable(slot, "has a length with an execution breakpoint, which is undefined")
	}
	if err != nil {
		return 0, 0, enabled, err
	}
	return a, length, enabled, nil
}

func (d DR7) undecodable(slot int, what string) error {
	return &DecodeError{Register: "DR7", Value: uint64(d), Reason: fmt.Sprintf("slot %d %s", slot, what)}
}

// Enabled returns a mask of the enabled slots, bit n for slot n.
func (d DR7) Enabled() uint8 {
	var mask uint8
	for slot := range dr7Slots {
		if d>>enableShift(slot)&dr7Enabled != 0 {
			mask |= 1 << slot
		}
	}
	return mask
}

func settingShift(slot int) int { return dr7SettingFrom + slot*dr7SettingBits }

func enableShift(slot int) int { return slot * dr7EnableBits }
