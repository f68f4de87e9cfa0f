package record

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf/asm"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/bpfhit"
)

// Method is how hits are recorded.
type Method string

// Methods.
const (
	Auto    Method = ""        // by BPF where that is permitted
	BPF     Method = "bpf"     // with values and goroutines
	Samples Method = "samples" // without
)

// Config is what a [Recorder] records.
type Config struct {
	Threads []int        // all of the process
	Points  []hwbp.Point // that cover the value
	Addr    uint64       // of the value
	Value   []byte       // what it is now, 1 to MaxValue bytes
	Stack   int          // how many frames, 0 to MaxStack
	// Goroutines is where the program has them, if it is one of Go.
	Goroutines Goroutines
	// Filter judges each hit before it is recorded: see [Filter]. It needs BPF.
	Filter Filter
	// Every records each n-th of the hits that the filter lets through, and counts the others
	// among the filtered; 0 and 1 are all. It needs BPF, and one point: the hits of several
	// would be counted, and not the writes.
	Every uint64
	// Count records only those of which it is true how many they are, with Matched, of what the
	// filter lets through. With Every both must agree. It needs what that does.
	Count   bpfhit.Comparison
	Matched uint64
	// RingSize is how many bytes there are for records that were not read yet, by BPF; a
	// power of two, 0 for the default.
	RingSize uint32

	helper bool // for tests: stacks are left to the kernel's helper
}

// Filter is instructions of a BPF program that go on behind their end for what is to be
// recorded, and to the label [FilterNo] for what is not; if they cannot tell, to
// [FilterFault]: the record is then made, and says so. R6 has the context of the event and
// must keep it. The value is known where the filter begins.
type Filter = asm.Instructions

// Labels of a [Filter].
const (
	FilterNo    = "dropped"
	FilterFault = "doubtful"
)

// Offsets on the stack of what a [Filter] may look at: the value before and after, with
// zeros behind its end up to a whole word; the goroutine's id or [Unknown]; the thread's id
// in the low half of a word. Below FilterFree the stack is the filter's.
const (
	FilterOld       int16 = slotOld
	FilterNew       int16 = slotNew
	FilterGoroutine int16 = slotID
	FilterThread    int16 = slotIDs
	FilterFree      int16 = slotAny
)

// source is where records come from. The Recorder's lock is held.
type source interface {
	next(r *Record) bool
	stop() error
	counts() Counts // without Records
	close() error
}

// Recorder records writes. See the package comment.
type Recorder struct {
	method Method
	why    error

	mu      sync.Mutex
	source  source // guarded by mu, as all below; nil when closed
	last    Counts // when it was closed
	stopped bool
	records uint64
	merge   merger
}

// Open begins to record. All threads of the process are stopped. With [Auto] the
// Recorder's Why says what spoke against BPF; the errors are those of perf.Open, and with
// [BPF] a [*bpfhit.PermissionError] or a [*bpfhit.UnsupportedError] too.
func Open(c Config, m Method) (*Recorder, error) {
	switch {
	case len(c.Value) < 1 || len(c.Value) > MaxValue:
		return nil, fmt.Errorf("a value of %d bytes cannot be recorded: 1 to %d can", len(c.Value), MaxValue)
	case c.counts() && len(c.Points) != 1:
		return nil, errors.New("writes of a value that takes several debug registers cannot be counted in the kernel")
	case c.Stack < 0 || c.Stack > MaxStack:
		return nil, fmt.Errorf("%d frames of the stack: there are 0 to %d", c.Stack, MaxStack)
	}
	r := &Recorder{method: m, merge: merger{on: len(c.Points) > 1}}
	if m != Samples {
		s, err := openProgram(&c)
		if err == nil {
			r.source, r.method = s, BPF
			return r, nil
		}
		var denied *bpfhit.PermissionError
		var lacking *bpfhit.UnsupportedError
		if m == BPF || c.selective() || !errors.As(err, &denied) && !errors.As(err, &lacking) {
			return nil, err
		}
		r.why = err
	}
	if c.selective() {
		return nil, errors.New("only BPF programs have filters")
	}
	s, err := openSamples(&c)
	if err != nil {
		return nil, err
	}
	r.source, r.method = s, Samples
	return r, nil
}

// selective is whether not all hits are to be recorded.
func (c *Config) selective() bool { return c.Filter != nil || c.counts() }

func (c *Config) counts() bool { return c.Every > 1 || c.Count.Op != "" }

// Method says how it records.
func (r *Recorder) Method() Method { return r.method }

// Goroutines reports whether records say which goroutine wrote.
func (r *Recorder) Goroutines() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, is := r.source.(*program)
	return is && p.goroutines()
}

// Why is what spoke against BPF, if it was not asked for something else.
func (r *Recorder) Why() error { return r.why }

// Next takes the next record, if there is one, in the order in which they were made. It
// never waits.
func (r *Recorder) Next(into *Record) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.source != nil && r.source.next(into) {
		if !r.merge.more(into) {
			r.records++
			return true
		}
	}
	return false
}

// Counts says how it goes.
func (r *Recorder) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts()
}

func (r *Recorder) counts() Counts {
	c := r.last
	if r.source != nil {
		c = r.source.counts()
	}
	c.Records = r.records
	return c
}

// Stop ends recording and gives the slots back. What was recorded can still be read. The
// second Stop does nothing.
func (r *Recorder) Stop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stop()
}

func (r *Recorder) stop() error {
	if r.stopped {
		return nil
	}
	r.stopped = true
	return r.source.stop()
}

// Close stops, and gives up what was not read. The second Close does nothing.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.source == nil {
		return nil
	}
	err := errors.Join(r.stop(), r.source.close())
	r.last = r.source.counts()
	r.source = nil
	if err != nil {
		return fmt.Errorf("close a recorder: %w", err)
	}
	return nil
}
