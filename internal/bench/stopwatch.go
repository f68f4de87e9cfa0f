package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// stopwatch measures a time as it passes, and as processors spend it on this process and
// on a program that it debugs.
type stopwatch struct {
	pid   int // of the program
	began time.Time
	cpu   float64
}

// watchFor starts one. A pid of 0 is no program: one that has only begun when the watch is
// stopped is named then.
func watchFor(pid int) stopwatch {
	w := stopwatch{pid: pid, cpu: processorTime(0)}
	if pid != 0 {
		w.cpu += processorTime(pid)
	}
	w.began = time.Now()
	return w
}

// stop returns what was measured since the watch was started, divided by n.
func (w stopwatch) stop(n int) sample {
	elapsed := float64(time.Since(w.began).Nanoseconds())
	cpu := processorTime(0) - w.cpu
	if w.pid != 0 {
		cpu += processorTime(w.pid)
	}
	return sample{Value: elapsed / float64(n), CPU: cpu / float64(n)}
}

// processorTime is what a process has taken in nanoseconds, 0 is this one; nothing if it
// has ended.
func processorTime(pid int) float64 {
	const sched = 2 // CPUCLOCK_SCHED, include/linux/posix-timers_types.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		return 0
	}
	return float64(ts.Nano())
}
