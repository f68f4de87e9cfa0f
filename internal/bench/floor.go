package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// startTraced starts a program that stops after its exec. The caller's thread traces it.
func startTraced(args []string) (pid int, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid = cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil { // it is waited for by its id
		return 0, err
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		return 0, err
	}
	if !status.Stopped() {
		return 0, fmt.Errorf("%s is not stopped after its exec: status %#x", args[0], status)
	}
	return pid, nil
}

// runAlone lets go what startTraced has started, and waits for its end.
func runAlone(pid int) error {
	if err := unix.PtraceDetach(pid); err != nil {
		return fmt.Errorf("let the program go: %w", err)
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
		return err
	}
	if status.ExitStatus() != 0 {
		return fmt.Errorf("the program ended with status %#x", status)
	}
	return nil
}

// floorAttach holds all threads of a process, and lets them go.
func floorAttach(pid int) (sample, error) {
	w := watchFor(pid)
	held := map[int]bool{}
	for { // until no thread has come meanwhile
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			return sample{}, err
		}
		more := false
		for _, e := range entries {
			var tid int
			if _, err := fmt.Sscan(e.Name(), &tid); err != nil || held[tid] {
				continue
			}
			held[tid], more = true, true
			if err := unix.PtraceSeize(tid); err != nil {
				return sample{}, err
			}
			if err := unix.PtraceInterrupt(tid); err != nil {
				return sample{}, err
			}
			if _, err := unix.Wait4(tid, nil, unix.WALL, nil); err != nil {
				return sample{}, err
			}
		}
		if !more {
			break
		}
	}
	for tid := range held {
		if err := unix.PtraceDetach(tid); err != nil {
			return sample{}, err
		}
	}
	return w.stop(1), nil
}
