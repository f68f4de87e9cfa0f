package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
)

// what is what errors of BPF are about.
const what = "traces with values"

// defaultRing is room for about 20,000 records: a fifth of a second of what one thread can
// do, in bytes.
const defaultRing = 8 << 20

// program is the source that is a BPF program.
type program struct {
	parts  parts
	prog   *ebpf.Program
	ring   *ebpf.Map
	state  *ebpf.Map
	piece  *ebpf.Map // nil: there are no stacks
	shared *ebpf.Memory
	reader *ringbuf.Reader
	raw    ringbuf.Record
	events events
	total  uint64 // hits, when stopped
	// matched is how many hits the filter had let through when this began.
	matched uint64
	ended   bool // stopped, and the total is known
}

func openProgram(c *Config) (*program, error) {
	if !bpfhit.Supported {
		return nil, &bpfhit.UnsupportedError{What: what, Reason: "a BPF program would have the processor repeat the access for ever"}
	}
	p := &program{}
	err := p.load(c)
	if err != nil {
		err = bpfhit.Explain(what, "5.12", err)
	} else if err = p.arm(c); err == nil {
		return p, nil
	}
	_ = p.events.close() // the first error counts
	_ = p.close()
	return nil, err
}

func (p *program) load(c *Config) (err error) {
	_ = rlimit.RemoveMemlock() // before Linux 5.11; if it cannot be raised the kernel says so below
	size := c.RingSize
	if size == 0 {
		size = defaultRing
	}
	if p.ring, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_records", Type: ebpf.RingBuf, MaxEntries: size}); err != nil {
		return fmt.Errorf("make the ring of records: %w", err)
	}
	// Mapped: a system call to read it would keep programs from running meanwhile on that
	// processor (bpf_disable_instrumentation in include/linux/bpf.h).
	p.state, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_state", Type: ebpf.Array, KeySize: 4, ValueSize: stateSize, MaxEntries: 1,
		Flags: unix.BPF_F_MMAPABLE})
	if err == nil {
		p.shared, err = p.state.Memory()
	}
	if err == nil {
		err = p.found(c.Value)
	}
	if err == nil {
		_, err = p.shared.WriteAt(binary.NativeEndian.AppendUint64(nil, c.Matched), stateMatched)
		p.matched = c.Matched
	}
	if err != nil {
		return fmt.Errorf("make the state: %w", err)
	}
	if p.reader, err = ringbuf.NewReader(p.ring); err != nil {
		return fmt.Errorf("read the ring of records: %w", err)
	}
	p.reader.SetDeadline(time.Unix(1, 0)) // never wait
	p.parts = parts{ring: p.ring.FD(), state: p.state.FD(), addr: c.Addr, size: len(c.Value), depth: max(c.Stack, 1),
		calls: true, fsBase: -1, goroutines: c.Goroutines, filter: c.Filter, every: c.Every, only: c.Count, helper: c.helper}
	if p.parts.depth > 1 {
		if p.piece, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_piece", Type: ebpf.PerCPUArray, KeySize: 4, ValueSize: walkPiece, MaxEntries: 1}); err != nil {
			return fmt.Errorf("make room for pieces of stacks: %w", err)
		}
		p.parts.piece = p.piece.FD()
	}
	if p.parts.namespace, err = bpfhit.OwnNamespace(); err != nil {
		return err
	}
	if c.Goroutines.Known {
		p.parts.fsBase = bpfhit.FSBase()
	}
	if p.prog, err = p.parts.load(); err != nil {
		return fmt.Errorf("load the program: %w", err)
	}
	return nil
}

// load loads the program, without what the kernel refuses that it can do without: the
// numbers of system calls come with Linux 5.15 and a kernel that tells its types, and one
// that is locked down lets no program read its memory (LOCKDOWN_BPF_READ_KERNEL in
// include/linux/security.h). Should its verifier not see that the stack is read within
// bounds, the kernel reads that itself.
func (p *parts) load() (prog *ebpf.Program, err error) {
	all := *p
	if prog, err = p.loadWhatMayBe(); err == nil || !all.walks() {
		return prog, err
	}
	*p = all
	p.helper = true
	if prog, err1 := p.loadWhatMayBe(); err1 == nil {
		return prog, nil
	}
	return nil, err
}

