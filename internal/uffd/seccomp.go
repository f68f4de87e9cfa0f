package uffd

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// judgeFilters refuses a thread under a seccomp filter that userfaultfd(2) could
// kill. A filter cannot be read without privileges. But filters are inherited and
// never taken off: a thread with as many as we have has ours, as a program has
// that we started in our own container; what they say to us they say to it.
func judgeFilters(tid int, faults Faults) error {
	theirs, err := readFilters(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return err
	}
	ours, err := readFilters("/proc/thread-self/status")
	if err != nil {
		return err
	}
	return theirs.judge(ours, func() error {
		fd, _, e := unix.Syscall(unix.SYS_USERFAULTFD, uintptr(unix.O_CLOEXEC|int(faults)), 0, 0)
		if e != 0 {
			return e
		}
		return unix.Close(int(fd))
	})
}

// filters are what the kernel says of a thread's system call filters: the mode
// (0 none, 1 strict, 2 programs) and the number of programs.
type filters struct{ mode, number int }

func (f filters) judge(ours filters, try func() error) error {
	switch {
	case f.mode == 0:
		return nil
	case f != ours:
		return &NotPermittedError{"the program runs under a seccomp filter, which could kill it for an unexpected system call", nil}
	}
	if err := try(); err != nil {
		return &NotPermittedError{"the seccomp filter that argus and the program run under forbids userfaultfd(2): " + err.Error(), err}
	}
	return nil
}

func readFilters(path string) (filters, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return filters{}, err
	}
	return parseFilters(data)
}

// parseFilters reads /proc/PID/status. A kernel without seccomp says nothing.
func parseFilters(status []byte) (f filters, err error) {
	for line := range bytes.Lines(status) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		into := &f.mode
		switch string(key) {
		case "Seccomp":
		case "Seccomp_filters":
			into = &f.number
		default:
			continue
		}
		if *into, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
			return f, fmt.Errorf("/proc/PID/status: %s: %w", key, err)
		}
	}
	return f, nil
}
