package guard

import (
	"errors"
	"slices"
	"time"

	"github.com/argusdbg/argus/ptrace"
)

// trap is a breakpoint instruction behind a system call that was let through while all
// threads of the process wait in one: there is nobody to wake the tracer's thread by but who
// comes out of its call.
type trap struct {
	fault *fault
	code  []byte // what was there, or nil if that was a breakpoint already
	since time.Time
}

var errNoCall = errors.New("in no system call")

// release lets one of those through who wait in system calls, while nobody else runs.
// Preconditions: g.mu is held.
func (g *Guard) release() {
	var dozing []int
	for _, tid := range g.eyes.tasks() {
		if letter, worker := g.eyes.state(tid); letter == 'D' && !worker && g.waits[tid] == nil {
			dozing = append(dozing, tid)
			_ = g.tracees.Knock(g.proc, tid, nil) // it stops before it does anything else
		}
	}
	for tid, f := range g.waits {
		var code []byte
		err := errNoCall
		if f.inCall() {
			code, err = g.proc.Plant(f.where.pc)
		}
		if err != nil {
			// It stops behind its call all the same, which may be shorter for it.
			if !g.tracees.Knock(g.proc, tid, nil) {
				continue
			}
		} else {
			g.trap = &trap{f, code, time.Now()}
		}
		g.letGo(f)
		g.doze(dozing, f.page)
		g.openPage(f.page, true)
		return
	}
}

// watchTrap looks whether the thread sleeps, and will not come by before others have done
// something, or the rest of the world has. Preconditions: g.mu is held.
func (g *Guard) watchTrap() {
	f := g.trap.fault
	switch letter, _ := g.eyes.state(f.tid); letter {
	case 'S':
	case 'D':
		if time.Since(g.trap.since) < patience {
			return
		}
	default:
		return
	}
	if w := g.eyes.where(f.tid); w != f.where {
		return
	}
	g.drain()
	if len(g.inbox) > 0 {
		g.listen()
		return
	}
	g.shut()
	g.uproot()
	g.stats.Calls++
	g.told = append(g.told, Write{TID: f.tid, Addrs: slices.Clone(g.passed[f.tid]), PC: f.where.pc, InCall: true, Call: int(f.where.number)})
	delete(g.passed, f.tid)
	g.inside[f.tid] = &call{where: f.where}
	g.late = f
}

// uproot takes the breakpoint out. Preconditions: g.mu is held.
func (g *Guard) uproot() {
	if t := g.trap; t != nil && t.code != nil {
		_ = g.proc.Uproot(t.fault.where.pc, t.code) // fails if the process has ended
	}
	g.trap = nil
}

// Came is for package ptrace.
func (g *Guard) Came(th *ptrace.Thread, addr uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.trap
	if t == nil {
		if l := g.late; l != nil && l.tid == th.TID && l.where.pc == addr {
			g.late = nil
			return true
		}
		return false
	}
	if t.fault.tid != th.TID || t.fault.where.pc != addr || t.code == nil {
		return false
	}
	g.listen()
	g.shut()
	g.uproot()
	g.stats.Calls++
	g.told = append(g.told, Write{TID: th.TID, Thread: th, Addrs: slices.Clone(g.passed[th.TID]), PC: addr, InCall: true, Call: int(t.fault.where.number), Over: true})
	delete(g.passed, th.TID)
	return true
}
