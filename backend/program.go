package backend

import "github.com/argusdbg/argus/internal/gobuild"

// checkProgram looks at the file of a program before anything is started or stopped for
// it. What cannot be read here is left to whoever needs it.
func checkProgram(name, file string, o Options) error {
	info, err := gobuild.Check(file)
	switch {
	case err != nil || info.DWARF || len(o.DebugInfoDirs) > 0:
		return nil
	case info.GoVersion != "":
		return &TargetError{Path: name, Reason: "has no debug information: it was stripped, or linked with -ldflags=-s or -w; build it again without that"}
	}
	return &TargetError{Path: name, Reason: "not a Go program, as far as can be seen, and without debug information: Argus debugs Go programs built without -ldflags=-s and -w"}
}
