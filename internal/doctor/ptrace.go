package doctor

import (
	"errors"

	"golang.org/x/sys/unix"
)

func (h host) judgePtrace(err error) Check {
	c := Check{Name: checkPtrace}
	switch {
	case err == nil:
		c.Status, c.Found = StatusOK, "a program was started and held"
		return c
	case errors.Is(err, errNoProgram):
		c.Status, c.Found = StatusUnknown, err.Error()
		c.Costs = "the answer: whether programs can be held and watched was not tried"
		c.Mend = "install one of them, or try argus watch itself"
		return c
	}
	c.Costs = "everything: no program can be started under Argus or attached to"
	switch scope, _ := h.sysctl(yamaScope); {
	case denied(err) && scope >= scopeNobody:
		c.Status, c.Found = StatusMissing, "ptrace is not permitted: "+h.setting(yamaScope)+" forbids it to everybody"
		c.Mend = mendScopeNobody
	case denied(err) && scope == scopeCapable && !h.capable(unix.CAP_SYS_PTRACE):
		c.Status, c.Found = StatusMissing, "ptrace is not permitted: "+h.setting(yamaScope)+" asks for CAP_SYS_PTRACE"
		c.Mend = "run argus as root, or: sysctl kernel.yama.ptrace_scope=1"
	case denied(err):
		c.Status, c.Found = StatusMissing, "ptrace is not permitted: "+h.sandbox()
		c.Mend = h.mendSandbox("SYS_PTRACE", "ptrace")
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EIO):
		c.Status, c.Found = StatusMissing, "ptrace does not work here: "+err.Error()
		c.Mend = mendEmulator
	default:
		c.Status, c.Found = StatusUnknown, "trying it failed: "+err.Error()
		c.Costs = "the answer: whether programs can be held was not found out"
		c.Mend = "see to the error above, which comes before any question of permission, and ask again"
	}
	return c
}

const mendEmulator = "use a real or virtual machine of the program's own architecture: translators of machine code (Rosetta, QEMU user mode) and some sandboxes (gVisor) have no such thing"

func denied(err error) bool { return errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) }

// sandbox says what may forbid system calls.
func (h host) sandbox() string {
	filter := "no seccomp filter"
	if h.filtered() {
		filter = "a seccomp filter is set"
	}
	if name := h.container(); name != "" {
		return filter + ", signs of a container (" + name + ")"
	}
	return filter
}

// mendSandbox says how to have a system call permitted that a sandbox forbids.
// capability is what lets it pass docker's default filter.
func (h host) mendSandbox(capability, syscall string) string {
	switch h.container() {
	case "docker", "podman":
		return "start the container with --cap-add=" + capability + ", or with a --security-opt seccomp=PROFILE that permits " + syscall
	case "kubernetes":
		return "give the container securityContext.capabilities.add: [" + capability + "], and a seccompProfile that permits " + syscall
	}
	if h.filtered() {
		return "run argus outside the sandbox, or have its seccomp filter permit " + syscall
	}
	return "run argus as root; if it is, a security module (SELinux, AppArmor; see the kernel's log) forbids " + syscall
}
