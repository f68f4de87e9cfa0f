package perf

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// explain turns what the kernel returned for an event of the attributes a into an
// error that says what to do. Errors that the kernel does not return for such
// events are passed on.
func explain(err error, a *unix.PerfEventAttr, cpuWide bool) error {
	switch err {
	case unix.ENOSPC:
		return ErrNoSlot
	case unix.ESRCH:
		return ErrGone
	case unix.EMFILE, unix.ENFILE:
		return ErrTooManyFiles
	case unix.EACCES, unix.EPERM:
		return denied(err, a, cpuWide)
	case unix.ENOSYS:
		return &UnsupportedError{Feature: "perf events (CONFIG_PERF_EVENTS)", Err: err}
	case unix.ENOTTY:
		return &UnsupportedError{Feature: "PERF_EVENT_IOC_MODIFY_ATTRIBUTES", Since: "4.17", Err: err}
	case unix.ENOENT, unix.ENODEV, unix.EOPNOTSUPP:
		return &UnsupportedError{Feature: "hardware breakpoints as perf events", Err: err}
	case unix.EINVAL, unix.E2BIG:
		return invalid(err, a)
	}
	return err
}

// denied says which of the levels of Documentation/admin-guide/sysctl/kernel.rst
// (perf_event_paranoid) would have permitted an event.
func denied(err error, a *unix.PerfEventAttr, cpuWide bool) error {
	p := &PermissionError{Level: paranoidLevel(), Needed: 2, Kernel: a.Bits&unix.PerfBitExcludeKernel == 0, Err: err}
	switch {
	case cpuWide:
		p.Needed = 0
	case p.Kernel:
		p.Needed = 1
	}
	return p
}

// userEnd is above every address of a program that has not asked for more than
// 47 bits (Documentation/arch/x86/x86_64/5level-paging.rst).
const userEnd = 1 << 47

// invalid says what it can be that the kernel did not understand: it names
// nothing itself. An older kernel refuses bits it does not know with EINVAL, and
// a longer struct with E2BIG.
func invalid(err error, a *unix.PerfEventAttr) error {
	switch {
	case a.Ext1 >= userEnd:
		return &AddressError{Addr: a.Ext1}
	case a.Bits&bitSigtrap != 0:
		return &UnsupportedError{Feature: "perf events that stop their thread (sigtrap)", Since: "5.13", Err: err}
	case a.Bits&(bitRemoveOnExec|bitInheritThread) != 0:
		return &UnsupportedError{Feature: "perf events that keep to one program (inherit_thread, remove_on_exec)", Since: "5.13", Err: err}
	}
	return err
}

// paranoidLevel returns kernel.perf_event_paranoid.
func paranoidLevel() int {
	data, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
	if err != nil {
		return LevelUnknown
	}
	level, err := strconv.Atoi(string(bytes.TrimSpace(data)))
	if err != nil {
		return LevelUnknown
	}
	return level
}
