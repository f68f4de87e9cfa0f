package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/record"
	"github.com/argusdbg/argus/ptrace"
)

// MaxTraceStack is how many frames a [Record] can have.
const MaxTraceStack = record.MaxStack

// TraceMethod is how a trace learns of writes.
type TraceMethod string

// Methods. TraceBPF needs the permission to load BPF programs; it knows the values and the
// goroutine of every write. TraceSamples knows the thread, the place and the stack, and
// values where the processor's registers tell them.
const (
	TraceAuto    TraceMethod = "" // BPF where it is permitted
	TraceBPF     TraceMethod = "bpf"
	TraceSamples TraceMethod = "samples"
)

// TraceOptions are Trace's.
type TraceOptions struct {
	Method TraceMethod
	Stack  int    // frames of the writing goroutine's stack, 0 to MaxTraceStack
	Scope  *Scope // where expressions are evaluated; nil: in the selected goroutine
	// If records only writes at which a Go expression is true: one about package variables
	// and what they lead to, old and new, runtime.curg.goid and runtime.threadid. The kernel
	// decides, at the write: it needs BPF. What it cannot decide is recorded, with
	// [Record.CondErr]. It knows what is in memory: where threads write at the same time that
	// can be another one's value, so that a write is left out, or recorded, with CondErr then, for
	// what the other has written.
	If string
	// Every records only each n-th of the writes at which If is true; 0 and 1 are all. It needs
	// BPF too, and a value that one debug register holds.
	Every uint64
	// HitCondition records only some of the writes at which If is true: see the function of
	// that name. With Every both must agree; it needs what that does.
	HitCondition string
	// Plain refuses, with an [*ExprError], what would not be told as truly as a watchpoint that
	// stops does: see traceplain.go.
	Plain bool
	// Replaces is a trace of the same memory, which stops in the moment in which this begins:
	// no write is in both or in neither. HitCondition counts on from there.
	Replaces *Trace
}

// Trace records every write of some memory without stopping the program.
type Trace struct {
	s         *Session
	w         *Watchpoint // what is traced; none of the session's
	slots     int         // that it takes of every thread
	rec       *record.Recorder
	began     int64 // CLOCK_MONOTONIC, ns
	start     time.Time
	reader    reader
	reading   sync.Mutex    // held by whoever takes records
	over      chan struct{} // closed when nothing is recorded any more
	unfounded atomic.Uint64 // hits that came without a cause
	unseen    atomic.Uint64 // how often the value had changed without a hit
	closed    atomic.Bool

	there, now []byte // values, see compare; guarded by Session.mu, as excused is
	excused    uint64 // how many of unfounded account for what has changed

	mu     sync.Mutex
	ended  bool      // guarded by mu, as all below
	err    error     // of ending it
	rate   float64   // records a second
	rateAt time.Time // when the rate was last found out
	rateN  uint64
}

// TraceStats says how a trace goes.
type TraceStats struct {
	Method TraceMethod // TraceBPF or TraceSamples
	// Why is what spoke against BPF; nil if nothing did, or if it was not asked for.
	Why     error
	Records uint64 // that were read
	// Lost are writes that left no record. Until the trace is over it is those of which the
	// kernel has said so.
	Lost uint64
	// Unseen is how often the value was found changed without a hit: where the program was
	// stopped, and at its end. The kernel wrote for a system call and may not be watched at that, or
	// another process did through shared memory, or the processor failed to report it (FACTS
	// A12a), several writes maybe. TraceSamples does not notice.
	Unseen uint64
	// Filtered are writes at which the condition was false, or that Every has left out. A
	// write of a value that takes several debug registers counts for each that it hits, here
	// and in Lost.
	Filtered uint64
	Matched  uint64 // writes at which the condition was true, those of traces that were replaced too
	// Throttled is how often the kernel has held recording back because there was too much
	// of it. Nobody knows what was written meanwhile.
	Throttled uint64
	Rate      float64 // records a second, lately
}

