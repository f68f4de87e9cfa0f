package guard

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/uffd"
	"github.com/argusdbg/argus/ptrace"
)

// world is what the threads of the process do.
type world uint8

const (
	running  world = iota
	stopping       // StopAll or StopOthers is under way
	stopped        // but for those that are spared
)

// Guard guards pages of one process. See the package comment for who may call what.
type Guard struct {
	// Reads reports whether a debug register is to see reads of some of these bytes, or may:
	// then the thread itself has to read them. nil: none is. It is called on the tracer's
	// thread.
	Reads func(addr, size uint64) bool
	// Writes reports whether somebody who is told by the processor alone is to see writes of
	// some of these bytes: then the thread itself has to make them. The rest is as for Reads.
	Writes func(addr, size uint64) bool

	tracees *ptrace.Tracees
	proc    *ptrace.Process
	size    uint64 // of a page
	eyes    eyes
	wake    int           // an eventfd: the poller is to look at the clock, or to end
	ended   chan struct{} // the poller has ended
	room    room          // of the tracer's thread

	mu     sync.Mutex
	fd     uffd.FD           // guarded by mu; -1: closed
	inbox  []uffd.Msg        // guarded by mu: read, and not looked at yet
	pages  map[uint64]*page  // guarded by mu
	world  world             // guarded by mu
	waits  map[int]*fault    // guarded by mu: who waits to be let through, by thread
	aside  int               // guarded by mu: a thread that executes one instruction while others run, or 0
	alone  map[int]bool      // guarded by mu: threads that run while no other does: their faults are let through at once
	from   map[int]where     // guarded by mu: what those of alone were let go from
	passed map[int][]uint64  // guarded by mu: where those of alone were let through
	open   map[uint64]bool   // guarded by mu: pages that are open while alone is not empty
	kept   uint64            // guarded by mu: a page that is open for several steps, or 0
	inside map[int]*call     // guarded by mu: who sleeps in a call that has written to a page, spared by stops
	spared map[int]bool      // guarded by mu: threads that the stop which is under way leaves running
	lent   map[uint64]lender // guarded by mu: pages that are open while others run
	told   []Write           // guarded by mu: yet to be told
	dozing map[int][]uint64  // guarded by mu: threads that waited for a lock of the kernel's while pages were open, and these
	trap   *trap             // guarded by mu: of a call that was let through while everybody waits, or nil
	late   *fault            // guarded by mu: whose trap was taken out, and who may have been there
	pc     uint64            // guarded by mu: of the instruction that is being stepped
	round  round             // guarded by mu: the last of its kind
	stats  Stats             // guarded by mu

	knocked time.Time // guarded by mu: when the tracer's thread was asked to come
	knocks  int       // guarded by mu: how often, since everything ran
}

// lender says until when a page is open while everybody runs.
type lender struct {
	addr  uint64 // that was to be written
	until time.Time
	tid   int // or until this thread has ended, if not 0
}

// Stats counts what has happened.
type Stats struct {
	Pages    int    // that are guarded now
	Faults   uint64 // of user code
	Emulated uint64 // those of them whose instructions were not executed by their threads
	Calls    uint64 // of system calls, let through
	Unseen   uint64 // times that a page was open while others ran
	Stopped  uint64 // times that Serve was called with something to do
}

// wanted are the features without which there is no guard, and welcome those that it does
// better with.
const (
	wanted  = uffd.PagefaultFlagWP | uffd.ThreadID | uffd.ExactAddress | uffd.WPUnpopulated
	welcome = uffd.WPHugetlbfsShmem | uffd.EventRemove | uffd.EventUnmap | uffd.EventRemap
)

