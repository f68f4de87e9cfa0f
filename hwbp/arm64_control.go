package hwbp

// DebugInfo is dbg_info of Linux's struct user_hwdebug_state, which leads what
// PTRACE_GETREGSET gives for NT_ARM_HW_WATCH and NT_ARM_HW_BREAK
// (ptrace_hbp_get_resource_info in arch/arm64/kernel/ptrace.c).
type DebugInfo uint32

// Slots returns the number of slots, 1 to 16 on a processor that has any; it goes
// to [NewARM64], which refuses others.
func (i DebugInfo) Slots() int { return int(i & 0xff) }

// Version returns the debug architecture: 6 is Armv8.0, higher is later
// (ID_AA64DFR0_EL1.DebugVer).
func (i DebugInfo) Version() uint8 { return uint8(i >> 8) }

// The control word, the same for watchpoints and breakpoints: encode_ctrl_reg in
// the kernel's arch/arm64/include/asm/hw_breakpoint.h, which keeps the places of
// DBGWCR<n>_EL1 and DBGBCR<n>_EL1.
const (
	ctrlEnable    = 1 << 0 // E
	ctrlPrivilege = 1      // PAC or PMC, 2 bits
	ctrlType      = 3      // LSC, 2 bits; zero for breakpoints
	ctrlBytes     = 5      // BAS, one bit a byte, 8 bits
	ctrlEnd       = 13     // from here: HMC, SSC, LBN, linked types, MASK

	privilegeEL0 = 0b10 // AARCH64_BREAKPOINT_EL0; 01 is the kernel, EL1
)

// decodeControl splits a control word. reason is not empty if it is not one that
// fires for user code on a plain address.
func decodeControl(c uint32) (typ, bytes uint8, reason string) {
	switch {
	case c>>ctrlEnd != 0:
		reason = "it is linked, masked or for another privilege level"
	case c>>ctrlPrivilege&privilegeEL0 == 0:
		reason = "it does not fire in user mode"
	}
	return uint8(c >> ctrlType & 0b11), uint8(c >> ctrlBytes), reason
}
