package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

// Exit statuses of Argus's own, as env(1) has them: they leave the target's alone.
const (
	statusFailed        = 125 // Argus itself failed, or was used wrongly
	statusNotExecutable = 126 // there is something, but it is not a program
	statusNotFound      = 127 // there is nothing of that name
)

// statusOfSignal is the status for an end by a signal, as shells have it.
func statusOfSignal(sig unix.Signal) int { return 128 + int(sig) }

// errInterrupted ends a command before its target runs.
type errInterrupted struct{ sig unix.Signal }

func (e *errInterrupted) Error() string { return "interrupted by " + unix.SignalName(e.sig) }

// exitCode is the status for an error of Argus's own.
func exitCode(err error) int {
	var stopped *errInterrupted
	var launch *backend.LaunchError
	launching := errors.As(err, &launch)
	switch {
	case errors.As(err, &stopped):
		return statusOfSignal(stopped.sig)
	case errors.Is(err, gobuild.ErrNotFound), launching && errors.Is(err, unix.ENOENT):
		return statusNotFound
	case errors.Is(err, gobuild.ErrNotELF), errors.Is(err, gobuild.ErrNotExecutable), errors.Is(err, gobuild.ErrPlatform),
		launching && errors.Is(err, unix.EACCES), launching && errors.Is(err, unix.ENOEXEC):
		return statusNotExecutable
	}
	return statusFailed
}
