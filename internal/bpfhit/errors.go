package bpfhit

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// PermissionError says that this process may not load a program.
type PermissionError struct {
	What    string // the program is for, in the plural: "stops that cannot kill the program"
	Setting string // kernel.unprivileged_bpf_disabled, or "" if it cannot be read
	Err     error
}

func (e *PermissionError) Error() string {
	setting := ""
	if e.Setting != "" {
		setting = "; kernel.unprivileged_bpf_disabled is " + e.Setting + ", which makes no difference to this kind of program"
	}
	return fmt.Sprintf("%s need a BPF program, and that is not permitted here: run as root or with CAP_BPF and CAP_PERFMON, in a container with a seccomp profile that lets bpf through (%v%s)", e.What, e.Err, setting)
}

// Unwrap returns the cause.
func (e *PermissionError) Unwrap() error { return e.Err }

// UnsupportedError says that this machine or kernel cannot run a program.
type UnsupportedError struct {
	What   string // as in PermissionError
	Reason string
	Err    error // nil if it was not tried
}

func (e *UnsupportedError) Error() string {
	s := e.What + " cannot be had here: " + e.Reason
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

// Unwrap returns the cause.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// Explain gives an error of loading a program its type. since is the first version of
// Linux that can run it.
func Explain(what, since string, err error) error {
	var verifier *ebpf.VerifierError
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES) && !errors.As(err, &verifier):
		return &PermissionError{What: what, Setting: unprivileged(), Err: err}
	case errors.Is(err, unix.ENOSYS):
		return &UnsupportedError{What: what, Reason: "the kernel was built without BPF: use one with CONFIG_BPF_SYSCALL", Err: err}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES), errors.Is(err, ebpf.ErrNotSupported):
		return &UnsupportedError{What: what, Reason: "they need Linux " + since + " or later, built with CONFIG_BPF_EVENTS", Err: err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

func unprivileged() string {
	b, err := os.ReadFile("/proc/sys/kernel/unprivileged_bpf_disabled")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
