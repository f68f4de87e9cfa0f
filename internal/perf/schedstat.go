package perf

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// SchedClock is a [Clock] out of /proc/<tid>/schedstat, for where perf events are
// not permitted. Of a thread that runs the kernel brings it up to date at its
// ticks only: it is behind by up to one, 1 to 10 ms.
type SchedClock struct {
	tid   int
	start int64 // set before anybody else has it

	mu   sync.Mutex
	file *os.File // guarded by mu
	buf  [64]byte // guarded by mu
}

// OpenSchedClock starts a clock for the thread tid. The error is [ErrGone], or
// that of opening the file.
func OpenSchedClock(tid int) (*SchedClock, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/schedstat", tid))
	if errors.Is(err, os.ErrNotExist) {
		if _, e := os.Stat("/proc/self/schedstat"); e != nil {
			return nil, &UnsupportedError{Feature: "run times in /proc (CONFIG_SCHED_INFO)", Err: e}
		}
		return nil, fmt.Errorf("open the run time of thread %d: %w", tid, ErrGone)
	}
	if err != nil {
		return nil, err
	}
	c := &SchedClock{tid: tid, file: f}
	if c.start, err = c.Now(); err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

// Now returns how long the thread has been on a processor since OpenSchedClock,
// in nanoseconds. It does not allocate. The error is [ErrGone] once the thread
// has ended.
func (c *SchedClock) Now() (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.file.ReadAt(c.buf[:], 0)
	if errors.Is(err, unix.ESRCH) {
		err = ErrGone
	}
	if n == 0 {
		return 0, fmt.Errorf("read the run time of thread %d: %w", c.tid, err)
	}
	ns, err := runTime(c.buf[:n])
	if err != nil {
		return 0, fmt.Errorf("read the run time of thread %d: %w", c.tid, err)
	}
	return ns - c.start, nil
}

// runTime reads what /proc has in schedstat: three numbers, the first of which is
// the time on a processor in nanoseconds
// (Documentation/scheduler/sched-stats.rst).
func runTime(text []byte) (int64, error) {
	ns, digits := int64(0), 0
	for _, c := range text {
		if c == ' ' && digits > 0 {
			return ns, nil
		}
		if c < '0' || c > '9' || digits == 18 { // 31 years
			break
		}
		ns = 10*ns + int64(c-'0')
		digits++
	}
	return 0, fmt.Errorf("%q is not what the kernel writes", text)
}

// Close ends the clock.
func (c *SchedClock) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.file.Close()
}
