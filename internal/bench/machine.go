package main

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what the figures were measured with.
type machine struct {
	Kernel, Architecture string
	Processors           int
	Go, Delve, GDB       string // versions; GDB's is "" if there is none
	Root                 bool
	Load                 [2]string // of one, five and fifteen minutes, before and after
}

func thisMachine() machine {
	m := machine{Architecture: runtime.GOARCH, Processors: runtime.NumCPU(), Go: runtime.Version(), Root: os.Geteuid() == 0}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "github.com/go-delve/delve" {
				m.Delve = d.Version
			}
		}
	}
	if out, err := exec.Command("gdb", "--version").Output(); err == nil {
		m.GDB = strings.TrimPrefix(firstLine(string(out)), "GNU gdb ")
	}
	m.Load[0] = load()
	return m
}

// load is the load of one, five and fifteen minutes (proc_loadavg(5)).
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	return firstThree(string(text))
}

func firstThree(text string) string {
	f := strings.Fields(text)
	return strings.Join(f[:min(3, len(f))], " ")
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
