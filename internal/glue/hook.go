package glue

import (
	"errors"
	"maps"
	"slices"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/ptrace"
)

// Hook is a breakpoint of Argus's own, of which Delve knows nothing: threads that come to
// it run on unless Reached says otherwise. Several can be at one address, and one of
// Delve's too.
//
// A thread may be said to have reached it more than once on one visit: it stays there
// while everything is stopped, and comes again when it runs on.
type Hook struct {
	Addr uint64

	// Reached is called on the tracer's thread with th, and perhaps no other thread,
	// stopped before the instruction at Addr. A breakpoint that is returned becomes th's,
	// and everything stops, as with [Observer.Hit]. Otherwise, if then is not nil, it is
	// called with everything stopped and heard, and the threads run on.
	Reached func(th *Thread) (bp *proc.Breakpoint, then func())
}

// AddHook writes the breakpoint instruction, in a program that may be running.
func (p *Process) AddHook(h *Hook) error {
	return p.g.do(func() error {
		if err := p.held.InsertBreakpoint(h.Addr); err != nil {
			return err
		}
		p.hooks[h.Addr] = append(p.hooks[h.Addr], h)
		p.hide()
		return nil
	})
}

// RemoveHook takes it out again. It is no error if it is not there.
func (p *Process) RemoveHook(h *Hook) error {
	return p.g.do(func() error {
		list := p.hooks[h.Addr]
		i := slices.Index(list, h)
		if i < 0 {
			return nil
		}
		if list = slices.Delete(slices.Clone(list), i, i+1); len(list) > 0 {
			p.hooks[h.Addr] = list
			return nil
		}
		delete(p.hooks, h.Addr)
		delete(p.leaps, h.Addr)
		p.hide()
		if !p.valid() || p.delveAt(h.Addr) {
			return nil
		}
		return p.held.RemoveBreakpoint(h.Addr)
	})
}

// delveAt reports whether Delve has a breakpoint instruction at addr.
func (p *Process) delveAt(addr uint64) bool {
	bp := p.bps.M[addr]
	return bp != nil && bp.WatchType == 0 && p.entries[bp] == nil
}

// hooked deals with a thread that has come to hooks. It is stopped at addr, and left
// there if stopping is set.
func (g *Group) hooked(th *Thread, addr uint64, stopping bool) error {
	if err := g.sweep(th); err != nil { // what it wrote before comes first
		return err
	}
	stop, then := th.reach(addr)
	if stop {
		g.report(th, trapWatch)
	}
	switch {
	case stopping:
		if !th.p.allStopped() {
			break // for who is spared: see serveGuards
		}
		for _, fn := range then {
			fn()
		}
	case len(then) > 0 && !stop:
		if err := g.stopAll(); err != nil {
			return err
		}
		if err := g.takeIn(); err != nil {
			return err
		}
		for _, fn := range then {
			fn()
		}
	}
	if !stop && th.p.delveAt(addr) {
		if !stopping && len(then) == 0 && g.trapped == nil {
			if passed, err := g.pass(th, addr); passed || err != nil {
				return err
			}
		}
		g.report(th, trapBreakpoint)
	}
	switch {
	case stopping, g.trapped != nil:
		return nil
	case len(then) > 0:
		return g.goOn(th)
	}
	done, err := th.emulate()
	if err != nil {
		return nil // being killed
	}
	if done {
		return g.tracees.Resume(th.held)
	}
	regs, err := th.held.Registers()
	if err != nil {
		return nil
	}
	return g.goPast(th, regs, addr)
}

// goOn gets a thread past its hook and lets everything run. All threads are stopped.
func (g *Group) goOn(th *Thread) error {
	if pc, err := th.pc(); err == nil && th.held.Stopped() && th.p.held.HasBreakpoint(pc) {
		if err := g.stepOne(th); err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
			return err
		}
		if err := g.takeIn(); err != nil {
			return err
		}
	}
	if g.trapped != nil {
		return nil
	}
	return g.resumeAll()
}

// reach asks the hooks at addr.
func (th *Thread) reach(addr uint64) (stop bool, then []func()) {
	for _, h := range slices.Clone(th.p.hooks[addr]) { // some go meanwhile
		bp, fn := h.Reached(th)
		if bp != nil {
			stop = true
			if th.hit == nil {
				th.hit = bp
			}
		}
		if fn != nil {
			then = append(then, fn)
		}
	}
	return stop, then
}

// memory is the address space as the program was built, as far as hooks are concerned:
// Delve, which does not know them, reads instructions from it.
type memory struct{ p *Process }

func (m memory) ReadMemory(buf []byte, addr uint64) (int, error) {
	n, err := m.p.held.Memory.ReadMemory(buf, addr)
	m.p.cover(buf[:max(n, 0)], addr)
	return n, err
}

// cover puts what is under hooks and probes into what was read at addr.
func (p *Process) cover(buf []byte, addr uint64) {
	hidden := p.hidden.Load()
	if hidden == nil {
		return
	}
	for at, original := range *hidden {
		for i, b := range original {
			if off := at + uint64(i) - addr; at+uint64(i) >= addr && off < uint64(len(buf)) {
				buf[off] = b
			}
		}
	}
}

func (m memory) WriteMemory(addr uint64, data []byte) (int, error) {
	return m.p.held.Memory.WriteMemory(addr, data)
}

// hide notes what is under hooks and probes. Whoever reads memory may be another goroutine.
func (p *Process) hide() {
	if len(p.hooks)+len(p.probed) == 0 {
		p.hidden.Store(nil)
		return
	}
	all := make(map[uint64][]byte, len(p.hooks))
	for _, under := range p.probed {
		maps.Copy(all, under)
	}
	for addr := range p.hooks {
		all[addr] = p.held.Original(addr)
	}
	p.hidden.Store(&all)
}
