package perf

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// MaxStack is the most frames that a sample can have.
const MaxStack = 32

// Sampling says what an event of [OpenSampled] records.
type Sampling struct {
	// Stack is how many frames of the user's stack there are in a sample, 0 to MaxStack: as
	// far as frame pointers lead. The first is the program counter.
	Stack int
	// Kernel: see [Options].
	Kernel bool
}

// bitUseClockID, bitWatermark and bitNoKernelChain are bits of struct perf_event_attr.
const (
	bitUseClockID    = unix.PerfBitUseClockID
	bitWatermark     = unix.PerfBitWatermark
	bitNoKernelChain = unix.PerfBitExcludeCallchainKernel
)

const sampleType = unix.PERF_SAMPLE_IP | unix.PERF_SAMPLE_TID | unix.PERF_SAMPLE_TIME | unix.PERF_SAMPLE_ADDR | unix.PERF_SAMPLE_REGS_USER |
	unix.PERF_SAMPLE_STACK_USER

// sampledAttr describes an event that leaves a sample of every hit in a [Ring].
func sampledAttr(s Sampling) *unix.PerfEventAttr {
	a := newAttr(Options{Kernel: s.Kernel, Disabled: true, Inherit: true})
	a.Bits |= bitRemoveOnExec | bitUseClockID | bitWatermark
	a.Clockid = unix.CLOCK_MONOTONIC
	a.Wakeup = 1 << 31 // bytes: nobody is woken, since that costs the thread more than the sample
	a.Sample_type, a.Sample_regs_user, a.Sample_stack_user = sampleType, RegMask, topSize
	if s.Stack > 0 {
		a.Sample_type |= unix.PERF_SAMPLE_CALLCHAIN
		a.Bits |= bitNoKernelChain
		a.Sample_max_stack = uint16(s.Stack)
	}
	return a
}

// topSize is how many bytes of the stack are in a sample.
const topSize = 8

// OpenSampled takes a slot of the thread tid for the time that it is on the processor cpu,
// and sets p on it; threads that it starts get the same. To cover a thread an event for
// each processor is needed: the kernel lets events that are inherited share a [Ring] on
// one processor, and have none elsewhere. The event is disabled. The errors are those of
// [Open].
func OpenSampled(tid, cpu int, p hwbp.Point, s Sampling) (*Event, error) {
	if s.Stack < 0 || s.Stack > MaxStack {
		return nil, fmt.Errorf("%d frames of the stack: there are 0 to %d", s.Stack, MaxStack)
	}
	return open(fmt.Sprintf("thread %d, processor %d", tid, cpu), tid, cpu, p, sampledAttr(s))
}

// Redirect has the event leave its samples in the ring of another of the same processor.
func (e *Event) Redirect(r *Ring) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.use(unix.IoctlSetInt(e.fd, unix.PERF_EVENT_IOC_SET_OUTPUT, r.owner.FD()), e.attr); err != nil {
		return fmt.Errorf("share the ring of a perf event on %s: %w", e.who, err)
	}
	return nil
}

// Ring is where the samples of the events of one processor are, in shared memory.
type Ring struct {
	owner *Event
	stack bool // samples have one
	m     mapping
	wrap  []byte // room for a record that goes over the end
}

// minRing is the least that a ring is worth having with, in bytes.
const minRing = 32 << 10

// NewRing makes a ring for an event, of size bytes (a power of two) or as much less as is
// permitted. By default the kernel lets every user have 512 KiB for each processor
// (kernel.perf_event_mlock_kb), and beyond that what it may lock in memory. The ring keeps
// the event's slot taken until it is closed.
func NewRing(e *Event, size int) (*Ring, error) {
	for ; ; size /= 2 {
		r := &Ring{owner: e, stack: e.attr.Sample_type&unix.PERF_SAMPLE_CALLCHAIN != 0}
		var err error
		if r.m, err = mapRing(e.FD(), size); err == nil {
			return r, nil
		}
		if size/2 < minRing || !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOMEM) {
			return nil, fmt.Errorf("a ring for the samples of %s: %w (kernel.perf_event_mlock_kb and ulimit -l bound the memory for it)", e.who, err)
		}
	}
}

// Close gives the memory back. The events that share it record nothing any more.
func (r *Ring) Close() error {
	if err := r.m.unmap(); err != nil {
		return fmt.Errorf("close the ring of %s: %w", r.owner.who, err)
	}
	return nil
}
