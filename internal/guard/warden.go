package guard

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

var _ ptrace.Warden = (*Guard)(nil)

// Waiting is for package ptrace.
func (g *Guard) Waiting() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.world == running && (len(g.waits) > 0 || len(g.told) > 0 && len(g.lent) == 0)
}

// Stopping is for package ptrace.
func (g *Guard) Stopping(spare bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.world, g.knocked, g.knocks = stopping, time.Time{}, 0
	if !spare {
		clear(g.spared)
	}
	if t := g.trap; t != nil { // it is told to stop, and does so behind its call
		if th := g.proc.Thread(t.fault.tid); th != nil && t.code != nil {
			th.Lifted(t.fault.where.pc)
		}
		g.uproot()
	}
	if g.hindered() {
		g.ring()
	}
}

// Stopped is for package ptrace.
func (g *Guard) Stopped() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return
	}
	g.listen()
	g.world = stopped
	g.reclaim(true)
	for tid, pages := range g.dozing {
		th := g.proc.Thread(tid)
		if th != nil && th.Stopped() && len(g.passed[tid]) == 0 {
			w := Write{TID: tid, Thread: th, Addrs: pages, InCall: true, Maybe: true}.called()
			if r, err := th.Registers(); err == nil && !r.Restarts() && !onlyReads(w.Call) {
				g.told = append(g.told, w)
			}
		}
	}
	clear(g.dozing)
	defer clear(g.from)
	g.shut()
	for tid, addrs := range g.passed {
		delete(g.passed, tid)
		g.stats.Calls++
		w := Write{TID: tid, Thread: g.proc.Thread(tid), Addrs: slices.Clone(addrs), InCall: true}.called()
		from := g.from[tid]
		switch {
		case from.known && from.number >= 0 && w.Call < 0: // it was a breakpoint that it stopped by
			w.Call = int(from.number)
		case from.known && from.number < 0 && w.Call >= 0: // it has got to a call meanwhile
			w.PC, w.Call, w.Late = from.pc, -1, true
		}
		g.told = append(g.told, w)
		if w.Call < 0 && w.PC == from.pc { // no signal handler
			g.standstill(w)
		}
	}
}

// mostRounds is how often the kernel may write to a page in a row before a thread executes
// anything.
const mostRounds = 8

// round is a write by the kernel on a thread's way to user mode.
type round struct {
	tid, n   int
	addr, pc uint64
}

// standstill gives up a page that holds the restartable sequences area of a thread
// (rseq(2), which the C library has on the thread's stack): the kernel writes to it each
// time that the thread goes on after a stop, and so the thread would never get any further.
// Preconditions: g.mu is held.
func (g *Guard) standstill(w Write) {
	now := round{w.TID, g.round.n, w.Addrs[0], w.PC}
	if now != g.round {
		now.n = 0
	}
	now.n++
	if g.round = now; now.n < mostRounds {
		return
	}
	for _, addr := range w.Addrs {
		pg := addr &^ (g.size - 1)
		_ = g.again(func() error { return g.fd.Unregister(pg, g.size) })
		g.lose(pg)
	}
}

// called fills in what a thread that has stopped behind its call tells of it.
func (w Write) called() Write {
	w.Call, w.Over = -1, true
	if w.Thread == nil || !w.Thread.Stopped() {
		return w
	}
	if r, err := w.Thread.Registers(); err == nil {
		w.PC = r.PC()
		if number, in := r.SystemCall(); in {
			w.Call = number
		}
	}
	return w
}

// onlyReads reports whether a system call never writes to the program's memory: those that
// wait for the same locks as calls that do.
func onlyReads(call int) bool {
	switch call {
	case unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV, unix.SYS_PWRITEV, unix.SYS_SENDTO, unix.SYS_SENDMSG,
		unix.SYS_SENDFILE, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MPROTECT:
		return true
	}
	return false
}

// Resuming is for package ptrace.
func (g *Guard) Resuming() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for tid, f := range g.waits {
		if !f.inCall() {
			delete(g.waits, tid) // it faults again
		} else if th := g.proc.Thread(tid); th == nil || th.Stopped() {
			delete(g.waits, tid)
		}
	}
	clear(g.spared)
	g.world = running
}

// Spared is for package ptrace.
func (g *Guard) Spared(th *ptrace.Thread) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.spared, th.TID)
	f, c := g.waits[th.TID], g.inside[th.TID]
	if c == nil && (f == nil || !f.inCall()) {
		return false
	}
	// First the count: whoever has run since is found out when a page is protected again.
	turns := g.eyes.turns(th.TID)
	// Pages that the kernel pins for a call are waited for in D.
	pinned := f != nil && f.inCall() && turns != "" && turns == f.turns
	if letter, _ := g.eyes.state(th.TID); letter != 'S' && (letter != 'D' || !pinned) {
		delete(g.inside, th.TID)
		return false
	}
	if f == nil || !f.inCall() {
		if g.eyes.where(th.TID) != c.where {
			delete(g.inside, th.TID)
			return false
		}
		c.turns = turns
	}
	g.spared[th.TID] = true
	return true
}

// Stepping is for package ptrace.
func (g *Guard) Stepping(th *ptrace.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.alone[th.TID] = true
	g.pc = 0
	if r, err := th.Registers(); err == nil {
		g.pc = r.PC()
	}
}

// Stepped is for package ptrace.
func (g *Guard) Stepped(th *ptrace.Thread) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return
	}
	g.listen()
	g.shut()
	if addrs := g.passed[th.TID]; len(addrs) > 0 {
		g.told = append(g.told, Write{TID: th.TID, Thread: th, Addrs: slices.Clone(addrs), PC: g.pc})
	}
	delete(g.passed, th.TID)
}

// Aside is for package ptrace.
func (g *Guard) Aside(th *ptrace.Thread) {
	g.mu.Lock()
	g.aside = th.TID
	g.mu.Unlock()
}

// Back is for package ptrace.
func (g *Guard) Back(*ptrace.Thread) {
	g.mu.Lock()
	g.aside = 0
	g.mu.Unlock()
}

// Leaving is for package ptrace. On the way out the kernel clears the word that
// set_tid_address(2) has told it of, which C libraries keep where the thread's local
// storage begins, and a write that would have to wait fails (handle_userfault in
// fs/userfaultfd.c refuses threads that exit): whoever waits for the thread would do so for
// ever.
func (g *Guard) Leaving(th *ptrace.Thread) {
	base, err := tls(th)
	if err != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return
	}
	for pg := base&^(g.size-1) - g.size; pg != base&^(g.size-1)+2*g.size; pg += g.size {
		if p := g.pages[pg]; p != nil && !p.lost {
			g.lend(pg, pg, th.TID)
			g.ring()
		}
	}
}

// Writing is for package ptrace.
func (g *Guard) Writing(addr, size uint64) (done func()) {
	start, end, ok := g.bounds(addr, size)
	if !ok {
		return func() {}
	}
	g.mu.Lock()
	var opened []uint64
	for pg := start; pg != end; pg += g.size {
		if p := g.pages[pg]; p == nil || p.lost || g.open[pg] {
			continue
		}
		if _, lent := g.lent[pg]; lent {
			continue
		}
		g.openPage(pg, false)
		opened = append(opened, pg)
	}
	return func() {
		for _, pg := range opened {
			g.protectPage(pg)
			if g.world == running {
				g.stats.Unseen++
				g.told = append(g.told, Write{Addrs: []uint64{pg}, Unseen: true})
			}
		}
		g.mu.Unlock()
	}
}
