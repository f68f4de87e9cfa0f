package wpscan

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// Open makes a Scanner for the process that th belongs to. It runs on the tracer's
// thread, with all threads of the process stopped; th makes two system calls, and
// is put back as it was. The error is a [*NotPermittedError] or
// [*NotSupportedError] if the machine, the kernel or the process forbids it.
func Open(g *ptrace.Tracees, th *ptrace.Thread) (_ *Scanner, err error) {
	s := &Scanner{uffd: -1, pagemap: -1, pages: pages{size: uint64(os.Getpagesize())}, arg: newScanArg()}
	defer func() {
		if err != nil {
			s.discard()
			err = fmt.Errorf("find out which pages are written: %w", err)
		}
	}()
	if err := s.openFiles(th.TID); err != nil {
		return nil, err
	}
	if err := judgeFilters(th.TID); err != nil {
		return nil, err
	}
	if s.uffd, err = fetch(g, th); err != nil {
		return nil, err
	}
	if err := s.uffd.handshake(); err != nil {
		return nil, &NotSupportedError{"this kernel has no asynchronous write protection (x86-64: Linux 6.7, arm64: later)", err}
	}
	return s, nil
}

// openFiles opens the address space, and learns whether the kernel can scan it.
func (s *Scanner) openFiles(tid int) (err error) {
	open := func(name string, flags int) (int, error) {
		fd, err := unix.Open(fmt.Sprintf("/proc/%d/%s", tid, name), flags|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
			return -1, &NotPermittedError{"open the process's " + name + ": " + err.Error(), err}
		}
		return fd, err
	}
	if s.pagemap, err = open("pagemap", unix.O_RDONLY); err != nil {
		return err
	}
	if _, err := s.arg.scan(s.pagemap, 0, 0); err != nil {
		return &NotSupportedError{"this kernel cannot scan for written pages: Linux 6.7 or later can", err}
	}
	memory, err := open("mem", unix.O_RDONLY)
	if err != nil {
		return err
	}
	s.memory = os.NewFile(uintptr(memory), "mem")
	return nil
}

func (s *Scanner) discard() {
	for _, fd := range []int{int(s.uffd), s.pagemap} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if s.memory != nil {
		s.memory.Close()
	}
}

// fetch has the thread make a userfaultfd, which is bound to the address space
// that it is made in, copies it and closes the thread's own.
//
// It is for faults in user mode only, which everybody may have: in asynchronous
// mode no fault ever waits for an answer, those that system calls meet neither.
func fetch(g *ptrace.Tracees, th *ptrace.Thread) (uffd, error) {
	theirs, err := g.Inject(th, unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK|userModeOnly)
	switch {
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return -1, &NotSupportedError{"this kernel has no userfaultfd for ordinary users (Linux 5.11, CONFIG_USERFAULTFD), or a filter hides it", err}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return -1, &NotPermittedError{"userfaultfd(2) is forbidden to the process, by a seccomp filter or a security module", err}
	case err != nil:
		return -1, fmt.Errorf("make a userfaultfd in the process: %w", err)
	}
	ours, err := copyDescriptor(th, int(theirs))
	if _, e := g.Inject(th, unix.SYS_CLOSE, theirs); e != nil && err == nil {
		unix.Close(ours)
		return -1, fmt.Errorf("close the userfaultfd in the process: %w", e)
	}
	if err != nil {
		return -1, err
	}
	return uffd(ours), nil
}

// copyDescriptor copies a descriptor of the thread's process. The leader may have
// left, and has no descriptors then: the thread is named itself where it can be.
func copyDescriptor(th *ptrace.Thread, theirs int) (int, error) {
	pidfd, err := unix.PidfdOpen(th.TID, unix.O_EXCL) // PIDFD_THREAD, Linux 6.9
	if errors.Is(err, unix.EINVAL) {
		pidfd, err = unix.PidfdOpen(th.Proc.PID, 0)
	}
	if err != nil {
		return -1, fmt.Errorf("open a descriptor of thread %d: %w", th.TID, err)
	}
	defer unix.Close(pidfd)
	ours, err := unix.PidfdGetfd(pidfd, theirs, 0)
	if errors.Is(err, unix.EPERM) {
		return -1, &NotPermittedError{"pidfd_getfd(2) is forbidden, by a seccomp filter or a security module", err}
	} else if err != nil {
		return -1, fmt.Errorf("copy a descriptor of thread %d: %w", th.TID, err)
	}
	return ours, nil
}
