package main

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/gobuild"
)

func TestExitCode(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{errors.New("any"), 125},
		{usage("wrong"), 125},
		{&gobuild.Error{Kind: gobuild.ErrNotFound}, 127},
		{&gobuild.Error{Kind: gobuild.ErrNotELF}, 126},
		{&gobuild.Error{Kind: gobuild.ErrNotExecutable}, 126},
		{&gobuild.Error{Kind: gobuild.ErrPlatform}, 126},
		{&gobuild.Error{Kind: gobuild.ErrBuild, Err: unix.ENOENT}, 125},
		{&backend.LaunchError{Err: unix.ENOENT}, 127},
		{&backend.LaunchError{Err: unix.ENOEXEC}, 126},
		{&backend.LaunchError{Err: unix.EACCES}, 126},
		{&backend.LaunchError{Err: unix.EPERM}, 125},
		{fmt.Errorf("-o: %w", unix.ENOENT), 125},
		{&errInterrupted{unix.SIGINT}, 130},
		{fmt.Errorf("building: %w", &errInterrupted{unix.SIGTERM}), 143},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.err, got, tc.want)
		}
	}
}
