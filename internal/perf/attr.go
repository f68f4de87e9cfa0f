package perf

import (
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// Bits of struct perf_event_attr that x/sys/unix lacks
// (include/uapi/linux/perf_event.h).
const (
	bitInheritThread = 1 << 35
	bitRemoveOnExec  = 1 << 36
	bitSigtrap       = 1 << 37
)

// Options say what an [Event] does beside counting.
type Options struct {
	// Sigtrap: the kernel stops the thread after each hit with SIGTRAP, si_code
	// TRAP_PERF (6), sig_data SigData. The thread must be traced while such an
	// event is enabled: the signal kills it otherwise.
	Sigtrap bool
	SigData uint64

	// Kernel: count accesses that the kernel makes for a system call too.
	// Needs kernel.perf_event_paranoid 1 or less, or CAP_PERFMON.
	Kernel bool

	// Disabled: take the slot, and count nothing until [Event.Enable].
	Disabled bool

	// Inherit: threads that this thread starts, and those that they start, get
	// the same event; forked processes do not. Count is the sum of all of them.
	Inherit bool
}

// bpTypes are the values of enum HW_BREAKPOINT_* (include/uapi/linux/hw_breakpoint.h).
var bpTypes = [...]uint32{hwbp.Read: 1, hwbp.Write: 2, hwbp.ReadWrite: 3, hwbp.Execute: 4}

// newAttr makes the kernel's description of an event. All have a period of one
// sample: only an event that samples stops its thread, or runs a BPF program.
func newAttr(o Options) *unix.PerfEventAttr {
	a := &unix.PerfEventAttr{
		Type:        unix.PERF_TYPE_BREAKPOINT,
		Size:        unix.PERF_ATTR_SIZE_VER7,
		Sample:      1,
		Read_format: unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
		Bits:        unix.PerfBitExcludeHv,
		Sig_data:    o.SigData,
	}
	for _, b := range [...]struct {
		on   bool
		bits uint64
	}{
		{!o.Kernel, unix.PerfBitExcludeKernel},
		{o.Sigtrap, bitSigtrap},
		{o.Disabled, unix.PerfBitDisabled},
		{o.Inherit, unix.PerfBitInherit | bitInheritThread},
	} {
		if b.on {
			a.Bits |= b.bits
		}
	}
	return a
}

// setPoint puts a point that a slot can hold into a.
func setPoint(a *unix.PerfEventAttr, p hwbp.Point) {
	a.Bp_type, a.Ext1, a.Ext2 = bpTypes[p.Access], p.Addr, uint64(p.Len)
	if p.Access == hwbp.Execute {
		a.Ext2 = execLen
	}
}

// check refuses points that no slot can hold.
func check(p hwbp.Point) error {
	if p.Addr>>63 != 0 {
		return &AddressError{Addr: p.Addr}
	}
	return limits.Check(p)
}
