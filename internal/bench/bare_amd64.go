package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// bare is a debugger that does nothing but what it must: it lets every thread of a program
// run until the program ends. born is called with each thread, stopped, before it runs,
// and trapped at each SIGTRAP, with the thread that is stopped by it; it returns whether
// that is to run on.
type bare struct {
	pid     int
	born    func(tid int) error
	trapped func(tid int) (more bool, err error)
}

// errEnough is returned by run if trapped said so.
var errEnough = errors.New("enough")

func (b *bare) run() error {
	if err := unix.PtraceSetOptions(b.pid, unix.PTRACE_O_EXITKILL|unix.PTRACE_O_TRACECLONE); err != nil {
		return err
	}
	if err := b.born(b.pid); err != nil {
		return err
	}
	known := map[int]bool{b.pid: true}
	tid, pass := b.pid, 0
	for {
		if err := unix.PtraceCont(tid, pass); err != nil && err != unix.ESRCH {
			return err
		}
		var status unix.WaitStatus
		var err error
		for {
			if tid, err = unix.Wait4(-1, &status, unix.WALL, nil); err != nil {
				return err
			}
			if status.Stopped() {
				break
			}
			if tid == b.pid {
				if status.ExitStatus() != 0 {
					return fmt.Errorf("the program ended with status %#x", status)
				}
				return nil
			}
		}
		switch pass = int(status.StopSignal()); {
		case !known[tid]: // the SIGSTOP that it begins with
			known[tid], pass = true, 0
			if err := b.born(tid); err != nil {
				return err
			}
		case status.TrapCause() > 0: // of a clone
			pass = 0
		case pass == int(unix.SIGTRAP):
			pass = 0
			more, err := b.trapped(tid)
			if err != nil {
				return err
			}
			if !more {
				return errEnough
			}
		}
	}
}
