package kfilter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/bpfhit"
	"github.com/argusdbg/argus/internal/perf"
)

// what is what errors of [Load] are about.
const what = "conditions in the kernel"

// Config is what a [Filter] decides by.
type Config struct {
	Addr uint64 // of the value, which one slot watches
	Size int    // in bytes, 1 to 8
	// Value is what is there now, Matched how many hits have met the condition already.
	Value   []byte
	Matched uint64

	// Goroutine is the id of the one whose hits are meant, 0 for all: those of others are
	// counted, and stop nobody. Goroutines has to be known.
	Goroutine int64
	// Undecided: all that are meant stop. Condition, Every and Count mean nothing then.
	Undecided bool

	// Condition is instructions that go on behind their end if the condition is true, and
	// otherwise to [No] or [Fault]; nil: it is always true. They find values and ids where the
	// constants say, and leave R6 and R9 alone. AboutGoroutine and AboutThread are whether they
	// look at the ids.
	Condition                   asm.Instructions
	AboutGoroutine, AboutThread bool
	Goroutines                  bpfhit.Goroutines
	Every                       uint64            // each so many that meet the condition; 0 and 1 are all
	Count                       bpfhit.Comparison // and this is true of how many they are

	// Stop stops the thread (package kstop); nil: the event does, by SIGTRAP.
	Stop asm.Instructions
}

// Filter is the program and what it knows. See the package comment.
type Filter struct {
	size    int
	program *ebpf.Program
	state   *ebpf.Map
	shared  shared

	mu       sync.Mutex
	free     []int // indexes of events, guarded by mu, as all below
	next     int   // the first that was never used
	attached int   // how many are in use
	closed   bool
	final    [3]uint64 // filtered, matched and foreign, when the memory was given back
	gone     bool
}

// Load makes a filter. The error is a [*bpfhit.PermissionError] or a
// [*bpfhit.UnsupportedError] if it is about the machine.
func Load(c Config) (*Filter, error) {
	if !bpfhit.Supported {
		return nil, &bpfhit.UnsupportedError{What: what, Reason: "a BPF program would have the processor repeat the access for ever"}
	}
	if c.Size < 1 || c.Size > 8 || len(c.Value) != c.Size {
		return nil, fmt.Errorf("a value of %d bytes (%d given): there are 1 to 8", c.Size, len(c.Value))
	}
	if c.Goroutine != 0 && (!c.Goroutines.Known || bpfhit.FSBase() < 0) {
		return nil, &bpfhit.UnsupportedError{What: what, Reason: "the kernel does not tell which goroutine a thread runs"}
	}
	f := &Filter{size: c.Size}
	if err := f.load(c); err != nil {
		f.release()
		return nil, bpfhit.Explain(what, "5.15", err)
	}
	return f, nil
}

func (f *Filter) load(c Config) (err error) {
	_ = rlimit.RemoveMemlock() // before Linux 5.11; if it cannot be raised the kernel says so below
	f.state, err = ebpf.NewMap(&ebpf.MapSpec{Name: "argus_filter", Type: ebpf.Array, KeySize: 4, ValueSize: stateSize, MaxEntries: 1,
		Flags: unix.BPF_F_MMAPABLE})
	if err != nil {
		return fmt.Errorf("make the state: %w", err)
	}
	if f.shared, err = mapShared(f.state.FD()); err != nil {
		return err
	}
	f.SetLast(c.Value)
	f.shared.store(atMatched, c.Matched)
	p := parts{Config: c, state: f.state.FD(), fsBase: -1}
	if p.namespace, err = bpfhit.OwnNamespace(); err != nil {
		return err
	}
	if c.AboutGoroutine || c.Goroutine != 0 {
		p.fsBase = bpfhit.FSBase()
	}
	f.program, err = ebpf.NewProgram(&ebpf.ProgramSpec{Name: "argus_filter", Type: ebpf.PerfEvent, License: "GPL", Instructions: p.code()})
	if err != nil {
		return fmt.Errorf("load the program: %w", err)
	}
	return nil
}

// Last is the value that was found last.
func (f *Filter) Last(buf []byte) {
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], f.load64(atLast))
	copy(buf, b[:])
}

