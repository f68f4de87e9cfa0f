package perf

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Sample is one hit of an event.
type Sample struct {
	PC       uint64 // of the thread; of the kernel if it made the access
	PID, TID int
	Time     int64            // CLOCK_MONOTONIC, ns
	Addr     uint64           // what the event watches
	Kernel   bool             // made by the kernel, for a system call
	Regs     [RegCount]uint64 // the user's, in the order of [RegMask]
	HasRegs  bool             // otherwise the thread has none, or not those of a 64-bit program
	Top      uint64           // the word at the stack pointer; 0 if it could not be read
	Stack    [MaxStack]uint64
	Depth    int // how many of Stack there are
}

// kinds of records, include/uapi/linux/perf_event.h.
const (
	recordLost     = 2
	recordThrottle = 5
	recordSample   = 9

	headerSize   = 8
	cpuModeMask  = 7
	cpuModeKern  = 1
	markersBegin = ^uint64(4095) // PERF_CONTEXT_MAX: entries from here on are no addresses
)

// Kind is what [Ring.Next] has found.
type Kind uint8

// Kinds.
const (
	Empty     Kind = iota // nothing more at the moment
	Hit                   // a sample
	Lost                  // the kernel had no room for some
	Throttled             // the kernel has held the event back for some time
	Other                 // something else
)

// Next takes the next record out of the ring. A sample is put into s; n is how many were
// lost. It does not allocate, unless a record goes over the ring's end.
func (r *Ring) Next(s *Sample) (kind Kind, n uint64) {
	head, tail := r.m.head(), r.m.tail()
	if head == tail {
		return Empty, 0
	}
	data := r.m.data
	mask := uint64(len(data)) - 1
	at := tail & mask
	h := data[at:] // the head of a record is never divided: all are multiples of 8 long
	size := uint64(binary.NativeEndian.Uint16(h[6:]))
	if size < headerSize || size > head-tail {
		r.m.setTail(head) // cannot be: start again
		return Other, 0
	}
	record := data[at:min(at+size, uint64(len(data)))]
	if rest := size - uint64(len(record)); rest > 0 {
		r.wrap = append(append(r.wrap[:0], record...), data[:rest]...)
		record = r.wrap
	}
	kind, n = parse(record, r.stack, s)
	r.m.setTail(tail + size)
	return kind, n
}

// parse decodes a record with its head. stack is whether samples have one.
func parse(b []byte, stack bool, s *Sample) (Kind, uint64) {
	e := binary.NativeEndian
	if len(b) < headerSize {
		return Other, 0
	}
	misc := e.Uint16(b[4:])
	w := words{b: b[headerSize:]}
	switch e.Uint32(b) {
	case recordLost:
		w.next() // the event's id
		return Lost, w.next()
	case recordThrottle:
		return Throttled, 0
	case recordSample:
	default:
		return Other, 0
	}
	s.PC, s.HasRegs, s.Depth = w.next(), false, 0
	ids := w.next()
	s.PID, s.TID = int(int32(ids)), int(int32(ids>>32))
	s.Time, s.Addr = int64(w.next()), w.next()
	s.Kernel = misc&cpuModeMask == cpuModeKern
	if stack {
		for n := w.next(); n > 0 && w.ok(); n-- {
			if pc := w.next(); pc < markersBegin && s.Depth < MaxStack {
				s.Stack[s.Depth] = pc
				s.Depth++
			}
		}
	}
	if w.next() == unix.PERF_SAMPLE_REGS_ABI_64 {
		for i := range s.Regs {
			s.Regs[i] = w.next()
		}
		s.HasRegs = w.ok()
	}
	s.Top = 0
	if n := w.next(); n == topSize {
		top := w.next()
		if w.next() == topSize { // how much of it could be read
			s.Top = top
		}
	}
	if !w.ok() {
		return Other, 0
	}
	return Hit, 0
}

// words reads numbers.
type words struct {
	b    []byte
	over bool
}

func (w *words) next() uint64 {
	if len(w.b) < 8 {
		w.over = true
		return 0
	}
	v := binary.NativeEndian.Uint64(w.b)
	w.b = w.b[8:]
	return v
}

func (w *words) ok() bool { return !w.over }
