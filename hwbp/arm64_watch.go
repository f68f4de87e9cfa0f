package hwbp

import "math/bits"

// WCR is an arm64 watchpoint control word, as DBGWCR<n>_EL1 and as the dbg_regs of
// Linux's struct user_hwdebug_state hold it: enable in bit 0, privilege in 1 and 2,
// load and store in 3 and 4, one bit for each byte of the doubleword in 5 to 12
// (arch/arm64/include/asm/hw_breakpoint.h; Arm ARM, register DBGWCR<n>_EL1).
// Zero disarms a slot.
type WCR uint32

// LSC: 01 loads, 10 stores, 11 both (ARM_BREAKPOINT_LOAD and _STORE).
const (
	lscLoad  = 0b01
	lscStore = 0b10
)

var (
	lscOf     = [...]uint32{Read: lscLoad, Write: lscStore, ReadWrite: lscLoad | lscStore}
	lscAccess = [4]Access{lscLoad: Read, lscStore: Write, lscLoad | lscStore: ReadWrite}
)

// Enabled reports whether the slot is armed.
func (c WCR) Enabled() bool { return c&ctrlEnable != 0 }

// EncodeWatch returns the value and control words that arm a data point for user
// code. The address is always a multiple of 8 and the bytes are selected in the
// control word, because Linux checks a new address against the slot's old length,
// and cut 8 bytes at a multiple of 4 in half without a word (FACTS J4).
// Errors: what [Limits.Check] says of [ARM64] and p, with an Execute point refused
// as a [*PointError].
func EncodeWatch(p Point) (wvr uint64, wcr WCR, err error) {
	if err := ARM64.Check(p); err != nil {
		return 0, 0, err
	}
	if p.Access == Execute {
		return 0, 0, &PointError{Arch: ARM64.Arch, Point: p, Reason: "a watchpoint slot holds data points; use EncodeBreak"}
	}
	shift := p.Addr % window
	selected := (uint32(1)<<p.Len - 1) << shift
	c := selected<<ctrlBytes | lscOf[p.Access]<<ctrlType | privilegeEL0<<ctrlPrivilege | ctrlEnable
	return p.Addr - shift, WCR(c), nil
}

// DecodeWatch is the reverse of EncodeWatch. A zero control word is an empty slot,
// the zero Point and not enabled, whatever address is left. The error is a
// [*DecodeError], for settings that are not one point: bytes with gaps, linked or
// masked ones, kernel ones. enabled is right with an error too: refused writes
// leave odd words in slots that are off (FACTS J4).
func DecodeWatch(wvr uint64, wcr WCR) (p Point, enabled bool, err error) {
	enabled = wcr.Enabled()
	if wcr == 0 {
		return Point{}, false, nil
	}
	typ, selected, reason := decodeControl(uint32(wcr))
	shift := bits.TrailingZeros8(selected)
	length := bits.OnesCount8(selected)
	switch {
	case reason != "":
	case lscAccess[typ] == 0:
		reason = "it fires on neither loads nor stores"
	case selected == 0:
		reason = "it selects no byte"
	case bits.Len8(selected) != shift+length:
		reason = "the selected bytes have gaps"
	}
	if reason != "" {
		return Point{}, enabled, &DecodeError{Register: "WCR", Value: uint64(wcr), Reason: reason}
	}
	if wvr%window != 0 {
		return Point{}, enabled, &DecodeError{Register: "WVR", Value: wvr, Reason: "the address is not a multiple of 8"}
	}
	return Point{Addr: wvr + uint64(shift), Len: uint8(length), Access: lscAccess[typ]}, enabled, nil
}
