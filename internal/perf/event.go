package perf

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// Event is one breakpoint on one thread, or on one processor. It takes a slot
// from Open to Close, enabled or not.
type Event struct {
	who string // for errors

	mu   sync.Mutex
	fd   int                 // guarded by mu; -1 when closed
	link int                 // guarded by mu; descriptor of a BPF program's link, 0 if there is none
	attr *unix.PerfEventAttr // guarded by mu; as asked for last, with PerfBitDisabled to match
}

// Reading is what an event has counted, and for how long. The times pass while
// the thread is on a processor, and do not while it waits.
type Reading struct {
	Count   uint64 // hits
	Enabled uint64 // nanoseconds since the event was enabled
	Running uint64 // nanoseconds of these in which it held a debug register
}

// Open takes a slot of the thread tid, 0 for the calling one, and sets p on it.
//
// Events that together must miss nothing have to be opened while all threads of
// the process are stopped (FACTS B8a). When the thread calls exec the event counts
// no more: addresses of the former program mean nothing in the next. It keeps its
// slot until it is closed. When the thread ends, what was counted can still be
// read, and nothing else has an effect, nor an error.
//
// Errors: [ErrNoSlot], [ErrGone], [ErrTooManyFiles], a [*PermissionError], an
// [*UnsupportedError], an [*AddressError], and those of [hwbp.Limits.Check] for a
// point that no slot can hold.
func Open(tid int, p hwbp.Point, o Options) (*Event, error) {
	a := newAttr(o)
	a.Bits |= bitRemoveOnExec
	return open(fmt.Sprintf("thread %d", tid), tid, -1, p, a)
}

// OpenCPU takes a slot of a processor, for whatever runs there: every thread of
// the machine has one slot less, also when it runs elsewhere. Needs
// kernel.perf_event_paranoid 0 or less, or CAP_PERFMON. The errors are those of
// [Open].
func OpenCPU(cpu int, p hwbp.Point) (*Event, error) {
	return open(fmt.Sprintf("processor %d", cpu), -1, cpu, p, newAttr(Options{}))
}

func open(who string, tid, cpu int, p hwbp.Point, a *unix.PerfEventAttr) (*Event, error) {
	err := check(p)
	if err == nil {
		setPoint(a, p)
		var fd int
		if fd, err = sysOpen(a, tid, cpu); err == nil {
			return &Event{who: who, fd: fd, attr: a}, nil
		}
		err = explain(err, a, cpu >= 0)
	}
	return nil, fmt.Errorf("open a perf event (%v) on %s: %w", p, who, err)
}

// sysOpen opens an event. The kernel waits for a thread that is in the middle of
// an exec, and gives up at a signal (exec_update_lock in kernel/events/core.c):
// the Go runtime sends itself many.
func sysOpen(a *unix.PerfEventAttr, tid, cpu int) (fd int, err error) {
	for {
		fd, err = unix.PerfEventOpen(a, tid, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// Modify sets p instead of the former point, while the thread runs. Between the
// two the event is off. The count and the times go on; enabled stays enabled and
// disabled disabled. After an error the event is as it was before. It does not
// allocate.
//
// A hit of the former point can still be on its way. Its stop has the address
// that was hit (si_addr), but the SigData of the time when it is delivered:
// measured on Linux 6.18, where a thread was moved while it hit, most stops were
// such ones. So the address tells a late hit, and SigData does not.
func (e *Event) Modify(p hwbp.Point) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.modify(p, e.attr.Sig_data)
}

// ModifyData is Modify, and stops that are delivered from then on report another
// SigData (measured on Linux 6.18).
func (e *Event) ModifyData(p hwbp.Point, sigData uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.modify(p, sigData)
}

func (e *Event) modify(p hwbp.Point, sigData uint64) error {
	err := check(p)
	if err == nil {
		next := *e.attr
		setPoint(&next, p)
		next.Sig_data = sigData
		if err = e.use(modifyAttributes(e.fd, &next), &next); err == nil {
			*e.attr = next
			return nil
		}
		// The kernel changes SigData before it looks at the rest, stops at the
		// first thread that refuses, and enables the event only if it was opened
		// so (perf_event_modify_attr in kernel/events/core.c).
		_ = modifyAttributes(e.fd, e.attr)
	}
	return fmt.Errorf("move a perf event on %s to %v: %w", e.who, p, err)
}

// Enable begins to count.
func (e *Event) Enable() error { return e.enable(true) }

// Disable stops counting. The slot stays taken.
func (e *Event) Disable() error { return e.enable(false) }

func (e *Event) enable(on bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	request, bits, verb := uint(unix.PERF_EVENT_IOC_DISABLE), e.attr.Bits|unix.PerfBitDisabled, "disable"
	if on {
		request, bits, verb = unix.PERF_EVENT_IOC_ENABLE, e.attr.Bits&^unix.PerfBitDisabled, "enable"
	}
	if err := e.use(unix.IoctlSetInt(e.fd, request, 0), e.attr); err != nil {
		return fmt.Errorf("%s a perf event on %s: %w", verb, e.who, err)
	}
	e.attr.Bits = bits
	return nil
}

// SetBPF has a BPF program of the type BPF_PROG_TYPE_PERF_EVENT run at each hit.
// If it returns 0 the thread is not stopped; the hit is counted all the same. The
// event keeps the program; an event takes one. Needs CAP_BPF and CAP_PERFMON.
func (e *Event) SetBPF(progFD int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.use(unix.IoctlSetInt(e.fd, unix.PERF_EVENT_IOC_SET_BPF, progFD), e.attr); err != nil {
		return fmt.Errorf("set a BPF program on a perf event on %s: %w", e.who, err)
	}
	return nil
}

// Link is SetBPF, and the program can ask for the cookie (bpf_get_attach_cookie): so that one
// program serves many events and tells them apart. Needs Linux 5.15.
func (e *Event) Link(progFD int, cookie uint64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	link, err := createLink(progFD, e.fd, cookie)
	if err := e.use(err, e.attr); err != nil {
		return fmt.Errorf("link a BPF program to a perf event on %s: %w", e.who, err)
	}
	e.link = link
	return nil
}

// Count returns the hits since the event was opened, those of threads that have
// inherited it included. It does not allocate.
func (e *Event) Count() (uint64, error) {
	r, err := e.Read()
	return r.Count, err
}

// Read returns the hits and the times since the event was opened. It does not
// allocate.
func (e *Event) Read() (Reading, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var w [3]uint64
	if err := e.use(readWords(e.fd, w[:]), e.attr); err != nil {
		return Reading{}, fmt.Errorf("read a perf event on %s: %w", e.who, err)
	}
	return Reading{Count: w[0], Enabled: w[1], Running: w[2]}, nil
}

// FD returns the file descriptor, which stays the event's own; -1 when closed.
func (e *Event) FD() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fd
}

// Close ends the event and gives its slot back. What it counted is lost. To
// close it again does nothing.
func (e *Event) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fd < 0 {
		return nil
	}
	fd := e.fd
	e.fd = -1
	if e.link != 0 { // which keeps the event
		_ = unix.Close(e.link) // it is open
		e.link = 0
	}
	if err := unix.Close(fd); err != nil {
		return fmt.Errorf("close a perf event on %s: %w", e.who, err)
	}
	return nil
}

// use explains what a call on the descriptor returned that had to do with a.
func (e *Event) use(err error, a *unix.PerfEventAttr) error {
	if err != nil && e.fd < 0 {
		return os.ErrClosed
	}
	return explain(err, a, false)
}
