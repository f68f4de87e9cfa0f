package ptrace

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// status is what is needed of /proc/PID/status.
type status struct {
	tgid, ppid, tracer int
	state              byte
	sharedPending      uint64
	uid                int
}

func readStatus(tid int) (status, error) {
	var st status
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return st, err
	}
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
		case "PPid":
			st.ppid, err = strconv.Atoi(first)
		case "TracerPid":
			st.tracer, err = strconv.Atoi(first)
		case "Uid":
			st.uid, err = strconv.Atoi(first)
		case "ShdPnd":
			st.sharedPending, err = strconv.ParseUint(first, 16, 64)
		}
		if err != nil {
			return st, fmt.Errorf("/proc/%d/status: %s: %w", tid, key, err)
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
