package uffd

// NotPermittedError says that the machine or the process forbids a userfaultfd.
type NotPermittedError struct {
	Reason string // what forbids it, and what would help
	Err    error  // the kernel's answer, or nil if it was not asked
}

func (e *NotPermittedError) Error() string { return "not permitted: " + e.Reason }

// Unwrap returns the kernel's answer.
func (e *NotPermittedError) Unwrap() error { return e.Err }

// NotSupportedError says that the kernel has no userfaultfd, or not with what is needed.
type NotSupportedError struct {
	Reason string
	Err    error // the kernel's answer, or nil if it was not asked
}

func (e *NotSupportedError) Error() string { return "not supported: " + e.Reason }

// Unwrap returns the kernel's answer.
func (e *NotSupportedError) Unwrap() error { return e.Err }
