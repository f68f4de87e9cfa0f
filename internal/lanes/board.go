package lanes

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// Names of drivers.
const (
	DriverPerf   = "perf"
	DriverSafe   = "perf-safe"
	DriverPtrace = "ptrace"
)

// DefaultSlice is how long a turn takes unless the caller says otherwise.
const DefaultSlice = 2 * time.Millisecond

// Options are a Board's.
type Options struct {
	Driver Driver
	Slice  time.Duration // of a turn; 0 is DefaultSlice
	// Adaptive gives larger shares to what misses something: see sched.Adaptive. There
	// are no estimates then.
	Adaptive bool
	// NoGuards leaves the program's pages alone: what finds no slots is refused.
	NoGuards bool
	// Stepping has the program execute one instruction at a time where there is neither a
	// slot nor a page guard for something: Guards sees to that (see Stepped).
	Stepping bool
	// Survive says that the program must outlive the debugger, however that ends.
	Survive bool
	// Guards opens the page guards of a process, when they are first needed: all its threads
	// are stopped. nil: there are none.
	Guards func() (Guards, error)
}

// Board is the watchpoints of one process and the slots of its threads.
type Board struct {
	tracees  *ptrace.Tracees
	proc     *ptrace.Process
	driver   driver
	slice    time.Duration
	adaptive bool

	mu     sync.Mutex
	sched  *sched.Scheduler
	pmu    *dataSlots
	groups []*group
	lanes  map[int]*lane

	goroutines map[int64]*sched.Task // those with contexts
	switches   uint64

	missed  []Missed  // of the last shot
	settled time.Time // when Times last brought everything up to date
	closed  bool
	err     error // what went wrong where nobody could be told
	rotator *rotator
	paused  bool   // the whole program is stopped
	tracer  *agent // nil unless the rotator has it set registers

	ungoverned bool // for tests: turns may cost what they like

	exactly

	scanner  *wpscan.Scanner
	proofErr error // why there is none
	scanErr  bool  // a scan failed
	fresh    bool  // all pages have just been scanned
}

// New returns a board for a process. It opens nothing before the first Add.
func New(g *ptrace.Tracees, p *ptrace.Process, o Options) *Board {
	b := &Board{tracees: g, proc: p, driver: o.Driver.d, slice: o.Slice, lanes: map[int]*lane{},
		goroutines: map[int64]*sched.Task{}, exactly: newExactly(o.Guards)}
	if b.driver == nil {
		b.driver = byPtrace{}
	}
	if b.slice <= 0 {
		b.slice = DefaultSlice
	}
	b.pmu = &dataSlots{b: b, slots: ptrace.Limits().Slots(hwbp.Write)}
	var policy sched.Policy = sched.Weighted{}
	if b.adaptive = o.Adaptive; o.Adaptive {
		policy = sched.Adaptive{}
	}
	b.sched = sched.New(sched.Config{Policy: policy, Prover: b, Observer: b})
	return b
}

// Driver is the name of what arms the registers.
func (b *Board) Driver() string { return b.driver.name() }

func (b *Board) allSlots() uint16 { return 1<<b.pmu.slots - 1 }

// Add arms what c says on every thread concerned, or on none: then the error is a
// [*SlotsError], a [*ThreadError], or one of the system. All threads are stopped.
func (b *Board) Add(c Config) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.Exact {
		return b.addExact(&c)
	}
	return b.withRoom(func() error { return b.addToSlots(c) }, &c)
}

// addToSlots has slots hold entries: all of them, or none.
func (b *Board) addToSlots(c Config) error {
	if m := b.twin(&c); m != nil {
		e := c.Entries[0]
		b.settle()
		if err := b.refused(m.group); err != nil {
			return err
		}
		base := b.accountOf(m)
		e.in, e.base = m, &base
		m.entries = append(m.entries, e)
		return b.refilter()
	}
	if err := b.openLanes(); err != nil {
		return err
	}
	for _, ln := range b.lanes {
		ln.sched.Advance(ln.now())
		b.tryAll(ln) // others may have gone meanwhile
	}
	defer b.retire(c.Goroutine) // if nothing comes of it
	task, err := b.taskFor(&c)
	if err != nil {
		return err
	}
	g, events := b.newGroup(c)
	g.sched, err = b.sched.NewGroup(task, sched.GroupConfig{Name: c.Name, Pinned: c.Pinned, Weight: c.Weight, Events: events})
	if err != nil {
		return b.explain(&c, err)
	}
	b.groups = append(b.groups, g)
	for _, m := range g.members {
		m.entries[0].in, m.entries[0].base = m, nil
	}
	if !c.Pinned {
		b.track(g)
	}
	err = b.update()
	if err == nil {
		err = b.refused(g)
	}
	if err != nil {
		b.remove(g)
		return errors.Join(err, b.update())
	}
	b.wake()
	return nil
}

// refused reports whether some thread cannot have a group on that was to be.
func (b *Board) refused(g *group) error {
	for _, ln := range b.lanes {
		if ln.sched.State(g.sched) == sched.Failed {
			return &ForeignError{Name: g.config.Name, Thread: ln.th.TID}
		}
	}
	return nil
}

