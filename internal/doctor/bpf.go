package doctor

import (
	"errors"

	"golang.org/x/sys/unix"
)

const (
	unprivilegedBPF = "kernel.unprivileged_bpf_disabled"
	kernelTypes     = "sys/kernel/btf/vmlinux"
)

// judgeBPF is about the error of loading a program for perf events.
func (h host) judgeBPF(err error) Check {
	c := Check{Name: checkBPF, Status: StatusMissing, Costs: "conditions and counts of watchpoints, and whether the goroutine is the one that is meant, that are decided without a stop; stops that cannot kill a process that argus is attached to (safe, below); of what argus trace records conditions, goroutines, and values that registers do not tell; cheap switches of goroutines that have watchpoints of their own"}
	switch {
	case err == nil && h.exists(kernelTypes):
		c.Status, c.Found, c.Costs = StatusOK, "programs for perf events can be loaded, and the kernel tells its types", ""
	case err == nil:
		c.Status, c.Found = StatusLimited, "programs for perf events can be loaded, but /"+kernelTypes+" is not there"
		c.Costs = "the goroutines of what argus trace records"
		c.Mend = "use a kernel built with CONFIG_DEBUG_INFO_BTF"
	case denied(err) && !(h.capable(unix.CAP_BPF) && h.capable(unix.CAP_PERFMON)) && !h.capable(unix.CAP_SYS_ADMIN):
		// The sysctl does not help: programs of this type want the
		// capabilities whatever it says (bpf_prog_load in kernel/bpf/syscall.c).
		c.Found = "not permitted (CAP_BPF and CAP_PERFMON not held, " + h.setting(unprivilegedBPF) + ")"
		c.Mend = "run argus as root, or with CAP_BPF and CAP_PERFMON"
	case denied(err):
		c.Found = "not permitted (" + h.sandbox() + ")"
		c.Mend = h.mendSandbox("BPF", "bpf")
	case errors.Is(err, unix.ENOSYS):
		c.Found, c.Mend = "the kernel has none", "use a kernel built with CONFIG_BPF_SYSCALL"
	default:
		c.Found = "loading a program failed: " + err.Error()
		c.Mend = "use a kernel built with CONFIG_BPF_EVENTS, Linux 5.8 or later"
	}
	return c
}
