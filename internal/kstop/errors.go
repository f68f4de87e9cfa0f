package kstop

import "github.com/argusdbg/argus/internal/bpfhit"

// what is what errors of Load are about.
const what = "stops that cannot kill the program"

// The errors of [Load].
type (
	PermissionError  = bpfhit.PermissionError
	UnsupportedError = bpfhit.UnsupportedError
)

// explain gives an error of Load its type.
func explain(err error) error { return bpfhit.Explain(what, "5.8", err) }
