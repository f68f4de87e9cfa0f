package doctor

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/perf"
)

const paranoid = "kernel.perf_event_paranoid"

// notYet begins what is said of mechanisms that later versions use.
const notYet = "nothing in this version, which does not use it; later ones will lack "

// unseenCalls is what watchpoints lack where events may not count the kernel's accesses.
const unseenCalls = "hits by system calls: what the kernel writes for the program is seen only as a value that changed"

// perfOutcome is what came of opening breakpoint events on a thread of our own.
type perfOutcome struct {
	tried error // why it was not
	user  error // an event that stops the program at its own accesses, and can be moved
	sys   error // one that sees the kernel's accesses on its behalf too
}

func attemptPerf(ctx context.Context) (o perfOutcome) {
	if o.tried = context.Cause(ctx); o.tried != nil {
		return o
	}
	f := perf.Probe()
	o.user, o.sys = f.Stops(), f.Kernel
	return o
}

func (h host) judgePerf(o perfOutcome) Check {
	c := Check{Name: checkPerf, Status: StatusMissing, Costs: "the perf driver; argus takes ptrace instead (driver, below)"}
	switch level, _ := h.sysctl(paranoid); {
	case o.tried != nil:
		c.Status, c.Found, c.Costs = StatusUnknown, "not tried: "+o.tried.Error(), ""
	case o.user == nil && o.sys == nil:
		c.Status, c.Costs = StatusOK, ""
		c.Found = "breakpoint events, writes by system calls included (" + h.setting(paranoid) + ")"
	case o.user == nil && denied(o.sys):
		c.Status, c.Found = StatusLimited, "breakpoint events, without writes by system calls ("+h.setting(paranoid)+", CAP_PERFMON not held)"
		c.Costs = unseenCalls
		c.Mend = "run argus as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=1"
	case o.user == nil:
		c.Status, c.Found = StatusLimited, "breakpoint events, without writes by system calls: "+o.sys.Error()
		c.Costs = unseenCalls
	case denied(o.user) && level > 2:
		// Levels above 2 are distributions' own (Debian 3, Ubuntu 4).
		c.Found = "not permitted (" + h.setting(paranoid) + ", CAP_PERFMON not held)"
		c.Mend = "run argus as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=2"
	case denied(o.user):
		c.Found = "not permitted (" + h.setting(paranoid) + ", " + h.sandbox() + ")"
		c.Mend = h.mendSandbox("PERFMON", "perf_event_open")
	case errors.Is(o.user, perf.ErrNoSlot):
		c.Found, c.Mend = "no debug register is free for an event", mendForeign
	case errors.Is(o.user, unix.EINVAL) && !h.since(5, 13):
		c.Found, c.Mend = "no events that stop the program (sigtrap): Linux "+h.release, "use Linux 5.13 or later"
	default:
		c.Found = "no breakpoint events: " + o.user.Error()
		c.Mend = "use a kernel built with CONFIG_PERF_EVENTS and CONFIG_HAVE_HW_BREAKPOINT, on a processor that is not emulated"
	}
	return c
}
