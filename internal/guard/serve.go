package guard

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// Write is one write to guarded pages: by an instruction, or by a system call.
type Write struct {
	// Thread wrote, or nil: somebody whom ptrace does not hold (another process, a child of
	// vfork, a worker of io_uring), or nobody knows who.
	Thread *ptrace.Thread
	TID    int // of Thread, which may have ended meanwhile and be nil

	// Addrs are the addresses at which the access was refused, in order: the first byte of
	// each on every page it touched.
	Addrs []uint64

	// Size is how many bytes were written from Addrs[0] on, if the instruction was emulated:
	// no debug register has seen that. Otherwise it is 0.
	Size int

	// PC is the address of the instruction, or of the one behind the system call. Thread is
	// behind the instruction, but for a string instruction that is not over yet (REP MOVS:
	// one Write for each step).
	PC uint64

	// InCall: the kernel wrote for the thread, in the system call Call. It is -1 where the
	// kernel wrote of its own accord: the frame of a signal handler.
	InCall bool
	Call   int

	// Over: the call has ended. Otherwise it goes on after this, and what it writes later is
	// another Write.
	Over bool

	// Maybe: the call could have written to the pages of Addrs, and was not asked whether it
	// does: they were open when it got a lock of the kernel's that it had waited for.
	Maybe bool

	// Late: the instruction at PC was let through while the page was open for somebody else,
	// and the thread has gone on since. InCall is set: its registers tell nothing any more.
	Late bool

	// Unseen: other writes to the pages of Addrs may have been missed meanwhile, or the
	// program has discarded their contents.
	Unseen bool

	// Lost: the page is guarded no more: the program has unmapped or moved it.
	Lost bool

	// Event is what the step over the instruction ended with, if there was one.
	Event ptrace.Event
}

// Serve lets through who waits, one at a time, and tells of each write right after it. All
// threads are stopped, but for those that [ptrace.Tracees.StopOthers] spares. Pages are
// protected again when it returns. The error is that of tell, or of ptrace.
func (g *Guard) Serve(tell func(Write) error) error {
	if err := g.Tell(tell); err != nil {
		return err
	}
	g.mu.Lock()
	if g.fd < 0 || g.world != stopped {
		g.mu.Unlock()
		return nil
	}
	g.listen()
	faults := make([]*fault, 0, len(g.waits))
	for _, f := range g.waits {
		faults = append(faults, f)
	}
	if len(faults) > 0 {
		g.stats.Stopped++
	}
	g.mu.Unlock()
	slices.SortFunc(faults, func(a, b *fault) int { return cmp.Or(cmp.Compare(a.page, b.page), a.tid-b.tid) })
	for len(faults) > 0 {
		n := 1
		for n < len(faults) && faults[n].page == faults[0].page {
			n++
		}
		if err := g.page(faults[:n], tell); err != nil {
			return err
		}
		faults = faults[n:]
	}
	return nil
}

// page serves those who wait at one page.
func (g *Guard) page(faults []*fault, tell func(Write) error) error {
	pg := faults[0].page
	var calls []*fault
	var steps []*fault
	for _, f := range faults {
		th := g.proc.Thread(f.tid)
		switch {
		case th == nil:
		case f.inCall() && !th.Stopped():
			calls = append(calls, f)
		case !f.inCall() && g.ready(th, f):
			steps = append(steps, f)
		}
	}
	steps, err := g.emulates(steps, tell)
	if err != nil {
		return err
	}
	if err := g.steps(pg, steps, tell); err != nil {
		return err
	}
	return g.calls(pg, calls, tell)
}

// ready reports whether a thread is about to execute the instruction by which it faulted.
func (g *Guard) ready(th *ptrace.Thread, f *fault) bool {
	if !th.Stopped() || th.Leaving() || !f.where.known {
		return false
	}
	r, err := th.Registers()
	return err == nil && r.PC() == f.where.pc
}

// steps makes each of some threads execute one instruction with the page open.
func (g *Guard) steps(pg uint64, faults []*fault, tell func(Write) error) error {
	if len(faults) == 0 {
		return nil
	}
	g.mu.Lock()
	g.openPage(pg, false)
	g.kept = pg
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open[pg], g.kept = true, 0
		g.shut()
	}()
	for _, f := range faults {
		th := g.proc.Thread(f.tid)
		if th == nil || !g.ready(th, f) {
			continue
		}
		g.mu.Lock()
		delete(g.waits, f.tid)
		g.passed[f.tid] = append(g.passed[f.tid][:0], f.addr)
		g.stats.Faults++
		g.mu.Unlock()
		ev, err := g.tracees.StepOver(th)
		if err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
			return err
		}
		g.mu.Lock()
		for i := range g.told {
			if g.told[i].Thread == th && !g.told[i].InCall {
				g.told[i].Event = ev
			}
		}
		g.mu.Unlock()
		if err := g.Tell(tell); err != nil {
			return err
		}
	}
	return nil
}

