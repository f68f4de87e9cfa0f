package kstop

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// PermissionError says that this process may not load the program.
type PermissionError struct {
	Setting string // kernel.unprivileged_bpf_disabled, or "" if it cannot be read
	Err     error
}

func (e *PermissionError) Error() string {
	setting := ""
	if e.Setting != "" {
		setting = "; kernel.unprivileged_bpf_disabled is " + e.Setting + ", which makes no difference to this kind of program"
	}
	return fmt.Sprintf("stops that cannot kill the program need a BPF program, and that is not permitted here: run as root or with CAP_BPF and CAP_PERFMON, in a container with a seccomp profile that lets bpf through (%v%s)", e.Err, setting)
}

// Unwrap returns the cause.
func (e *PermissionError) Unwrap() error { return e.Err }

// UnsupportedError says that this machine or kernel cannot run the program.
type UnsupportedError struct {
	Reason string
	Err    error // nil if it was not tried
}

func (e *UnsupportedError) Error() string {
	s := "stops that cannot kill the program cannot be had here: " + e.Reason
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

// Unwrap returns the cause.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// explain gives an error of Load its type.
func explain(err error) error {
	var verifier *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES) && !errors.As(err, &verifier):
		return &PermissionError{Setting: unprivileged(), Err: err}
	case errors.Is(err, unix.ENOSYS):
		return &UnsupportedError{Reason: "the kernel was built without BPF: use one with CONFIG_BPF_SYSCALL", Err: err}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES), errors.Is(err, ebpf.ErrNotSupported):
		return &UnsupportedError{Reason: "they need Linux 5.8 or later, built with CONFIG_BPF_EVENTS", Err: err}
	}
	return fmt.Errorf("stops that cannot kill the program: %w", err)
}

func unprivileged() string {
	b, err := os.ReadFile("/proc/sys/kernel/unprivileged_bpf_disabled")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
