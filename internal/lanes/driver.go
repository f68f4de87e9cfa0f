package lanes

import (
	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
)

// maxSlots is as many slots as a thread has on any architecture (arm64 has up to 16).
const maxSlots = 16

// driver arms the slots of threads. Its methods, and those of what it opens, run on
// the tracer's thread, unless moves is set: set may then be called from any.
type driver interface {
	name() string

	// moves reports whether sets are changed while the thread runs.
	moves() bool

	// open prepares a thread, which is stopped.
	open(th *ptrace.Thread) arms
}

// arms are the debug registers of one thread.
type arms interface {
	// set makes the slots hold want; a point of Len 0 is an empty slot. usable is
	// the slots that the thread has for us when it fails with errShort. Slots of a thread
	// on which nothing is wanted are given back, unless keep is set: they are wanted again
	// soon.
	set(want *[maxSlots]hwbp.Point, keep bool) (usable uint16, err error)

	// fired tells of a stopped thread which slots were hit since it was last asked.
	fired(info *ptrace.Siginfo) (shot, error)

	// left tells of hits of a thread that will not stop for them any more.
	left() shot

	// close empties the slots. The thread is stopped, or gone.
	close() error
}

// shot is what a thread's stop says of its slots. Its slices are valid until the next.
type shot struct {
	now    uint16       // slots of which the point was hit, a bit for each
	late   []hwbp.Point // that were hit before their slots were changed
	missed []missed     // hits of which only the number is known

	// deferred: the thread did not stop behind the instruction, since it blocked the
	// signal (FACTS B9).
	deferred bool
	// call: it was the kernel's access, for the system call at the end of which the
	// thread is.
	call bool
	// unknown: a debug exception without a cause (ptrace.TrapUnknown). It may have been
	// any point that is armed, or one of late.
	unknown bool
	// foreign: the stop is none of ours. The program is to be given its signal.
	foreign bool
}

// missed is a number of hits of a point.
type missed struct {
	point hwbp.Point
	n     uint64
}
