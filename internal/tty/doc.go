// Package tty tells terminals from other files. It asks the kernel each time: what a
// descriptor is does not change, but nobody asks often. It may be called from any goroutine.
package tty

import (
	"os"

	"golang.org/x/sys/unix"
)

// Is reports whether a file is a terminal. nil is none.
func Is(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
