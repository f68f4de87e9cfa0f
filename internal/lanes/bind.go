package lanes

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// bind binds a thread of ours (0: the calling one) to a processor, and reports whether
// that is permitted.
func bind(tid, cpu int) bool {
	if cpu < 0 {
		return false
	}
	var set unix.CPUSet
	set.Set(cpu)
	return unix.SchedSetaffinity(tid, &set) == nil
}

// tracer is the tracer's thread, where it is what changes the registers: that costs
// fifteen times as much from another processor than the thread's own (FACTS C4). It is
// bound only for as long as that takes: to whoever hits something next it is to be as near
// as the kernel sees fit. nil is a thread that need not go anywhere.
type tracer struct {
	tid   int
	home  unix.CPUSet  // where it may run; empty if it cannot be moved
	at    atomic.Int32 // the processor that it is bound to, or anywhere
	spent atomic.Int64 // ns of processor time that turns took
}

const anywhere = -1

func newTracer(tid int) *tracer {
	t := &tracer{tid: tid}
	t.at.Store(anywhere)
	if unix.SchedGetaffinity(tid, &t.home) != nil {
		t.home.Zero()
	}
	return t
}

func (t *tracer) bind(cpu int) {
	if t != nil && t.home.Count() > 1 && int(t.at.Load()) != cpu && bind(t.tid, cpu) {
		t.at.Store(int32(cpu))
	}
}

func (t *tracer) free() {
	if t != nil && t.at.Load() != anywhere && unix.SchedSetaffinity(t.tid, &t.home) == nil {
		t.at.Store(anywhere)
	}
}

// turned takes down what a turn took of the thread's processor time.
func (t *tracer) turned(d time.Duration) {
	if t != nil {
		t.spent.Add(int64(d))
	}
}

// turns is what all of them took.
func (t *tracer) turns() time.Duration {
	if t == nil {
		return 0
	}
	return time.Duration(t.spent.Load())
}