// Trace begins to record every write of what expr denotes, on all threads: see
// [Session.Watch] for what that can be. It takes as many debug registers of every thread as
// a watchpoint does. A program that runs is stopped for a moment, and not any more
// afterwards; threads that it starts are stopped for a moment at their beginning, as always
// in a session.
//
// Records are kept in memory until they are read ([Trace.Records]), of which there is
// enough for a tenth of a second at least: what finds no room is lost, and counted. The
// trace ends with the session, or by [Trace.Close].
//
// The errors are those of Watch. What lies on a stack cannot be traced: the runtime moves
// stacks. What a pointer leads to is traced as memory: if the collector frees it and gives
// it to something else, the writes of that are recorded.
func (s *Session) Trace(ctx context.Context, expr string, o TraceOptions) (*Trace, error) {
	if o.Stack < 0 || o.Stack > MaxTraceStack {
		return nil, fmt.Errorf("%d frames of the stack: there are 0 to %d", o.Stack, MaxTraceStack)
	}
	var method record.Method
	switch o.Method {
	case TraceAuto, "auto":
	case TraceBPF:
		method = record.BPF
	case TraceSamples:
		method = record.Samples
	default:
		return nil, fmt.Errorf("%q is not a way to trace: bpf or samples", o.Method)
	}
	var opts []WatchOption
	if o.Scope != nil {
		opts = append(opts, InScope(o.Scope.Goroutine, o.Scope.Frame))
	}
	w, err := s.newWatchpoint(expr, Write, append(opts, If(o.If), WithHitCondition(o.HitCondition)))
	if err != nil {
		return nil, err
	}
	t := &Trace{s: s, w: w, over: make(chan struct{})}
	err = s.do(ctx, func() error { return s.trace(t, method, &o) })
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (s *Session) trace(t *Trace, method record.Method, o *TraceOptions) error {
	w := t.w
	scope, err := s.prepare(w)
	if err != nil {
		return err
	}
	if _, _, local := s.onStack(w, scope); local {
		return &ExprError{Expr: w.expr, Reason: fmt.Sprintf("%s is on a stack, which the runtime moves: trace what is not, a package variable or what a pointer points to; watch takes both", w.expr)}
	}
	points, err := s.pointsOf(w, o.Replaces)
	if err != nil {
		return err
	}
	if o.Plain {
		if err := s.plain(w, scope, len(points)); err != nil {
			return err
		}
	}
	t.slots = len(points)
	value := make([]byte, w.size)
	if _, err := s.target.Memory().ReadMemory(value, w.addr); err != nil {
		return fmt.Errorf("trace %s: %w", w.expr, err)
	}
	if err := t.reader.prepare(s, w, value, o.Stack); err != nil {
		return fmt.Errorf("trace %s: %w", w.expr, err)
	}
	offsets := s.goroutines.Offsets()
	c := record.Config{Points: points, Addr: w.addr, Value: value, Stack: o.Stack, Every: o.Every, Count: w.count.compiled(),
		Goroutines: record.Goroutines{TLS: s.tlsG, ID: offsets.ID, StartPC: offsets.StartPC, M: offsets.M, Current: offsets.Current, Known: true}}
	if o.If != "" {
		if c.Filter, err = filterOf(o.If, scope, w); err != nil {
			return errors.Join(err, t.reader.mem.close())
		}
		if method == record.Samples {
			return errors.Join(fmt.Errorf("trace %s: only BPF programs have conditions", w.expr), t.reader.mem.close())
		}
	}
	for _, th := range s.target.ThreadList() {
		c.Threads = append(c.Threads, th.ThreadID())
	}
	if o.Replaces != nil {
		if err := o.Replaces.Stop(); err != nil {
			return errors.Join(fmt.Errorf("trace %s: %w", w.expr, err), t.reader.mem.close())
		}
		c.Matched = o.Replaces.rec.Counts().Matched
	}
	if t.rec, err = record.Open(c, method); err == nil {
		err = errors.Join(s.process.Untold(s.unfounded), s.process.Traced(s.tracedIn(w.of)))
	}
	if err == nil && o.Plain && !t.rec.Goroutines() {
		err = errNoGoroutines
	}
	if err != nil {
		if t.rec != nil {
			err = errors.Join(err, t.rec.Close())
		}
		return fmt.Errorf("trace %s: %w", w.expr, errors.Join(err, t.reader.mem.close()))
	}
	t.there, t.now = make([]byte, w.size), make([]byte, w.size)
	t.began = monotonic()
	t.start = timeOf(t.began)
	t.rateAt = t.start
	s.mu.Lock()
	s.traces = append(s.traces, t)
	s.mu.Unlock()
	return nil
}

// pointsOf is what slots have to hold for a trace, that may have those of another.
func (s *Session) pointsOf(w *Watchpoint, instead *Trace) ([]hwbp.Point, error) {
	points, err := hwbp.Cover(ptrace.Limits(), w.addr, uint64(w.size), hwbp.Write)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w", w.expr, err)
	}
	free, holders := s.process.Board().Free(0, true)
	s.mu.Lock()
	for _, t := range s.traces {
		if t.w.of == w.of && t != instead {
			free, holders = free-t.slots, append(holders, "the trace of "+t.w.expr)
		}
	}
	s.mu.Unlock()
	free = max(free, 0)
	if len(points) > free || w.size > record.MaxValue {
		return nil, &lanes.SlotsError{Name: w.expr, Want: len(points), Free: free, Slots: ptrace.Limits().Slots(hwbp.Write), Holders: holders, Pinned: true}
	}
	return points, nil
}