func (p *parts) loadWhatMayBe() (prog *ebpf.Program, err error) {
	for _, without := range []func(){func() {}, func() { p.calls = false }, func() { p.fsBase = -1 }} {
		without()
		prog, err1 := newProgram(p)
		if err1 == nil {
			return prog, nil
		}
		if err == nil {
			err = err1 // of all that is asked for
		}
	}
	return nil, err
}

func newProgram(p *parts) (*ebpf.Program, error) {
	return ebpf.NewProgram(&ebpf.ProgramSpec{Name: "argus_record", Type: ebpf.PerfEvent, License: "GPL", Instructions: code(p)})
}

// arm opens the events.
func (p *program) arm(c *Config) error {
	kernel := perf.Probe().Kernel == nil
	for _, tid := range c.Threads {
		for _, point := range c.Points {
			e, err := perf.Open(tid, point, perf.Options{Kernel: kernel, Inherit: true, Disabled: true})
			if errors.Is(err, perf.ErrGone) {
				break
			}
			if err != nil {
				return err
			}
			p.events = append(p.events, e)
			if err := e.SetBPF(p.prog.FD()); err != nil {
				return err
			}
		}
	}
	return p.events.enable()
}

func (p *program) next(r *Record) bool {
	for p.reader.AvailableBytes() > 0 {
		if p.reader.ReadInto(&p.raw) != nil {
			return false // the deadline, in the past: there is nothing more
		}
		if len(p.raw.RawSample) >= int(p.parts.recordSize()) {
			p.decode(r, p.raw.RawSample)
			return true
		}
	}
	return false
}

func (p *program) decode(r *Record, b []byte) {
	word := func(at int) uint64 { return binary.NativeEndian.Uint64(b[at:]) }
	flags := word(atFlags)
	r.Time, r.TID, r.Addr = int64(word(atTime)), int(int32(word(atIDs))), word(atAddr)
	r.Kernel, r.HasValues = flags&flagKernel != 0, flags&flagNoValues == 0
	r.Doubtful = flags&flagDoubt != 0
	r.Goroutine, r.StartPC = int64(word(atID)), word(atStart)
	r.Call, r.Top = int(int64(word(atCall))), word(atTop)
	n := 8 * p.parts.words()
	copy(r.Old[:], b[atOld:][:n])
	copy(r.New[:], b[atNew:][:n])
	r.Depth = min(max(int(int64(word(atLength)))/8, 0), p.parts.depth)
	for i := range r.Depth {
		r.Stack[i] = word(atStack + 8*i)
	}
	if r.HasRegs = !r.Kernel; r.HasRegs {
		fromContext(&r.Regs, b[atContext:])
		r.PC = word(atPC)
		if r.Depth == 0 || r.Stack[0] != r.PC {
			r.Stack[0], r.Depth = r.PC, 1
		}
		return
	}
	r.PC = 0 // that of the kernel is nobody's business
	if r.Depth > 0 {
		r.PC = r.Stack[0]
	}
}

// goroutines is whether records have them.
func (p *program) goroutines() bool { return p.parts.fsBase >= 0 && p.parts.goroutines.Known }

func (p *program) stop() error {
	total, err := p.events.stop()
	p.total, p.ended = total, err == nil
	return err
}

func (p *program) counts() Counts {
	c := Counts{Filtered: p.counter(stateFiltered), Lost: p.counter(stateLost)}
	if c.Matched = p.counter(stateMatched); !p.parts.counts() {
		c.Matched = p.matched + c.Lost + p.counter(stateRecorded)
	}
	if seen := c.Filtered + p.counter(stateRecorded); p.ended && p.total > seen {
		c.Lost = p.total - seen
	}
	return c
}

func (p *program) counter(offset int64) uint64 {
	var b [8]byte
	if p.shared == nil {
		return 0
	}
	if _, err := p.shared.ReadAt(b[:], offset); err != nil {
		return 0 // offset is within the map
	}
	return binary.NativeEndian.Uint64(b[:])
}

func (p *program) close() error {
	var errs []error
	if p.reader != nil {
		errs = append(errs, p.reader.Close())
	}
	// The memory of the state is unmapped when collected.
	return errors.Join(append(errs, p.prog.Close(), p.ring.Close(), p.state.Close(), p.piece.Close())...)
}
