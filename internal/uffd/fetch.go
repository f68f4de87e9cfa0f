package uffd

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// Faults says whose faults a userfaultfd is for.
type Faults int

const (
	// UserFaults: only those of code in user mode, which everybody may have. Writes by
	// system calls fail with EFAULT where they meet protection that waits for an answer.
	UserFaults Faults = userModeOnly
	// AllFaults: those of the kernel too. The program needs CAP_SYS_PTRACE, or the machine
	// vm.unprivileged_userfaultfd=1.
	AllFaults Faults = 0
)

// Fetch has a stopped thread make a userfaultfd, copies it and has the thread close its
// own. It runs on the tracer's thread with all threads of the process stopped; the thread
// is put back as it was. Reads do not block. The error is a [*NotPermittedError] or
// [*NotSupportedError] if the machine, the kernel or the process forbids it.
func Fetch(g *ptrace.Tracees, th *ptrace.Thread, faults Faults) (FD, error) {
	if err := judgeFilters(th.TID, faults); err != nil {
		return -1, err
	}
	theirs, err := g.Inject(th, unix.SYS_USERFAULTFD, uint64(unix.O_CLOEXEC|unix.O_NONBLOCK|int(faults)))
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return -1, &NotSupportedError{"this kernel has no userfaultfd for ordinary users (Linux 5.11, CONFIG_USERFAULTFD), or a filter hides it", err}
	case errors.Is(err, unix.EPERM) && faults == AllFaults && unprivileged() == "0":
		return -1, &NotPermittedError{"vm.unprivileged_userfaultfd is 0 and the program has no CAP_SYS_PTRACE: set it to 1 (sysctl vm.unprivileged_userfaultfd=1), or run the program as root", err}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return -1, &NotPermittedError{"userfaultfd(2) is forbidden to the process, by a seccomp filter or a security module", err}
	case err != nil:
		return -1, fmt.Errorf("make a userfaultfd in the process: %w", err)
	}
	ours, err := copyDescriptor(th, int(theirs))
	if _, e := g.Inject(th, unix.SYS_CLOSE, theirs); e != nil && err == nil {
		unix.Close(ours)
		return -1, fmt.Errorf("close the userfaultfd in the process: %w", e)
	}
	if err != nil {
		return -1, err
	}
	return FD(ours), nil
}

// unprivileged is what the machine's setting says, "" where there is none.
func unprivileged() string {
	b, _ := os.ReadFile("/proc/sys/vm/unprivileged_userfaultfd")
	return string(bytes.TrimSpace(b))
}

// copyDescriptor copies a descriptor of the thread's process. The leader may have
// left, and has no descriptors then: the thread is named itself where it can be.
func copyDescriptor(th *ptrace.Thread, theirs int) (int, error) {
	pidfd, err := unix.PidfdOpen(th.TID, unix.O_EXCL) // PIDFD_THREAD, Linux 6.9
	if errors.Is(err, unix.EINVAL) {
		pidfd, err = unix.PidfdOpen(th.Proc.PID, 0)
	}
	if err != nil {
		return -1, fmt.Errorf("open a descriptor of thread %d: %w", th.TID, err)
	}
	defer unix.Close(pidfd)
	ours, err := unix.PidfdGetfd(pidfd, theirs, 0)
	if errors.Is(err, unix.EPERM) {
		return -1, &NotPermittedError{"pidfd_getfd(2) is forbidden, by a seccomp filter or a security module", err}
	} else if err != nil {
		return -1, fmt.Errorf("copy a descriptor of thread %d: %w", th.TID, err)
	}
	return ours, nil
}
