package wpscan

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/uffd"
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
	if s.uffd, err = fetch(g, th); err != nil {
		return nil, err
	}
	if err := s.uffd.Handshake(uffd.PagefaultFlagWP | uffd.WPUnpopulated | uffd.WPAsync); err != nil {
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

// fetch gets a userfaultfd of the process. It is for faults in user mode only, which
// everybody may have: in asynchronous mode no fault ever waits for an answer, those that
// system calls meet neither.
func fetch(g *ptrace.Tracees, th *ptrace.Thread) (uffd.FD, error) {
	fd, err := uffd.Fetch(g, th, uffd.UserFaults)
	var forbidden *uffd.NotPermittedError
	var lacking *uffd.NotSupportedError
	switch {
	case errors.As(err, &forbidden):
		err = &NotPermittedError{forbidden.Reason, forbidden.Err}
	case errors.As(err, &lacking):
		err = &NotSupportedError{lacking.Reason, lacking.Err}
	}
	return fd, err
}
