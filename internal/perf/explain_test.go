package perf

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestExplain: each of the kernel's errors becomes one that says what to do, and
// still is the kernel's, where there is no name for it.
func TestExplain(t *testing.T) {
	for _, c := range []struct {
		errno unix.Errno
		o     Options
		addr  uint64
		says  string
	}{
		{unix.ENOSPC, Options{}, 8, ErrNoSlot.Error()},
		{unix.ESRCH, Options{}, 8, ErrGone.Error()},
		{unix.EMFILE, Options{}, 8, "ulimit -n"},
		{unix.ENFILE, Options{}, 8, "ulimit -n"},
		{unix.EINVAL, Options{}, 1 << 50, "0x4000000000000 is not an address"},
		{unix.EINVAL, Options{Sigtrap: true}, 8, "(sigtrap); Linux 5.13"},
		{unix.E2BIG, Options{Sigtrap: true}, 8, "(sigtrap); Linux 5.13"},
		{unix.EINVAL, Options{Inherit: true}, 8, "remove_on_exec); Linux 5.13"},
		{unix.ENOTTY, Options{}, 8, "PERF_EVENT_IOC_MODIFY_ATTRIBUTES; Linux 4.17"},
		{unix.ENOSYS, Options{}, 8, "this machine has no perf events"},
		{unix.ENOENT, Options{}, 8, "this machine has no hardware breakpoints"},
		{unix.ENODEV, Options{}, 8, "this machine has no hardware breakpoints"},
		{unix.EOPNOTSUPP, Options{}, 8, "this machine has no hardware breakpoints"},
		{unix.EIO, Options{}, 8, "input/output error"},
	} {
		a := newAttr(c.o)
		a.Ext1 = c.addr
		err := explain(c.errno, a, false)
		if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v with %+v gives %q", c.errno, c.o, err)
		}
		var unsupported *UnsupportedError
		if errors.As(err, &unsupported) && !errors.Is(err, c.errno) {
			t.Errorf("%v is not in %q", c.errno, err)
		}
	}
	if err := explain(nil, newAttr(Options{}), false); err != nil {
		t.Error(err)
	}
}

func TestDenied(t *testing.T) {
	for _, c := range []struct {
		o      Options
		cpu    bool
		needed int
	}{
		{Options{}, false, 2},
		{Options{Kernel: true}, false, 1},
		{Options{}, true, 0},
	} {
		var p *PermissionError
		err := explain(unix.EACCES, newAttr(c.o), c.cpu)
		if !errors.As(err, &p) || p.Needed != c.needed || p.Kernel != c.o.Kernel || !errors.Is(err, unix.EACCES) {
			t.Errorf("%+v: %+v", c.o, p)
		}
	}
}

func TestPermissionErrorSays(t *testing.T) {
	for _, c := range []struct {
		e    PermissionError
		says string
	}{
		{PermissionError{Level: 3, Needed: 2, Err: unix.EACCES}, "is 3, and breakpoint events need 2: run as root or with CAP_PERFMON, or: sysctl kernel.perf_event_paranoid=2"},
		{PermissionError{Level: 2, Needed: 1, Kernel: true, Err: unix.EACCES}, "events that see accesses by system calls need 1"},
		{PermissionError{Level: 2, Needed: 0, Err: unix.EACCES}, "events for a whole processor need 0"},
		{PermissionError{Level: 2, Needed: 2, Err: unix.EACCES}, "may not be traced by this user"},
		{PermissionError{Level: LevelUnknown, Needed: 2, Err: unix.EPERM}, "seccomp"},
	} {
		if got := c.e.Error(); !strings.Contains(got, c.says) {
			t.Errorf("%+v says %q", c.e, got)
		}
	}
}

func TestParanoidLevel(t *testing.T) {
	data, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	want := LevelUnknown
	if err == nil {
		want, err = strconv.Atoi(strings.TrimSpace(string(data)))
		must(t, err)
	}
	if got := paranoidLevel(); got != want {
		t.Errorf("%d, want %d", got, want)
	}
}
