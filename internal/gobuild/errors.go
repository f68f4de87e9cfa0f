package gobuild

import "errors"

// What can be wrong, for errors.Is. Each comes in an [*Error].
var (
	ErrNotFound      = errors.New("no such file or package")
	ErrUnreadable    = errors.New("file cannot be read")
	ErrNotELF        = errors.New("not a Linux program")
	ErrPlatform      = errors.New("built for another platform")
	ErrNotExecutable = errors.New("file is not executable")
	ErrNoGo          = errors.New("no go command")
	ErrNoModule      = errors.New("no module")
	ErrNoGoFiles     = errors.New("no Go files")
	ErrNoTests       = errors.New("no test files")
	ErrNotMain       = errors.New("not a command")
	ErrSeveral       = errors.New("several packages")
	ErrBuild         = errors.New("build failed")
)

// Error is any failure of [Resolve] and [Check] but the end of the context.
type Error struct {
	Arg    string // what the user named
	Kind   error  // one of the Err values of this package
	Text   string // what is wrong with Arg and what to do about it, in one line
	Output string // for ErrBuild, the beginning of what the go command wrote, at most 64 KiB
	Err    error  // the cause, if there is one beyond Kind
}

// Error is one line.
func (e *Error) Error() string { return e.Arg + ": " + e.Text }

// Unwrap makes errors.Is find both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
