package backend

import (
	"bytes"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/lanes"
)

// Watchpoint is memory that is watched.
type Watchpoint struct {
	watchOptions

	s       *Session
	of      *debuggee // whose memory it is
	id      int
	expr    string
	access  Access
	typ     godwarf.Type
	addr    uint64
	size    int
	group   *Group // nil: on its own
	entry   *lanes.Entry
	former  []*lanes.Entry   // what it was before its stack moved
	anchor  *proc.Breakpoint // Delve's idea of it, if it is on a stack
	stopper *proc.Breakpoint // what Delve stops for
	last    []byte           // the value after the last hit, as the hit tells it
	seen    []byte           // the value in memory when it was last read
	now     []byte           // room to read into

	mu      sync.Mutex // guards what follows
	ended   bool
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

func (w *Watchpoint) lose() {
	w.mu.Lock()
	w.lost++
	w.mu.Unlock()
}

// close notes why the watchpoint ended.
func (w *Watchpoint) close(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended, w.reason = true, reason
	}
}

// compare looks whether the value in memory is the one that was there after the
// last hit. A thread that has written and not been heard yet would look like a writer
// unseen, so a difference counts when all threads are stopped and have been heard, or
// when the program ends; see Session.compareAll's callers.
func (w *Watchpoint) compare() {
	if _, err := w.of.target.Memory().ReadMemory(w.now, w.addr); err != nil {
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
