package kstop

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// Record is one hit of one event in user mode.
type Record struct {
	TID, PID int
	PC       uint64        // of the thread: behind the instruction for data, at it for execution
	Addr     uint64        // what the event watches
	Time     time.Duration // CLOCK_MONOTONIC
	Signal   unix.Signal   // that was sent: SIGCHLD or SIGURG

	// Sent is 0, or why the signal was not sent: EBUSY if another event of the same
	// instruction had sent it.
	Sent unix.Errno
}

// maxWaiting bounds the records that are kept for threads nobody asks about.
const maxWaiting = 1 << 14

// Take returns the hits of a thread that is stopped, in their order: those it made
// right here, with its program counter at pc, and those before, which no stop was
// found for (a signal blocked for a while, another signal's handler begun first). Both
// slices are valid until the next Take. It neither blocks nor, as a rule, allocates.
func (p *Program) Take(tid int, pc uint64) (here, earlier []Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drain()
	p.here, p.earlier = p.here[:0], p.earlier[:0]
	kept := p.waiting[:0]
	for _, r := range p.waiting {
		switch {
		case r.TID != tid:
			kept = append(kept, r)
		case r.PC == pc:
			p.here = append(p.here, r)
		default:
			p.earlier = append(p.earlier, r)
		}
	}
	p.waiting = kept
	return p.here, p.earlier
}

// drain moves what is in the ring to waiting.
func (p *Program) drain() {
	defer p.bound()
	for !p.closed && p.reader.AvailableBytes() > 0 {
		if p.reader.ReadInto(&p.raw) != nil {
			return // the deadline, in the past: there is nothing more
		}
		if len(p.raw.RawSample) < recordSize {
			continue
		}
		if len(p.waiting) == 2*maxWaiting {
			p.bound()
		}
		p.waiting = append(p.waiting, decode(p.raw.RawSample))
	}
}

// bound drops the oldest records beyond maxWaiting.
func (p *Program) bound() {
	if over := len(p.waiting) - maxWaiting; over > 0 {
		p.waiting = append(p.waiting[:0], p.waiting[over:]...)
		p.dropped += uint64(over)
	}
}

func decode(b []byte) Record {
	e := binary.NativeEndian
	return Record{
		TID: int(e.Uint32(b[recordIDs:])), PID: int(e.Uint32(b[recordIDs+4:])),
		PC: e.Uint64(b[recordPC:]), Addr: e.Uint64(b[recordAddr:]),
		Time:   time.Duration(e.Uint64(b[recordTime:])),
		Signal: unix.Signal(e.Uint32(b[recordSignal:])),
		Sent:   unix.Errno(-int32(e.Uint32(b[recordResult:]))),
	}
}
