package wpscan

import "errors"

// follows is what every refusal means for the user.
const follows = "; whether a page was written cannot be told, so coverage can only be told by comparing values"

// ErrGone: the process has ended, or has replaced its program by exec. All pages
// count as written from then on.
var ErrGone = errors.New("the process has ended or runs another program: what was written in its memory can no longer be told")

// ErrClosed is returned after [Scanner.Close].
var ErrClosed = errors.New("the scanner of written pages is closed")

// NotPermittedError says that the machine or the process does not let us find out
// which pages were written.
type NotPermittedError struct {
	Reason string // what forbids it, and what would help
	Err    error  // the kernel's answer, or nil if it was not asked
}

func (e *NotPermittedError) Error() string { return "not permitted: " + e.Reason + follows }

// Unwrap returns the kernel's answer.
func (e *NotPermittedError) Unwrap() error { return e.Err }

// NotSupportedError says that the kernel cannot find out which pages were written,
// at all or in memory of this kind.
type NotSupportedError struct {
	Reason string
	Err    error // the kernel's answer, or nil if it was not asked
}

func (e *NotSupportedError) Error() string { return "not supported: " + e.Reason + follows }

// Unwrap returns the kernel's answer.
func (e *NotSupportedError) Unwrap() error { return e.Err }
