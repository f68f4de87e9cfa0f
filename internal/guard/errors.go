package guard

import (
	"errors"
	"fmt"

	"github.com/argusdbg/argus/internal/uffd"
)

// ErrClosed is returned after [Guard.Close].
var ErrClosed = errors.New("the page guards are closed")

// ErrGone: the process has ended, or has replaced its program by exec.
var ErrGone = errors.New("the process has ended or runs another program: its pages cannot be guarded")

// choices is what every refusal means for the user.
const choices = "; without page guards a watchpoint needs a debug register (mode pinned), or takes turns (mode sampled)"

// NotPermittedError says that the machine or the process forbids page guards.
type NotPermittedError struct {
	Reason string // what forbids it, and what would help
	Err    error  // the kernel's answer, or nil if it was not asked
}

func (e *NotPermittedError) Error() string {
	return "page guards are not permitted: " + e.Reason + choices
}

// Unwrap returns the kernel's answer.
func (e *NotPermittedError) Unwrap() error { return e.Err }

// NotSupportedError says that the kernel cannot guard pages, or not memory of this kind.
type NotSupportedError struct {
	Reason string
	Err    error // the kernel's answer, or nil if it was not asked
}

func (e *NotSupportedError) Error() string {
	return "page guards are not supported: " + e.Reason + choices
}

// Unwrap returns the kernel's answer.
func (e *NotSupportedError) Unwrap() error { return e.Err }

// ConflictError says that pages belong to another userfaultfd: a scanner of package wpscan,
// or one of the program's own. The kernel gives a mapping to one only.
type ConflictError struct {
	Addr, Size uint64
	Err        error
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the pages at %#x to %#x are in use with another userfaultfd (a sampled watchpoint on the same page, or the program's own)", e.Addr, e.Addr+e.Size)
}

// Unwrap returns the kernel's answer.
func (e *ConflictError) Unwrap() error { return e.Err }

// typed makes the errors of package uffd those of this one.
func typed(err error) error {
	var forbidden *uffd.NotPermittedError
	var lacking *uffd.NotSupportedError
	switch {
	case errors.As(err, &forbidden):
		return &NotPermittedError{forbidden.Reason, forbidden.Err}
	case errors.As(err, &lacking):
		return &NotSupportedError{lacking.Reason, lacking.Err}
	}
	return err
}
