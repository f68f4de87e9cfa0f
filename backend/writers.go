package backend

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// WritersOptions are Writers'.
type WritersOptions struct {
	Last  int    // how many are kept, 1 or more
	If    string // only of writes at which this is true: see [If]
	Stack int    // frames of each, 0 to MaxTraceStack
	Scope *Scope // where expressions are evaluated; nil: in the selected goroutine
}

// Writers are the last writers of some memory.
type Writers struct {
	trace *Trace      // nil: it is a watchpoint
	watch *Watchpoint // nil: it is a trace
	why   error       // no trace
	read  chan struct{}

	mu    sync.Mutex
	ring  []*Record // guarded by mu, as all below
	next  int
	total uint64
}

// WritersStats say what is known of all the writes, of which some are kept.
type WritersStats struct {
	Writes uint64 // that met the condition
	Lost   uint64 // of which nothing is known, met or not
	Unseen uint64 // how often the value was found changed without any write that was seen
	// ByTrace: the program is not stopped. Why is what spoke against that.
	ByTrace bool
	Why     error
}

// Writers begins to keep the last writers of what expr denotes. Where BPF is permitted it is a
// [Trace], which does not stop the program, and otherwise, or if what is written lies on a stack
// or there is no debug register for it, a watchpoint with [Report].
//
// The errors are those of [Session.Watch].
func (s *Session) Writers(ctx context.Context, expr string, o WritersOptions) (*Writers, error) {
	if o.Last < 1 {
		return nil, fmt.Errorf("%d writers of %s: keep one at least", o.Last, expr)
	}
	w := &Writers{ring: make([]*Record, o.Last), read: make(chan struct{})}
	var err error
	if w.trace, err = s.Trace(ctx, expr, TraceOptions{Method: TraceBPF, Stack: o.Stack, Scope: o.Scope, If: o.If}); err == nil {
		go w.follow()
		return w, nil
	}
	close(w.read)
	w.why = err
	opts := []WatchOption{Report(w.hit), If(o.If), WithStack(o.Stack)}
	if o.Scope != nil {
		opts = append(opts, InScope(o.Scope.Goroutine, o.Scope.Frame))
	}
	if w.watch, err = s.Watch(ctx, expr, Write, opts...); err != nil {
		return nil, err
	}
	return w, nil
}

// follow reads the trace to its end.
func (w *Writers) follow() {
	defer close(w.read)
	for r, err := range w.trace.Records(context.Background()) {
		if err != nil {
			return // it cannot end before the trace does
		}
		w.keep(r)
	}
}

// hit makes a record of a hit.
func (w *Writers) hit(h *Hit) {
	w.keep(&Record{Number: h.Number, Time: h.Time, Thread: h.Thread, Place: h.Place, PlaceErr: h.PlaceErr, Old: h.Old, New: h.New,
		OldKnown: true, NewKnown: true, Goroutine: h.Goroutine, GoroutineKnown: true, Call: h.Call, CondErr: h.CondErr, Stack: h.Stack})
}

func (w *Writers) keep(r *Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ring[w.next] = r
	w.next = (w.next + 1) % len(w.ring)
	w.total++
}

// Last returns the last writers, the oldest first. When the session has ended these are the
// last of all; before, a few milliseconds may be missing.
func (w *Writers) Last() []*Record {
	if w.trace != nil && w.trace.Over() {
		<-w.read
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []*Record
	for i := range w.ring {
		if r := w.ring[(w.next+i)%len(w.ring)]; r != nil {
			list = append(list, r)
		}
	}
	return list
}

// Expr is what Writers was given.
func (w *Writers) Expr() string {
	if w.trace != nil {
		return w.trace.Expr()
	}
	return w.watch.Expr()
}

// Type is the Go type of what is written.
func (w *Writers) Type() string {
	if w.trace != nil {
		return w.trace.Type()
	}
	return w.watch.Type()
}

// Stats may be called at any time.
func (w *Writers) Stats() WritersStats {
	st := WritersStats{ByTrace: w.trace != nil, Why: w.why}
	if w.trace != nil {
		if w.trace.Over() {
			<-w.read
		}
		of := w.trace.Stats()
		st.Lost, st.Unseen = of.Lost, of.Unseen
	} else {
		of := w.watch.Stats()
		st.Lost, st.Unseen = of.Lost, of.Unseen
	}
	w.mu.Lock()
	st.Writes = w.total
	w.mu.Unlock()
	return st
}

// Close keeps no more. What was kept stays.
func (w *Writers) Close(ctx context.Context) error {
	if w.trace == nil {
		return w.watch.Remove(ctx)
	}
	err := w.trace.Stop()
	<-w.read
	return errors.Join(err, w.trace.Close())
}
