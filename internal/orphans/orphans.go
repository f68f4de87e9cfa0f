package orphans

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Adopt makes this process the parent of every descendant whose own
// parent ends (prctl(2), PR_SET_CHILD_SUBREAPER).
func Adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("becoming the reaper of orphans: %w", err)
	}
	return nil
}

// End kills and reaps every child of this process but those in keep,
// and then those that became its children by that, until none is left.
func End(keep ...int) error {
	for {
		children, err := childrenOf(os.Getpid())
		if err != nil {
			return err
		}
		var orphans []int
		for _, pid := range children {
			if !slices.Contains(keep, pid) {
				orphans = append(orphans, pid)
			}
		}
		if len(orphans) == 0 {
			return nil
		}
		// All are killed before any is waited for: one may be traced by
		// another, and cannot be reaped while its tracer lives.
		for _, pid := range orphans {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("ending process %d: %w", pid, err)
			}
		}
		for _, pid := range orphans {
			if err := reap(pid); err != nil {
				return fmt.Errorf("reaping process %d: %w", pid, err)
			}
		}
	}
}

func reap(pid int) error {
	for {
		_, err := unix.Wait4(pid, nil, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD):
			return nil
		default:
			return err
		}
	}
}

// childrenOf lists the processes whose parent is pid.
func childrenOf(pid int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var children []int
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // ended meanwhile
		}
		if parent, ok := parentOf(stat); ok && parent == pid {
			children = append(children, child)
		}
	}
	return children, nil
}

// parentOf reads the parent's id from a /proc/pid/stat line (proc_pid_stat(5)):
// the second field after the command's name, which stands in parentheses and
// may itself hold any character.
func parentOf(stat []byte) (int, bool) {
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 {
		return 0, false
	}
	fields := bytes.Fields(stat[i+1:])
	if len(fields) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(string(fields[1]))
	return parent, err == nil
}
