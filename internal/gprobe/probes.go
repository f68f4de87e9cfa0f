package gprobe

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
)

// what is what errors of Open are about.
const what = "goroutine switches that are told of by the kernel"

// since is the version of Linux from which on uprobe_multi links are met by all threads of a
// process: in 6.6, which brought them, they were met by its leading thread alone, which went
// unnoticed (commit 46ba0e49b642).
const since, sinceMajor, sinceMinor = "6.10", 6, 10

// maxWanted is how many goroutines can be asked for at a time.
const maxWanted = 1 << 16

// Place is an instruction with a probe.
type Place struct {
	Offset uint64 // in the executable file
	// Argument: the goroutine is that of which the field at Gobuf of its runtime.g is the
	// argument in memory of the call there. Otherwise it is the thread's own, in R14.
	Argument bool
	// Always: a thread stops there wherever the goroutine is said to stay.
	Always bool
}

// Config says where the probes are.
type Config struct {
	PID    int
	Path   string // of the executable file
	Places []Place
	Gobuf  uint64 // where runtime.g has its field sched
}

// Probes are on one process.
type Probes struct {
	wanted, counts *ebpf.Map
	programs       []*ebpf.Program
	links          []link.Link
}

// Open places the probes. The error is a [*bpfhit.PermissionError] or a
// [*bpfhit.UnsupportedError] if it is about the machine.
func Open(c Config) (*Probes, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	p := &Probes{}
	if err := p.open(c); err != nil {
		_ = p.Close() // the first error counts
		return nil, bpfhit.Explain(what, since, err)
	}
	return p, nil
}

// Supported reports why there can be no probes on this machine, whoever asks, as a
// [*bpfhit.UnsupportedError].
func Supported() error {
	if !supported {
		return &bpfhit.UnsupportedError{What: what, Reason: "the kernel is not known to execute calls for the thread on this architecture"}
	}
	if major, minor := kernel(); major < sinceMajor || major == sinceMajor && minor < sinceMinor {
		return &bpfhit.UnsupportedError{What: what, Reason: fmt.Sprintf("they need Linux %s or later, and this is %d.%d", since, major, minor)}
	}
	return nil
}

// kernel is the version of Linux.
func kernel() (major, minor int) {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return 0, 0
	}
	_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor) // what is not there is 0
	return major, minor
}

func (p *Probes) open(c Config) (err error) {
	_ = rlimit.RemoveMemlock() // before Linux 5.11; if it cannot be raised the kernel says so below
	if p.wanted, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_wanted", Type: ebpf.Hash, KeySize: 8, ValueSize: 8,
		MaxEntries: maxWanted, Flags: unix.BPF_F_NO_PREALLOC}); err != nil {
		return fmt.Errorf("make the table of goroutines: %w", err)
	}
	if p.counts, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_counts", Type: ebpf.Array, KeySize: 4, ValueSize: countsSize, MaxEntries: 1}); err != nil {
		return fmt.Errorf("make the counters: %w", err)
	}
	file, err := link.OpenExecutable(c.Path)
	if err != nil {
		return err
	}
	namespace, err := bpfhit.OwnNamespace()
	if err != nil {
		return err
	}
	kinds := map[Place][]uint64{} // offsets by the rest
	for _, at := range c.Places {
		kind := Place{Argument: at.Argument, Always: at.Always}
		kinds[kind] = append(kinds[kind], at.Offset)
	}
	for kind, offsets := range kinds {
		prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Name: "argus_switch", Type: ebpf.Kprobe, AttachType: ebpf.AttachTraceUprobeMulti, License: "GPL",
			Instructions: code(parts{wanted: p.wanted.FD(), counts: p.counts.FD(), blocked: bpfhit.TaskField("blocked"), argument: kind.Argument, always: kind.Always, gobuf: c.Gobuf, namespace: namespace})})
		if err != nil {
			return fmt.Errorf("load the program: %w", err)
		}
		p.programs = append(p.programs, prog)
		l, err := file.UprobeMulti(nil, prog, &link.UprobeMultiOptions{Addresses: offsets, PID: uint32(c.PID)})
		if err != nil {
			return fmt.Errorf("place the probes: %w", err)
		}
		p.links = append(p.links, l)
	}
	return nil
}

// Want has threads stop for the goroutine whose runtime.g is at g, all but the one with the
// id stays, if that is not 0.
func (p *Probes) Want(g uint64, stays int) error {
	if err := p.wanted.Put(g, uint64(stays)); err != nil {
		return fmt.Errorf("ask for a goroutine: %w", err)
	}
	return nil
}

// Unwant ends that. It is no error if it was not so.
func (p *Probes) Unwant(g uint64) error {
	if err := p.wanted.Delete(g); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("ask no more for a goroutine: %w", err)
	}
	return nil
}

// Passed is how often a probe was met, and Missed how often a thread may not have stopped
// as it should have.
func (p *Probes) Passed() uint64 { return p.count(countPassed) }

// Missed is how often a thread may not have stopped as it should have.
func (p *Probes) Missed() uint64 { return p.count(countMissed) }

func (p *Probes) count(at int) uint64 {
	var b [countsSize]byte
	if err := p.counts.Lookup(uint32(0), &b); err != nil {
		return 0 // it is closed
	}
	return binary.NativeEndian.Uint64(b[at:])
}

// Close takes the probes out.
func (p *Probes) Close() error {
	var errs []error
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	for _, prog := range p.programs {
		errs = append(errs, prog.Close())
	}
	for _, m := range []*ebpf.Map{p.wanted, p.counts} {
		if m != nil {
			errs = append(errs, m.Close())
		}
	}
	p.links, p.programs = nil, nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("take out the probes: %w", err)
	}
	return nil
}
