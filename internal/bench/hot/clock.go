package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// clock measures a time as it passes, and as processors spend it on this process and on
// the one that traces it.
type clock struct {
	tracer int // 0: nobody
	began  time.Time
	spent  int64
}

func (c *clock) start() {
	c.tracer = field("self", "TracerPid")
	if c.tracer != 0 {
		c.tracer = field(fmt.Sprint(c.tracer), "Tgid") // it was the thread's
	}
	c.spent = c.now()
	c.began = time.Now()
}

// stop returns nanoseconds.
func (c *clock) stop() (wall, cpu int64) {
	wall = time.Since(c.began).Nanoseconds()
	return wall, c.now() - c.spent
}

func (c *clock) now() int64 {
	ns := processorTime(os.Getpid())
	if c.tracer != 0 {
		ns += processorTime(c.tracer)
	}
	return ns
}

// processorTime is what a process has taken, in nanoseconds.
func processorTime(pid int) int64 {
	const sched = 2 // CPUCLOCK_SCHED, include/linux/posix-timers_types.h
	var ts unix.Timespec
	check(unix.ClockGettime(int32(^pid<<3|sched), &ts))
	return ts.Nano()
}

// field is a number in /proc/PID/status (proc_pid_status(5)).
func field(pid, name string) (n int) {
	text, err := os.ReadFile("/proc/" + pid + "/status")
	check(err)
	_, after, _ := strings.Cut(string(text), "\n"+name+":")
	_, err = fmt.Sscan(after, &n)
	check(err)
	return n
}
