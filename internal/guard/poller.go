package guard

import (
	"cmp"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/uffd"
)

const (
	// lending is how long a page stays open for somebody whom we cannot stop.
	lending = time.Millisecond

	// tick is how often the poller looks whether somebody keeps a stop from ending.
	tick = 200 * time.Microsecond
)

// fault is a thread that waits to write to a page.
type fault struct {
	tid   int
	addr  uint64
	page  uint64
	where where
	turns string // of a call: how often the thread had run
	again bool   // it has faulted a second time while it was to stop: the kernel does, for it

	knocked bool // it was asked to stop
}

// inCall reports whether it is a system call that waits.
func (f *fault) inCall() bool { return f.where.known && f.where.number >= 0 }

// call is a thread that sleeps in a system call which has written to a page.
type call struct {
	where where
	turns string // how often it had run when everything was stopped
}

// poll reads messages until Close. It is a thread of its own: goroutines that wait in
// calls are scheduled late on a busy machine.
func (g *Guard) poll(fd uffd.FD) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(g.ended)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(g.wake), Events: unix.POLLIN}}
	for {
		var timeout *unix.Timespec
		g.mu.Lock()
		if g.fd < 0 {
			g.mu.Unlock()
			return
		}
		if d := g.tend(); d > 0 {
			ts := unix.NsecToTimespec(int64(d))
			timeout = &ts
		}
		knock := g.toKnock()
		if knock >= 0 {
			g.knocked = time.Now()
		}
		if g.world == running && len(g.waits) > 0 {
			timeout = cmp.Or(timeout, &unix.Timespec{Nsec: patience.Nanoseconds()})
		}
		g.mu.Unlock()
		g.knock(knock)
		if _, err := unix.Ppoll(fds, timeout, nil); err != nil && err != unix.EINTR {
			return
		}
		if fds[1].Revents != 0 {
			var b [8]byte
			_, _ = unix.Read(g.wake, b[:])
		}
		g.mu.Lock()
		if g.fd >= 0 {
			g.listen()
		}
		g.mu.Unlock()
	}
}

