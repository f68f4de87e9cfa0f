package kstop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// ringSize is the size of the ring in bytes, a power of two and a multiple of the page
// size: 5461 records.
const ringSize = 256 << 10

// Program is a BPF program that stops threads. See the package comment.
type Program struct {
	program      *ebpf.Program
	ring, counts *ebpf.Map
	counters     *ebpf.Memory
	reader       *ringbuf.Reader
	parts        parts

	mu      sync.Mutex
	raw     ringbuf.Record // guarded by mu, as all below
	waiting []Record       // read from the ring, and not taken yet
	here    []Record       // what Take returned last
	earlier []Record
	dropped uint64
	closed  bool
}

// Load makes a program. The error is a [*PermissionError] or an [*UnsupportedError] if
// it is about the machine.
func Load() (*Program, error) { return load(ringSize) }

func load(ringSize uint32) (*Program, error) {
	if !bpfhit.Supported {
		return nil, &UnsupportedError{What: what, Reason: "stops by signal are not known to be safe on " + runtime.GOARCH}
	}
	p := &Program{}
	if err := p.load(ringSize); err != nil {
		_ = p.Close()
		return nil, explain(err)
	}
	return p, nil
}

func (p *Program) load(ringSize uint32) (err error) {
	// Before Linux 5.11 maps count as locked memory; if that cannot be raised the
	// kernel says so below.
	_ = rlimit.RemoveMemlock()
	p.ring, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_hits", Type: ebpf.RingBuf, MaxEntries: ringSize})
	if err != nil {
		return fmt.Errorf("make the ring of records: %w", err)
	}
	// Mapped: a system call to read it would keep programs from running meanwhile on
	// that processor (bpf_disable_instrumentation in include/linux/bpf.h).
	p.counts, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_counts", Type: ebpf.Array, KeySize: 4, ValueSize: countsSize,
		MaxEntries: 1, Flags: unix.BPF_F_MMAPABLE})
	if err == nil {
		p.counters, err = p.counts.Memory()
	}
	if err != nil {
		return fmt.Errorf("make the counters: %w", err)
	}
	if p.reader, err = ringbuf.NewReader(p.ring); err != nil {
		return fmt.Errorf("read the ring of records: %w", err)
	}
	p.reader.SetDeadline(time.Unix(1, 0)) // never wait
	own, err := bpfhit.OwnNamespace()
	if err != nil {
		return err
	}
	parts := parts{ring: p.ring.FD(), counts: p.counts.FD(), blocked: bpfhit.TaskField("blocked"), namespace: own}
	p.program, err = newProgram(parts)
	if err != nil && parts.blocked >= 0 {
		// A locked-down kernel lets no program read its memory
		// (LOCKDOWN_BPF_READ_KERNEL in include/linux/security.h).
		parts.blocked = -1
		p.program, err = newProgram(parts)
	}
	p.parts = parts
	if err != nil {
		return fmt.Errorf("load the program: %w", err)
	}
	return nil
}

func newProgram(p parts) (*ebpf.Program, error) {
	return ebpf.NewProgram(&ebpf.ProgramSpec{Name: "argus_stop", Type: ebpf.PerfEvent, License: "GPL", Instructions: code(p)})
}

// FD is the program's file descriptor, for perf.Event.SetBPF. It is the Program's to
// close.
func (p *Program) FD() int { return p.program.FD() }

// Code is what the program does, to be the end of another that has the context in R6. Its
// stack is all its own from there on.
func (p *Program) Code() asm.Instructions { return code(p.parts)[1:] }

// Lost is how many hits left no record because the ring was full, or because nobody
// took theirs. Their threads did stop.
func (p *Program) Lost() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped + p.counter(countLost)
}

// KernelHits is how many hits were made in kernel mode, for system calls, by events that
// see those. One copy can be several hits.
func (p *Program) KernelHits() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counter(countKernel)
}

func (p *Program) counter(offset int64) uint64 {
	var b [8]byte
	if p.closed {
		return 0
	}
	if _, err := p.counters.ReadAt(b[:], offset); err != nil {
		return 0 // offset is within the map
	}
	return binary.NativeEndian.Uint64(b[:])
}

// Close gives the program up. Events that have it keep it until they are closed, and
// their hits are lost. The second Close does nothing.
func (p *Program) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	var errs []error
	if p.reader != nil {
		errs = append(errs, p.reader.Close())
	}
	errs = append(errs, p.program.Close(), p.ring.Close(), p.counts.Close())
	p.counters = nil // unmapped when collected
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the program that stops threads: %w", err)
	}
	return nil
}
