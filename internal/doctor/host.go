package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// host is what the checks read of a machine and of the process they run in.
type host struct {
	root    fs.FS  // "/"
	arch    string // as in GOARCH
	cpus    int
	release string // of the kernel, as in uname -r
	uid     int    // effective
}

func thisHost() host {
	h := host{root: os.DirFS("/"), arch: runtime.GOARCH, cpus: runtime.NumCPU(), uid: os.Geteuid()}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		h.release = unix.ByteSliceToString(u.Release[:])
	}
	return h
}

func (h host) exists(path string) bool {
	_, err := fs.Stat(h.root, path)
	return err == nil
}

// read returns a file's text without surrounding white space, "" if there is none.
func (h host) read(path string) string {
	b, err := fs.ReadFile(h.root, path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// sysctl returns a number of /proc/sys, in the notation of sysctl(8). ok is
// false if there is no such setting, or it cannot be read.
func (h host) sysctl(name string) (value int, ok bool) {
	value, err := strconv.Atoi(h.read("proc/sys/" + strings.ReplaceAll(name, ".", "/")))
	return value, err == nil
}

// setting is "NAME VALUE" of a sysctl, or that there is none.
func (h host) setting(name string) string {
	if v, ok := h.sysctl(name); ok {
		return fmt.Sprintf("%s %d", name, v)
	}
	return "no " + name
}

// status returns a field of /proc/PID/status; pid is a number or "self".
func (h host) status(pid, field string) string {
	for line := range strings.Lines(h.read("proc/" + pid + "/status")) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// capable reports whether the process has a capability (a number of
// include/uapi/linux/capability.h) in its user namespace.
func (h host) capable(capability int) bool {
	set, err := strconv.ParseUint(h.status("self", "CapEff"), 16, 64)
	return err == nil && set&(1<<capability) != 0
}

// filtered reports whether a seccomp filter decides which system calls the
// process may make (SECCOMP_MODE_FILTER is 2).
func (h host) filtered() bool { return h.status("self", "Seccomp") == "2" }

// container names what points to a container, or is "".
func (h host) container() string {
	switch groups := h.read("proc/1/cgroup"); {
	case h.exists("run/.containerenv"):
		return "podman"
	case h.exists(".dockerenv"), strings.Contains(groups, "/docker"):
		return "docker"
	case strings.Contains(groups, "kubepods"):
		return "kubernetes"
	case strings.Contains(groups, "/lxc"):
		return "lxc"
	}
	return h.read("run/systemd/container")
}

// since reports whether the kernel is of that version or later. A release that
// cannot be read counts as later: nothing is then put down to its age.
func (h host) since(major, minor int) bool {
	first, rest, _ := strings.Cut(h.release, ".")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	hasMajor, err1 := strconv.Atoi(first)
	hasMinor, err2 := strconv.Atoi(rest[:end])
	if err1 != nil || err2 != nil {
		return true
	}
	return hasMajor > major || hasMajor == major && hasMinor >= minor
}