// Open makes a Guard for a process. All its threads are stopped, and th is one of them: it
// makes two system calls, and is put back as it was. The error is a [*NotPermittedError] or
// [*NotSupportedError] if the machine, the kernel or the process forbids it.
func Open(tracees *ptrace.Tracees, th *ptrace.Thread) (_ *Guard, err error) {
	g := &Guard{
		tracees: tracees, proc: th.Proc, size: uint64(os.Getpagesize()), fd: -1, wake: -1, world: stopped,
		ended: make(chan struct{}), pages: map[uint64]*page{}, waits: map[int]*fault{}, alone: map[int]bool{},
		passed: map[int][]uint64{}, from: map[int]where{}, open: map[uint64]bool{}, inside: map[int]*call{}, lent: map[uint64]lender{}, spared: map[int]bool{}, dozing: map[int][]uint64{},
	}
	defer func() {
		if err != nil {
			g.discard()
			err = fmt.Errorf("guard pages: %w", typed(err))
		}
	}()
	if g.fd, err = uffd.Fetch(tracees, th, uffd.AllFaults); err != nil {
		return nil, err
	}
	if g.fd.Handshake(wanted|welcome) != nil {
		if err := g.fd.Handshake(wanted); err != nil {
			return nil, &uffd.NotSupportedError{Reason: "write protection with thread ids and exact addresses needs Linux 6.4 or later", Err: err}
		}
	}
	if g.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return nil, err
	}
	g.eyes = look(th.Proc.PID)
	th.Proc.SetWarden(g)
	go g.poll(g.fd)
	return g, nil
}

func (g *Guard) discard() {
	if g.fd >= 0 {
		_ = g.fd.Close()
	}
	if g.wake >= 0 {
		_ = unix.Close(g.wake)
	}
}

// Close opens all pages and puts back the mappings that were replaced: the process is as it
// was. All threads are stopped, unless the process has ended.
func (g *Guard) Close() error {
	g.mu.Lock()
	if g.fd < 0 {
		g.mu.Unlock()
		return nil
	}
	var all []uint64
	for addr := range g.pages {
		all = append(all, addr)
	}
	g.mu.Unlock()
	slices.Sort(all)
	err := g.free(all)
	g.proc.SetWarden(nil)

	g.mu.Lock()
	fd := g.fd
	g.fd, g.waits, g.told, g.pages = -1, map[int]*fault{}, nil, map[uint64]*page{}
	g.mu.Unlock()
	g.ring()
	<-g.ended
	g.eyes.close()
	return errors.Join(err, fd.Close(), unix.Close(g.wake))
}

// Covers reports whether some of a range lies on pages that are guarded: a write there
// waits. Any goroutine may call it.
func (g *Guard) Covers(addr, size uint64) bool {
	start, end, ok := g.bounds(addr, size)
	if !ok {
		return true // nobody knows
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for pg := start; pg != end; pg += g.size {
		if p := g.pages[pg]; p != nil && !p.lost {
			return true
		}
	}
	return false
}

// Stats returns what has happened so far. Any goroutine may call it.
func (g *Guard) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Pages = len(g.pages)
	return s
}

// Add guards the pages that a range lies in; ranges may share pages. All threads are
// stopped. Pages of a private file mapping (.data) are replaced by a copy in place first.
// The error is a [*ConflictError], [*NotSupportedError], [*NotPermittedError], ErrGone or
// ErrClosed; nothing is guarded then that was not before.
func (g *Guard) Add(addr, size uint64) error {
	start, end, ok := g.bounds(addr, size)
	if !ok {
		return fmt.Errorf("guard %d bytes at %#x: no such range", size, addr)
	}
	g.mu.Lock()
	if g.fd < 0 {
		g.mu.Unlock()
		return ErrClosed
	}
	var fresh []uint64
	for a := start; a != end; a += g.size {
		if pg := g.pages[a]; pg != nil {
			pg.users++
		} else {
			fresh = append(fresh, a)
		}
	}
	g.mu.Unlock()
	for done := 0; done < len(fresh); {
		n := run(fresh[done:], g.size)
		if err := g.guard(fresh[done], uint64(n)*g.size); err != nil {
			err = errors.Join(err, g.remove(start, fresh[done]), g.uncount(fresh[done], end, fresh[done:]))
			return fmt.Errorf("guard %d bytes at %#x: %w", size, addr, err)
		}
		done += n
	}
	return nil
}

// Remove takes back an Add of the same range. All threads are stopped.
func (g *Guard) Remove(addr, size uint64) error {
	start, end, ok := g.bounds(addr, size)
	if !ok {
		return nil
	}
	return g.remove(start, end)
}

func (g *Guard) remove(start, end uint64) error {
	return g.free(g.drop(start, end))
}

// uncount takes back what Add counted on pages that were guarded before.
func (g *Guard) uncount(start, end uint64, fresh []uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := start; a != end; a += g.size {
		if pg := g.pages[a]; pg != nil && !slices.Contains(fresh, a) {
			pg.users--
		}
	}
	return nil
}