// Remove takes an entry out. Its group goes when nobody wants any of it. All threads
// are stopped.
func (b *Board) Remove(e *Entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.in == nil {
		return nil
	}
	b.settle()
	final := b.account(e)
	e.final = &final
	return b.takeOut(e)
}

// takeOut takes an entry off wherever it is.
func (b *Board) takeOut(e *Entry) error {
	if e.exact {
		b.unlist(e)
	}
	m := e.in
	e.in = nil
	if e.guarded {
		return b.unguard(e)
	}
	return b.leaveSlots(m, e)
}

// leaveSlots takes an entry out of the event that stands for it.
func (b *Board) leaveSlots(m *member, e *Entry) error {
	i := slices.Index(m.entries, e)
	m.entries = slices.Delete(m.entries, i, i+1)
	if !m.group.empty() {
		return b.refilter()
	}
	b.remove(m.group)
	return b.update()
}

func (b *Board) remove(g *group) {
	g.sched.Remove()
	b.retire(g.config.Goroutine)
	b.groups = slices.DeleteFunc(b.groups, func(o *group) bool { return o == g })
	if !g.config.Pinned {
		b.untrack(g)
	}
	for _, ln := range b.lanes {
		for _, m := range g.members {
			delete(ln.marks, m)
		}
	}
}

// openLanes makes a lane of every thread that is not one yet.
func (b *Board) openLanes() error {
	for _, th := range b.proc.Threads() {
		if b.lane(th) != nil {
			continue
		}
		if _, err := b.newLane(th); err != nil && !isGone(err) {
			return fmt.Errorf("watch thread %d: %w", th.TID, err)
		}
	}
	return nil
}

// update programs every lane that has something to be changed. Their threads are stopped,
// and time stands: one that is just about to leave its processor for that is not blind
// meanwhile.
func (b *Board) update() error {
	var errs []error
	for _, ln := range b.lanes {
		if ln.sched.Stale() {
			errs = append(errs, ln.sched.Update(ln.sched.Now()))
		}
	}
	return errors.Join(errs...)
}

// Born arms a new thread, which is stopped before its first instruction.
func (b *Board) Born(th *ptrace.Thread) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.groups) == 0 || b.closed || b.lane(th) != nil {
		return nil
	}
	ln, err := b.newLane(th)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("watch the new thread %d: %w", th.TID, err)
	}
	defer b.wake()
	return ln.sched.Update(ln.sched.Now())
}

// Gone forgets a thread that has ended, and returns hits that it did not stop for: one
// that was killed does not report that it leaves. The slice is valid until the next
// call.
func (b *Board) Gone(th *ptrace.Thread) []Missed {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil {
		return nil
	}
	sh := ln.arms.left()
	missed := b.told(ln, &sh)
	b.note(b.drop(ln))
	return missed
}

// Leaving takes leave of a thread that is about to end, and returns hits that it will
// not stop for. The slice is valid until the next call. Its account ends here: what it
// does from now on it does in the kernel, and when the process ends with it this is the
// last occasion to look at its memory.
func (b *Board) Leaving(th *ptrace.Thread) []Missed {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil {
		return nil
	}
	b.settle()
	ln.left = true
	sh := ln.arms.left()
	return b.told(ln, &sh)
}

// Close disarms everything and ends the accounts. Threads that are still there are
// stopped. The process is about to be let go, or has ended.
func (b *Board) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.settle()
	b.closed = true
	var errs []error
	for _, ln := range b.lanes {
		errs = append(errs, b.drop(ln))
	}
	if b.scanner != nil {
		errs = append(errs, b.scanner.Close())
	}
	if b.guards != nil {
		errs = append(errs, b.guards.Close())
	}
	r := b.rotator
	b.mu.Unlock()
	if r != nil {
		r.stop()
	}
	return errors.Join(errs...)
}

// note keeps an error that nobody is there to be told.
func (b *Board) note(err error) {
	if err != nil && b.err == nil {
		b.err = err
	}
}

// Err is what went wrong while the program ran: something may not have been armed.
func (b *Board) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// shorten notes that others hold debug registers of a thread.
func (b *Board) shorten(ln *lane) {
	for _, g := range b.groups {
		if b.concerns(g, ln) {
			g.short = true
		}
	}
}

// tryAll has the next update try slots of a thread that others held.
func (b *Board) tryAll(ln *lane) {
	if ln.usable != b.allSlots() {
		ln.usable = b.allSlots()
		ln.sched.SetSlots(b.pmu, b.pmu.slots)
	}
}

// concerns reports whether a group is for a lane's thread. Any may run a goroutine.
func (b *Board) concerns(g *group, ln *lane) bool {
	return g.config.Thread == 0 || g.sched.Task() == ln.task
}

// Changed is told by the scheduler that a group cannot be on, or can again.
func (b *Board) Changed(_ *sched.Lane, g *sched.Group, s sched.State, _ error) {
	i := slices.IndexFunc(b.groups, func(o *group) bool { return o.sched == g })
	if i < 0 {
		return
	}
	if s == sched.Failed {
		b.groups[i].failed++
		b.groups[i].failures++
		return
	}
	b.groups[i].failed--
}
