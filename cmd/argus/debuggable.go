package main

import (
	"fmt"

	"github.com/argusdbg/argus/internal/gobuild"
)

// debuggable says what is missing from a program's file, before anything is started or
// stopped for it.
func debuggable(name string, info gobuild.Info) error {
	switch {
	case info.DWARF:
		return nil // whether it is Go shows when its debug information is read
	case info.GoVersion != "":
		return fmt.Errorf("%s: has no debug information: it was stripped, or built with -ldflags=-s or -w; build it again without", name)
	}
	return fmt.Errorf("%s: is not a Go program, as far as can be seen, and has no debug information: argus watches Go programs built without -ldflags=-s and -w", name)
}
