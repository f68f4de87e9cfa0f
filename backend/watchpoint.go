package backend

import (
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
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
	global  bool   // expr is a package and its variable
	group   *Group // nil: on its own
	whole   *whole // nil: it is plain memory
	entry   *lanes.Entry
	former  []*lanes.Entry   // what it was before its stack moved
	local   *local           // nil: it is on no stack
	context *gcontext        // with whose goroutine it ends; nil: with none
	own     int64            // the goroutine that it is on for alone, which is context's; 0: it is on all threads, or on one
	call    *call            // that its memory is watched for; nil: it is no WatchLocal's
	chosen  *chosen          // goroutines that it is about; nil: all
	object  *object          // of the heap, with which it ends; nil: with none
	stopper *proc.Breakpoint // what Delve stops for; nil: it has not yet
	when    *cond.Condition  // what If was given, for this one alone or for many; nil: always
	last    []byte           // the value after the last hit, as the hit tells it
	seen    []byte           // the value in memory when it was last read
	now     []byte           // room to read into, for this one alone or for many

	kernel  *kernelFilter   // nil: every hit stops the thread that makes it
	learned map[uint64]bool // the places of which the kernel knows how they write

	unswapped error // why it is not its goroutine's own, which it should be

	mu      sync.Mutex // guards what follows
	ended   bool
	hits    uint64
	matched uint64 // those that met the condition, unless the kernel counts them
	// filtered are hits that stopped nobody, which former filters have counted.
	filtered  uint64
	inKernel  bool
	notKernel error // why the kernel does not decide; nil: it does, or there is nothing to
	told      uint64
	lost      uint64
	unseen    uint64
	switched  string // how it is known where the goroutine runs that it is on for
	selected  string // where it is decided who is meant; "": everybody is
	others    uint64 // by goroutines that it is not for
	untold    bool   // a change of a parked goroutine's variable has been seen, and not been told of
	strayed   uint64 // times that its page was open for somebody who could not be stopped
	gone      bool   // its memory was found unmapped
	// unguarded: its page has lost its guard.
	unguarded bool
	reason    string
	end       *End
	caveat    string // what would not be noticed
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

// Whole reports whether it is on an object: a variable with everything that belongs to its
// value, as the elements of a slice. Only page guards watch that.
func (w *Watchpoint) Whole() bool { return w.whole != nil }

// Slots is how many debug registers of each thread the watchpoint takes.
func (w *Watchpoint) Slots() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.entry.Points)
}

func (w *Watchpoint) lose() {
	w.mu.Lock()
	w.lost++
	w.mu.Unlock()
}

// close notes why the watchpoint ended.
func (w *Watchpoint) close(reason string) {
	w.dropFilter()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		if w.ended, w.reason = true, reason; reason == "" && w.end != nil {
			w.reason = w.end.Reason
		}
	}
}
