package doctor

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// From include/uapi/linux/perf_event.h and hw_breakpoint.h; x/sys/unix lacks
// them (FACTS B8b).
const (
	perfBitRemoveOnExec = 1 << 36
	perfBitSigtrap      = 1 << 37
	hwBreakpointW       = 2
)

const paranoid = "kernel.perf_event_paranoid"

// notYet begins what is said of mechanisms that later versions use.
const notYet = "nothing in this version, which does not use it; later ones will lack "

// perfOutcome is what came of opening breakpoint events on a child.
type perfOutcome struct {
	child  error // there was none
	user   error // an event for the program's own accesses
	kernel error // one that sees the kernel's accesses on its behalf too
}

func attemptPerf(ctx context.Context, p *program) (o perfOutcome) {
	if o.child = context.Cause(ctx); o.child != nil {
		return o
	}
	// A child of its own, on which no debug register has been touched: ptrace
	// and perf share them, and do not go together on one thread (FACTS B8a).
	o.child = withChild(p, func(_ *ptrace.Tracees, child *ptrace.Process) {
		regs, err := child.Threads()[0].Registers()
		if err != nil {
			o.user = err
			return
		}
		o.user = tryEvent(child.PID, regs.SP(), unix.PerfBitExcludeKernel)
		o.kernel = tryEvent(child.PID, regs.SP(), 0)
	})
	return o
}

func tryEvent(tid int, addr, exclude uint64) error {
	fd, err := openEvent(tid, addr, exclude)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// openEvent opens an event that would stop the thread at a write to the 8 bytes
// at addr once it was enabled.
func openEvent(tid int, addr, exclude uint64) (fd int, err error) {
	return unix.PerfEventOpen(&unix.PerfEventAttr{
		Type: unix.PERF_TYPE_BREAKPOINT, Size: unix.PERF_ATTR_SIZE_VER7,
		Bp_type: hwBreakpointW, Ext1: addr, Ext2: 8, Sample: 1,
		Bits: unix.PerfBitDisabled | unix.PerfBitExcludeHv | perfBitRemoveOnExec | perfBitSigtrap | exclude,
	}, tid, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
}

func (h host) judgePerf(o perfOutcome) Check {
	c := Check{Name: checkPerf, Status: StatusMissing, Costs: notYet + "watchpoints that see writes made by system calls, and that disarm themselves"}
	switch level, _ := h.sysctl(paranoid); {
	case o.child != nil:
		c.Status, c.Found, c.Costs = StatusUnknown, "not tried: "+o.child.Error(), ""
	case o.user == nil && o.kernel == nil:
		c.Status, c.Costs = StatusOK, ""
		c.Found = "breakpoint events, writes by system calls included (" + h.setting(paranoid) + ")"
	case o.user == nil && denied(o.kernel):
		c.Status, c.Found = StatusLimited, "breakpoint events, without writes by system calls ("+h.setting(paranoid)+", CAP_PERFMON not held)"
		c.Costs = notYet + "watchpoints that see writes made by system calls"
		c.Mend = "run argus as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=1"
	case o.user == nil:
		c.Status, c.Found = StatusLimited, "breakpoint events, without writes by system calls: "+o.kernel.Error()
		c.Costs = notYet + "watchpoints that see writes made by system calls"
	case denied(o.user) && level > 2:
		// Levels above 2 are distributions' own (Debian 3, Ubuntu 4).
		c.Found = "not permitted (" + h.setting(paranoid) + ", CAP_PERFMON not held)"
		c.Mend = "run argus as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=1 (2 is enough for the program's own writes)"
	case denied(o.user):
		c.Found = "not permitted (" + h.setting(paranoid) + ", " + h.sandbox() + ")"
		c.Mend = h.mendSandbox("PERFMON", "perf_event_open")
	case errors.Is(o.user, unix.ENOSPC):
		c.Found, c.Mend = "no debug register is free for an event", mendForeign
	case errors.Is(o.user, unix.EINVAL) && !h.since(5, 13):
		c.Found, c.Mend = "no events that stop the program (sigtrap): Linux "+h.release, "use Linux 5.13 or later"
	default:
		c.Found = "no breakpoint events: " + o.user.Error()
		c.Mend = "use a kernel built with CONFIG_PERF_EVENTS and CONFIG_HAVE_HW_BREAKPOINT, on a processor that is not emulated"
	}
	return c
}
