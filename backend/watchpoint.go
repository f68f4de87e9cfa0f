package backend

import (
	"bytes"
	"sync"
	"time"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/watch"
)

// Coverage says what a watchpoint may have missed.
type Coverage string

// Coverages.
const (
	// Exact: on since it was set, on every thread. No access by the program's own
	// instructions was missed, and the value changed in no other way that was seen.
	Exact Coverage = "exact"
	// Partial: the value changed without a hit (the kernel wrote it for a system call,
	// or another process did through shared memory), or hits were lost.
	Partial Coverage = "partial"
	// Void: it was never armed while the program ran. Its count means nothing.
	Void Coverage = "void"
)

// Stats are a watchpoint's figures.
type Stats struct {
	Hits     uint64 // accesses that fired, reported or not
	Reported uint64 // those that met the condition and the count
	// Lost counts hits that are not told of: the thread was killed before it could be
	// read, or the processor did not say which of several watchpoints it was and
	// nothing else did.
	Lost uint64
	// Unseen counts how often the value was found changed without a hit.
	Unseen   uint64
	Enabled  time.Duration // wanted for that long
	Running  time.Duration // and really on
	Mode     string        // "exact"
	Driver   string        // what arms the registers: "ptrace"
	Coverage Coverage
	Reason   string // why Coverage is not Exact, or why the watchpoint ended
}

// Watchpoint is memory that is watched.
type Watchpoint struct {
	watchOptions

	s       *Session
	id      int
	expr    string
	access  Access
	typ     godwarf.Type
	addr    uint64
	size    int
	entry   *watch.Entry
	anchor  *proc.Breakpoint // Delve's idea of it, if it is on a stack
	stopper *proc.Breakpoint // what Delve stops for
	last    []byte           // the value after the last hit, as the hit tells it
	seen    []byte           // the value in memory when it was last read
	now     []byte           // room to read into

	mu      sync.Mutex // guards what follows
	armed   time.Time
	ended   time.Time // zero while it is set
	hits    uint64
	matched uint64 // those that met the condition
	told    uint64
	lost    uint64
	unseen  uint64
	reason  string
}

// ID is the watchpoint's number in its session.
func (w *Watchpoint) ID() int { return w.id }

// Expr is what Watch was given.
func (w *Watchpoint) Expr() string { return w.expr }

// Access is what it fires on.
func (w *Watchpoint) Access() Access { return w.access }

// Addr is the address of the first byte when the watchpoint was set.
func (w *Watchpoint) Addr() uint64 { return w.addr }

// Size is the number of bytes.
func (w *Watchpoint) Size() int { return w.size }

// Type is the Go type of what is watched.
func (w *Watchpoint) Type() string { return w.typ.String() }

// Stats returns the figures as they are now. They may be asked for at any time, from
// functions given to Report too.
func (w *Watchpoint) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	until := w.ended
	if until.IsZero() {
		until = time.Now()
	}
	st := Stats{Hits: w.hits, Reported: w.told, Lost: w.lost, Unseen: w.unseen,
		Enabled: until.Sub(w.armed), Mode: "exact", Driver: "ptrace", Coverage: Exact, Reason: w.reason}
	st.Running = st.Enabled // a slot of every thread is its own until it is removed
	switch {
	case w.unseen > 0:
		st.Coverage = Partial
		st.Reason = "the value changed without a hit: the kernel (a system call) or another process wrote it, " +
			"or a thread that was killed before its hit was heard"
	case w.lost > 0:
		st.Coverage = Partial
		st.Reason = "hits could not be told of: their threads were killed meanwhile, or the processor did not say what was hit"
	}
	return st
}

func (w *Watchpoint) lose() {
	w.mu.Lock()
	w.lost++
	w.mu.Unlock()
}

// close stops the clock.
func (w *Watchpoint) close(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended.IsZero() {
		w.ended, w.reason = time.Now(), reason
	}
}

// compare looks whether the value in memory is the one that was there after the
// last hit. A thread that has written and not been heard yet would look like a writer
// unseen, so a difference counts when all threads are stopped and have been heard, or
// when the program ends; see Session.compareAll's callers.
func (w *Watchpoint) compare() {
	if _, err := w.s.target.Memory().ReadMemory(w.now, w.addr); err != nil {
		return // the memory is no longer there
	}
	if bytes.Equal(w.now, w.seen) {
		return
	}
	copy(w.last, w.now)
	w.seen = append(w.seen[:0], w.now...)
	w.mu.Lock()
	w.unseen++
	w.mu.Unlock()
}
