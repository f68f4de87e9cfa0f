package lanes

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// cpuReader tells on which processor a thread last ran.
type cpuReader struct {
	file *os.File
	buf  [512]byte
}

// last returns -1 if that cannot be known.
func (c *cpuReader) last(pid, tid int) int {
	if c.file == nil {
		f, err := os.Open(fmt.Sprintf("/proc/%d/task/%d/stat", pid, tid))
		if err != nil {
			return -1
		}
		c.file = f
	}
	n, _ := c.file.ReadAt(c.buf[:], 0)
	return processorIn(c.buf[:n])
}

// processorIn finds field 39 of /proc/PID/stat (proc_pid_stat(5)). The second, the
// name, can have spaces and parentheses in it.
func processorIn(stat []byte) int {
	rest := stat[bytes.LastIndexByte(stat, ')')+1:]
	if len(rest) == len(stat) {
		return -1
	}
	const afterName = 39 - 3
	for i := 0; len(rest) > 0; i++ {
		rest = bytes.TrimLeft(rest, " ")
		field, more, whole := bytes.Cut(rest, []byte(" "))
		if i == afterName {
			n, err := strconv.Atoi(string(field))
			if err != nil || n < 0 || !whole {
				return -1
			}
			return n
		}
		rest = more
	}
	return -1
}

func (c *cpuReader) close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// threadName is what messages call a thread.
func threadName(tid int) string { return fmt.Sprintf("thread %d", tid) }