// Tell tells of the writes that were let through meanwhile: on the way to a stop, in a step
// of somebody else's. All threads are stopped.
func (g *Guard) Tell(tell func(Write) error) error {
	for {
		g.mu.Lock()
		if len(g.told) == 0 {
			g.mu.Unlock()
			return nil
		}
		w := g.told[0]
		if g.told = g.told[1:]; len(g.told) == 0 {
			g.told = nil
		}
		g.mu.Unlock()
		if w.Thread == nil && w.TID != 0 {
			w.Thread = g.proc.Thread(w.TID)
		}
		if err := tell(w); err != nil {
			return err
		}
	}
}

// calls lets the system calls that wait at a page go on, until they have ended or sleep.
// They go together: the kernel wakes all who wait at a page.
func (g *Guard) calls(pg uint64, faults []*fault, tell func(Write) error) error {
	if len(faults) == 0 {
		return nil
	}
	var calls []ptrace.Call
	for _, f := range faults {
		calls = append(calls, ptrace.Call{Thread: g.proc.Thread(f.tid), Return: f.where.pc})
	}
	open := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, f := range faults {
			g.letGo(f)
		}
		g.stats.Calls += uint64(len(faults))
		g.openPage(pg, true)
	}
	shut := func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.shut()
	}
	err := g.tracees.Through(calls, open, g.pause(calls), shut)
	g.mu.Lock()
	for i, f := range faults {
		th := calls[i].Thread
		g.told = append(g.told, Write{TID: f.tid, Thread: th, Addrs: slices.Clone(g.passed[f.tid]), PC: f.where.pc,
			InCall: true, Call: int(f.where.number), Over: th.Stopped() || th.Gone()})
		delete(g.passed, f.tid)
		delete(g.from, f.tid)
		if !th.Stopped() && !th.Gone() {
			g.inside[f.tid] = &call{where: f.where}
		}
	}
	g.mu.Unlock()
	if err != nil {
		return err
	}
	return g.Tell(tell)
}

// patience is how long a thread may wait for the disk, or for a lock that another has
// which waits for us, before it is left to itself.
const patience = 2 * time.Millisecond

// pause returns a function that waits a little for calls to end, and reports whether those
// that have not are asleep: for something that the others may have to do.
func (g *Guard) pause(calls []ptrace.Call) func() bool {
	begin, rounds := time.Now(), 0
	asleep := func() bool {
		for _, c := range calls {
			if c.Thread.Stopped() || c.Thread.Gone() {
				continue
			}
			switch letter, _ := g.eyes.state(c.Thread.TID); letter {
			case 'S', 'Z', 'X':
			case 'D':
				if time.Since(begin) < patience {
					return false
				}
			default:
				return false
			}
		}
		return true
	}
	return func() bool {
		rounds++
		if rounds > 4 {
			nap := unix.NsecToTimespec(int64(min(rounds, 50)) * 1000)
			_ = unix.Nanosleep(&nap, nil)
		}
		if !asleep() {
			return false
		}
		// Whoever slept because of a fault has been let through by now, or is about to be.
		g.mu.Lock()
		defer g.mu.Unlock()
		g.drain()
		if len(g.inbox) > 0 {
			g.listen()
			return false
		}
		return asleep() // else somebody has done so just now
	}
}

// shut protects all pages that were open for those who ran alone. Preconditions: g.mu is held.
func (g *Guard) shut() {
	clear(g.alone)
	if len(g.open) > 0 || g.kept != 0 {
		for tid, c := range g.inside {
			if c.turns != "" && c.turns != g.eyes.turns(tid) {
				// It has woken, and may have returned from its call.
				g.stats.Unseen++
				pages := slices.Sorted(maps.Keys(g.open))
				if g.kept != 0 {
					pages = append(pages, g.kept)
				}
				g.told = append(g.told, Write{TID: tid, Thread: g.proc.Thread(tid), Addrs: pages,
					InCall: true, Call: int(c.where.number), Maybe: true, Unseen: true})
				delete(g.inside, tid)
			}
		}
	}
	for pg := range g.open {
		delete(g.open, pg)
		if pg != g.kept {
			g.protectPage(pg)
		}
	}
}
