package ptrace

// TrapPerf is the si_code of a SIGTRAP that a perf event sent (TRAP_PERF in
// include/uapi/asm-generic/siginfo.h): Addr is the address that was watched, Value
// the event's sig_data.
const TrapPerf = 6

// PerfFlags is si_perf_flags, of a signal with [TrapPerf]. Bit 0: the program had the
// signal blocked, and stopped later than at the hit.
func (si *Siginfo) PerfFlags() uint32 { return uint32(si.fields[2] >> 32) }
