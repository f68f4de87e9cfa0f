package ptrace

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// status is what is needed of /proc/PID/status.
type status struct {
	tgid, tracer, uid, threads int
	state                      byte
	blocked                    uint64 // signals, as maskOf has them
}

func readStatus(tid int) (status, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return status{}, err
	}
	return parseStatus(data)
}

func parseStatus(data []byte) (st status, err error) {
	for line := range bytes.Lines(data) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(value)
		if !ok || len(fields) == 0 {
			continue
		}
		first := string(fields[0])
		switch string(key) {
		case "State":
			st.state = first[0]
		case "Tgid":
			st.tgid, err = strconv.Atoi(first)
		case "TracerPid":
			st.tracer, err = strconv.Atoi(first)
		case "Threads":
			st.threads, err = strconv.Atoi(first)
		case "Uid":
			st.uid, err = strconv.Atoi(first)
		case "SigBlk":
			st.blocked, err = strconv.ParseUint(first, 16, 64)
		}
		if err != nil {
			return st, fmt.Errorf("/proc/PID/status: %s: %w", key, err)
		}
	}
	return st, nil
}

// threadIDs lists the threads of a process, those that end meanwhile included.
func threadIDs(pid int) ([]int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, err
	}
	tids := make([]int, 0, len(entries))
	for _, e := range entries {
		if tid, err := strconv.Atoi(e.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids, nil
}

// sharesMemory reports whether a new process runs in its parent's memory. guess
// is the answer where the kernel has no kcmp(2).
func sharesMemory(parent, child int, guess bool) bool {
	const kcmpVM = 1 // include/uapi/linux/kcmp.h
	order, _, e := unix.RawSyscall6(unix.SYS_KCMP, uintptr(parent), uintptr(child), kcmpVM, 0, 0, 0)
	if e != 0 {
		return guess
	}
	return order == 0
}