// unfounded takes in a debug exception without a cause: it was a hit of one of the traces.
func (s *Session) unfounded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.traces {
		t.unfounded.Add(1)
	}
	return len(s.traces) > 0
}

// tracedIn reports whether a program's traces are to see a write of some bytes.
func (s *Session) tracedIn(d *debuggee) func(addr, size uint64) bool {
	return func(addr, size uint64) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(s.traces, func(t *Trace) bool {
			return t.w.of == d && t.w.addr < addr+size && addr < t.w.addr+uint64(t.w.size)
		})
	}
}

// unrecorded takes in a debug exception without a cause that was a hit of some watchpoints:
// the traces of the same memory have no record of it.
func (s *Session) unrecorded(hit []*lanes.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.traces {
		if slices.ContainsFunc(hit, func(e *lanes.Entry) bool {
			w := e.Owner.(*Watchpoint)
			return t.w.of == w.of && t.w.addr < w.addr+uint64(w.size) && w.addr < t.w.addr+uint64(t.w.size)
		}) {
			t.unfounded.Add(1)
		}
	}
}

// endTraces ends those of a program, of all if d is nil: it is gone, or is about to be let
// go. Session.mu is held.
func (s *Session) endTraces(d *debuggee) {
	s.traces = slices.DeleteFunc(s.traces, func(t *Trace) bool {
		if d != nil && t.w.of != d {
			return false
		}
		t.end()
		return true
	})
}

// end records nothing more. What was recorded can still be read.
func (t *Trace) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		t.ended = true
		t.err = t.rec.Stop()
		close(t.over)
	}
}

// Over reports whether the trace has ended: what can still be read is all.
func (t *Trace) Over() bool { return t.isOver() }

// Began is when the trace began, which the times of its records count from.
func (t *Trace) Began() time.Time { return t.start }

// Expr is what Trace was given.
func (t *Trace) Expr() string { return t.w.expr }

// Type is the Go type of what is traced.
func (t *Trace) Type() string { return t.w.Type() }

// Addr is the address of its first byte, Size how many there are.
func (t *Trace) Addr() uint64 { return t.w.addr }

// Size is the number of bytes.
func (t *Trace) Size() int { return t.w.size }

// Stats says how it goes. It may be called at any time.
func (t *Trace) Stats() TraceStats {
	c := t.rec.Counts()
	st := TraceStats{Method: TraceMethod(t.rec.Method()), Why: t.rec.Why(), Records: c.Records, Lost: c.Lost + t.unfounded.Load(), Unseen: t.unseen.Load(), Filtered: c.Filtered, Matched: c.Matched, Throttled: c.Throttled}
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.rateAt) >= rateOver {
		t.rate = float64(st.Records-t.rateN) / now.Sub(t.rateAt).Seconds()
		t.rateAt, t.rateN = now, st.Records
	}
	st.Rate = t.rate
	return st
}

// rateOver is the time over which a rate is taken, at least.
const rateOver = 250 * time.Millisecond

// Stop ends the trace: debug registers are free again. What was recorded can still be read.
// It does not stop the program. The second Stop does nothing.
func (t *Trace) Stop() error {
	s := t.s
	s.mu.Lock()
	s.traces = slices.DeleteFunc(s.traces, func(o *Trace) bool { return o == t })
	s.mu.Unlock()
	t.end()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Close stops, and drops what was not read. Whoever reads comes to an end. The second Close
// does nothing.
func (t *Trace) Close() error {
	err := errors.Join(t.Stop(), t.rec.Close())
	t.closed.Store(true)
	return errors.Join(err, t.closeReader())
}

// closeReader closes what reading needs, unless somebody reads, who then does.
func (t *Trace) closeReader() error {
	if !t.closed.Load() || !t.reading.TryLock() {
		return nil
	}
	defer t.reading.Unlock()
	return t.reader.close()
}
