package lanes

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// agent is a thread of ours that changes registers, which costs fifteen times as much from
// another processor than that of the thread whose they are (FACTS C4). The rotator's stays
// where it was sent. The tracer's is bound only for as long as a turn takes: to whoever
// hits something next it is to be as near as the kernel sees fit. nil is a thread that need
// not go anywhere.
type agent struct {
	tid   int
	home  unix.CPUSet  // where it may run; empty if it cannot be moved
	at    atomic.Int32 // the processor that it is bound to, or anywhere
	spent atomic.Int64 // ns of processor time that turns took
}

const anywhere = -1

func newAgent(tid int) *agent {
	t := &agent{tid: tid}
	t.at.Store(anywhere)
	if unix.SchedGetaffinity(tid, &t.home) != nil {
		t.home.Zero()
	}
	return t
}

// bind sends it to a processor, if that is known (not negative) and permitted.
func (t *agent) bind(cpu int) {
	if t == nil || cpu < 0 || t.home.Count() < 2 || int(t.at.Load()) == cpu {
		return
	}
	var set unix.CPUSet
	set.Set(cpu)
	if unix.SchedSetaffinity(t.tid, &set) == nil {
		t.at.Store(int32(cpu))
	}
}

func (t *agent) free() {
	if t != nil && t.at.Load() != anywhere && unix.SchedSetaffinity(t.tid, &t.home) == nil {
		t.at.Store(anywhere)
	}
}

// turned takes down what a turn took of the thread's processor time.
func (t *agent) turned(d time.Duration) {
	if t != nil {
		t.spent.Add(int64(d))
	}
}

// turns is what all of them took.
func (t *agent) turns() time.Duration {
	if t == nil {
		return 0
	}
	return time.Duration(t.spent.Load())
}