// ring has the poller look at the clock.
func (g *Guard) ring() { _, _ = unix.Write(g.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// listen reads the messages that there are, and takes them in. Preconditions: g.mu is held.
func (g *Guard) listen() {
	g.drain()
	for len(g.inbox) > 0 {
		m := g.inbox[0]
		if g.inbox = g.inbox[1:]; len(g.inbox) == 0 {
			g.inbox = nil
		}
		switch m.Event {
		case uffd.Pagefault:
			g.faulted(g.eyes.outer(m.TID()), m.Addr())
		case uffd.Remove:
			start, end := m.Range()
			g.discarded(start, end)
		case uffd.Unmap:
			start, end := m.Range()
			g.unmapped(start, end)
		case uffd.Remap:
			from, to, size := m.Moved()
			g.unmapped(from, from+size)
			_ = g.again(func() error { return g.fd.Unregister(to, size) })
		}
	}
}

// faulted takes in that a thread waits. Preconditions: g.mu is held.
func (g *Guard) faulted(tid int, addr uint64) {
	pg := addr &^ (g.size - 1)
	if g.pages[pg] == nil {
		return // not guarded any more: whoever waited there was woken
	}
	_, lent := g.lent[pg]
	switch {
	case g.alone[tid]:
		g.open[pg] = true
		g.passed[tid] = append(g.passed[tid], addr)
		g.openPage(pg, true)
	case lent:
		g.openPage(pg, true)
	case tid == g.aside, !g.ours(tid):
		g.lend(pg, addr, 0)
	default:
		f := &fault{tid: tid, addr: addr, page: pg, where: g.eyes.where(tid)}
		if g.open[pg] || g.kept == pg {
			// It need not wait, or no longer. It is to stop behind its call.
			_ = g.tracees.Knock(g.proc, tid, nil)
			g.letGo(f)
			g.openPage(pg, true)
			return
		}
		if old := g.waits[tid]; old != nil && old.page == pg {
			f.knocked = old.knocked
			f.again = g.world == stopping || old.knocked
			if !f.where.known { // it spins, with a signal that it cannot take yet
				f.where = old.where
			}
		}
		if f.inCall() {
			f.turns = g.eyes.turns(tid)
		}
		g.waits[tid] = f
	}
}

// ours reports whether a thread is one that ptrace stops, now or in a moment.
func (g *Guard) ours(tid int) bool {
	if g.tracees.Holds(g.proc, tid) {
		return true
	}
	if !g.eyes.exists(tid) {
		return false
	}
	_, worker := g.eyes.state(tid)
	return !worker
}

// lend opens a page while others run: for a writer that cannot be stopped, for a thread
// that the tracer's thread waits for, or for one that is ending. When the page is protected again it is told that writes may have been
// missed. Preconditions: g.mu is held.
func (g *Guard) lend(pg, addr uint64, tid int) {
	if _, lent := g.lent[pg]; !lent {
		g.stats.Unseen++
	}
	g.lent[pg] = lender{addr, time.Now().Add(lending), tid}
	g.openPage(pg, true)
}

// reclaim protects pages that were lent: those for which it is time, and with all set
// those that have been lent to somebody who runs whatever we stop, and asks again. It
// reports whether some are still lent. Preconditions: g.mu is held.
func (g *Guard) reclaim(all bool) (some bool) {
	now := time.Now()
	for pg, l := range g.lent {
		due := all || now.After(l.until)
		if l.tid != 0 {
			letter, _ := g.eyes.state(l.tid)
			due = letter == 'Z' || letter == 'X'
		}
		if !due {
			some = true
			continue
		}
		delete(g.lent, pg)
		g.protectPage(pg)
		g.told = append(g.told, Write{Addrs: []uint64{l.addr}, Unseen: true})
	}
	return some
}

// discarded takes in that the program gives back what is in pages (madvise(2)), which the
// kernel will do when it goes on: the protection goes too. Preconditions: g.mu is held.
func (g *Guard) discarded(start, end uint64) {
	for pg := start &^ (g.size - 1); pg < end; pg += g.size {
		if p := g.pages[pg]; p != nil && !p.lost {
			g.lend(pg, pg, 0)
		}
	}
}

func (g *Guard) unmapped(start, end uint64) {
	for pg := start &^ (g.size - 1); pg < end; pg += g.size {
		g.lose(pg)
	}
}

// tend does what is due, and returns when to look again, 0 for not before the next message.
// Preconditions: g.mu is held.
func (g *Guard) tend() time.Duration {
	next := time.Duration(0)
	if g.reclaim(false) {
		next = lending
	}
	if g.trap != nil {
		g.watchTrap()
		next = tick
	}
	if g.world == stopping && g.hindered() {
		g.unblock()
		next = tick
	}
	return next
}

// hindered reports whether somebody may keep a stop from ending. Preconditions: g.mu is
// held.
func (g *Guard) hindered() bool {
	for _, f := range g.waits {
		if f.again || f.inCall() {
			return true
		}
	}
	return len(g.inside) > 0
}

// unblock lets through those who keep a stop from ending, because the kernel waits for them
// or they for each other, once nobody else runs. Preconditions: g.mu is held.
func (g *Guard) unblock() {
	stuck, cut := []*fault{}, false
	var dozing []int
	for _, tid := range g.eyes.tasks() {
		f := g.waits[tid]
		letter, worker := g.eyes.state(tid)
		switch {
		case letter == 't', letter == 'T', letter == 'Z', letter == 'X', worker:
		case f != nil && (f.again || f.inCall()):
			stuck = append(stuck, f)
			cut = cut || f.again || !g.spared[tid]
		case g.inside[tid] != nil && letter == 'S':
		case letter == 'D':
			cut = true // it waits for a lock that one of the others holds
			dozing = append(dozing, tid)
			if g.spared[tid] {
				_ = g.tracees.Knock(g.proc, tid, nil)
			}
		default:
			return
		}
	}
	if !cut {
		return // the tracer's thread goes on by itself
	}
	for _, f := range stuck {
		if g.spared[f.tid] {
			// It would run on behind its call: a signal stops it there.
			_ = g.tracees.Knock(g.proc, f.tid, nil)
		}
		g.letGo(f)
	}
	for _, f := range stuck {
		g.doze(dozing, f.page)
		g.openPage(f.page, true)
	}
}

// letGo makes a thread one that runs alone, from now on, from its fault. Preconditions:
// g.mu is held, and the page is opened next.
func (g *Guard) letGo(f *fault) {
	g.alone[f.tid] = true
	g.open[f.page] = true
	g.passed[f.tid] = append(g.passed[f.tid][:0], f.addr)
	g.from[f.tid] = f.where
	delete(g.inside, f.tid)
}

// doze notes who could write to a page when it is opened, without a fault. Preconditions:
// g.mu is held.
func (g *Guard) doze(tids []int, pg uint64) {
	for _, tid := range tids {
		g.dozing[tid] = append(g.dozing[tid], pg)
	}
}

// toKnock is whom to wake the tracer's thread by, if that waits for stops: a thread that
// waits itself, or 0 for any that may be disturbed, or -1 for nobody. Preconditions: g.mu
// is held.
func (g *Guard) toKnock() int {
	if g.world != running || !g.tracees.Blocked() || time.Since(g.knocked) < patience {
		return -1
	}
	best := -1
	for tid, f := range g.waits {
		if !f.inCall() && !f.again {
			f.knocked = true
			return tid
		}
		best = 0
	}
	if best < 0 && len(g.told) > 0 && len(g.lent) == 0 {
		best = 0
	}
	return best
}

// knock gets the tracer's thread out of its wait.
func (g *Guard) knock(tid int) {
	if tid < 0 {
		return
	}
	if tid > 0 && g.tracees.Knock(g.proc, tid, nil) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.knocks++
	may := func(quiet bool) func(int) bool {
		return func(tid int) bool {
			if g.waits[tid] != nil || quiet && g.inside[tid] != nil {
				return false
			}
			if g.knocks == 1 {
				return true
			}
			letter, _ := g.eyes.state(tid)
			return letter != 'D'
		}
	}
	if g.world != running || !g.tracees.Blocked() || g.tracees.Knock(g.proc, 0, may(true)) {
		return
	}
	if len(g.waits) == 0 || g.trap != nil || len(g.inside) > 0 && g.tracees.Knock(g.proc, 0, may(false)) {
		return
	}
	g.release()
}
