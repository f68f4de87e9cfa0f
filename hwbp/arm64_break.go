package hwbp

// BCR is an arm64 breakpoint control word, as DBGBCR<n>_EL1 and as the dbg_regs of
// Linux's struct user_hwdebug_state hold it. The places are those of [WCR] with
// load and store zero, and the byte select is 1111: a whole A64 instruction (Arm
// ARM, register DBGBCR<n>_EL1). Zero disarms a slot.
type BCR uint32

// basInstruction is BAS of a breakpoint on an A64 instruction (ARM_BREAKPOINT_LEN_4).
const basInstruction = 0b1111

// Enabled reports whether the slot is armed.
func (c BCR) Enabled() bool { return c&ctrlEnable != 0 }

// EncodeBreak returns the value and control words that arm an execution point for
// user code. Errors: what [Limits.Check] says of [ARM64] and p, with a data point
// refused as a [*PointError].
func EncodeBreak(p Point) (bvr uint64, bcr BCR, err error) {
	if err := ARM64.Check(p); err != nil {
		return 0, 0, err
	}
	if p.Access != Execute {
		return 0, 0, &PointError{Arch: ARM64.Arch, Point: p, Reason: "a breakpoint slot holds execution points; use EncodeWatch"}
	}
	return p.Addr, basInstruction<<ctrlBytes | privilegeEL0<<ctrlPrivilege | ctrlEnable, nil
}

// DecodeBreak is the reverse of EncodeBreak. A zero control word is an empty slot,
// the zero Point and not enabled, whatever address is left. The error is a
// [*DecodeError], for settings that are not an execution point: contexts, 32-bit
// code, kernel ones. enabled is right with an error too.
func DecodeBreak(bvr uint64, bcr BCR) (p Point, enabled bool, err error) {
	enabled = bcr.Enabled()
	if bcr == 0 {
		return Point{}, false, nil
	}
	typ, selected, reason := decodeControl(uint32(bcr))
	switch {
	case reason != "":
	case typ != 0:
		reason = "the reserved bits 3 and 4 are set"
	case selected != basInstruction:
		reason = "it does not select a whole 4-byte instruction"
	}
	if reason != "" {
		return Point{}, enabled, &DecodeError{Register: "BCR", Value: uint64(bcr), Reason: reason}
	}
	if bvr%uint64(ARM64.ExecLen) != 0 {
		return Point{}, enabled, &DecodeError{Register: "BVR", Value: bvr, Reason: "the address is not a multiple of 4"}
	}
	return Point{Addr: bvr, Len: ARM64.ExecLen, Access: Execute}, enabled, nil
}