// SetLast says what the value is, for who finds it without the program.
func (f *Filter) SetLast(value []byte) {
	var b [8]byte
	copy(b[:], value)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.gone {
		f.shared.store(atLast, binary.NativeEndian.Uint64(b[:]))
	}
}

// Filtered is how many hits that are meant have stopped nobody.
func (f *Filter) Filtered() uint64 { return f.load64(atFiltered) }

// Foreign is how many hits by goroutines that are not meant have stopped nobody.
func (f *Filter) Foreign() uint64 { return f.load64(atForeign) }

// Matched is how many hits have met the condition, if they are counted.
func (f *Filter) Matched() uint64 { return f.load64(atMatched) }

// Match counts one hit that the program has not decided about and that meets the condition. It
// returns which of these it is.
func (f *Filter) Match() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.gone {
		f.final[1]++
		return f.final[1]
	}
	return f.shared.add(atMatched, 1)
}

func (f *Filter) load64(at int) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case !f.gone:
		return f.shared.load(at)
	case at == atFiltered:
		return f.final[0]
	case at == atMatched:
		return f.final[1]
	case at == atForeign:
		return f.final[2]
	}
	return 0
}

// Close gives the filter up, when it is attached to nothing any more. Its numbers stay. The
// second Close does nothing.
func (f *Filter) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.releaseUnused()
}

func (f *Filter) releaseUnused() {
	if f.closed && f.attached == 0 && !f.gone {
		f.release()
	}
}

// release closes what there is: errors would be about descriptors that are open.
func (f *Filter) release() {
	f.gone = true
	if f.shared.b != nil {
		f.final = [3]uint64{f.shared.load(atFiltered), f.shared.load(atMatched), f.shared.load(atForeign)}
		_ = f.shared.unmap()
	}
	_ = errors.Join(f.program.Close(), f.state.Close())
}

// Attachment is a filter on one event.
type Attachment struct {
	f      *Filter
	at     int
	passed uint64
}

// ErrFull says that a filter is on as many events as it can be.
var ErrFull = errors.New("a filter serves 1024 threads at most")

// Attach has the program run at the hits of an event that has none. If the event stops its
// thread by itself it must not have been enabled before. Close the event before the attachment.
func (f *Filter) Attach(e *perf.Event) (*Attachment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errors.New("the filter is closed")
	}
	index := f.next
	if n := len(f.free); n > 0 {
		index = f.free[n-1]
	} else if index == events {
		return nil, ErrFull
	}
	at := atEvents + eventSize*index
	for i := 0; i < eventSize; i += 8 {
		f.shared.store(at+i, 0)
	}
	if err := e.Link(f.program.FD(), uint64(index)); err != nil {
		return nil, err
	}
	if n := len(f.free); n > 0 {
		f.free = f.free[:n-1]
	} else {
		f.next++
	}
	f.attached++
	return &Attachment{f: f, at: at}, nil
}

// Filtered is how many hits of the event have stopped nobody.
func (a *Attachment) Filtered() uint64 { return a.f.shared.load(a.at + eventFiltered) }

// Verdict is what the program has said of a hit that has stopped the thread.
type Verdict struct {
	// Judged: the condition is true, and the count is one that is wanted. Otherwise that
	// remains to be judged.
	Judged bool
	// Old is the value before, in as many bytes as it has.
	Old [8]byte
}

// Take returns what the program has said of the last hit; false if it has not been asked since
// the last Take. The thread is stopped.
func (a *Attachment) Take() (v Verdict, asked bool) {
	n := a.f.shared.load(a.at + eventPassed)
	if n == a.passed {
		return v, false
	}
	a.passed = n
	v.Judged = a.f.shared.load(a.at+eventJudged) != 0
	binary.NativeEndian.PutUint64(v.Old[:], a.f.shared.load(a.at+eventOld))
	return v, true
}

// Close gives the place back that the event had. The event is closed.
func (a *Attachment) Close() {
	f := a.f
	f.mu.Lock()
	defer f.mu.Unlock()
	if a.at == 0 {
		return
	}
	f.free = append(f.free, (a.at-atEvents)/eventSize)
	f.attached--
	a.at = 0
	f.releaseUnused()
}
