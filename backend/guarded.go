package backend

import (
	"bytes"
	"os"
	"slices"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/lanes"
	obj "github.com/argusdbg/argus/internal/object"
)

// memoryPage is the size of a page of memory.
var memoryPage = uint64(os.Getpagesize())

// Wrote is called by the event loop for each write to pages with guards: everything is
// stopped, and what made the write has just been done.
func (o *observer) Wrote(p *glue.Process, th *glue.Thread, w *guard.Write) *proc.Breakpoint {
	s := (*Session)(o)
	s.useOf(p)
	at := time.Since(s.began)
	if th == nil || w.Unseen || w.Lost {
		s.strayed(p, w)
		return nil
	}
	if step := s.onWay; step != nil && step.th == th && !w.InCall { // whoever steps it looks
		step.met = append(step.met, w.Addrs...)
		for _, addr := range w.Addrs {
			s.countFault(p.Board(), addr, false)
		}
		return nil
	}
	entries, store, wrote := s.touchedBehind(th, w)
	owners := ownersOf(entries)
	for _, addr := range w.Addrs {
		p.Board().Fault(addr, len(owners) > 0)
		s.countFault(p.Board(), addr, len(owners) == 0)
	}
	var stopper *proc.Breakpoint
	var objects []*Watchpoint
	for _, of := range owners {
		switch {
		case of.whole != nil:
			objects = append(objects, of)
		case s.hit(of, th, at, store) && stopper == nil:
			stopper = of.stops()
		}
	}
	if len(objects) > 0 {
		if bp := s.wroteWhole(th, at, w, wrote, objects); stopper == nil {
			stopper = bp
		}
	}
	return stopper
}

// strayed takes in that pages were open for somebody who is no thread of the program's, or
// have lost their guards: what has changed there has done so unseen, and what has not may
// have been written with the same value.
func (s *Session) strayed(p *glue.Process, w *guard.Write) {
	if ok, _ := p.Valid(); !ok || s.ending { // the kernel may write to it for a thread that ends
		return
	}
	for _, addr := range w.Addrs {
		page := addr &^ (memoryPage - 1)
		s.behind = p.Board().Behind(s.behind[:0], nil, page, memoryPage)
		for _, e := range s.behind {
			of := e.Owner.(*Watchpoint)
			if of.whole != nil {
				of.compareWhole([]obj.Range{{Addr: page, Size: int64(memoryPage)}}, true)
			} else {
				of.compare()
			}
			of.mu.Lock()
			if of.strayed++; w.Lost {
				of.unguarded = true
			}
			of.mu.Unlock()
		}
	}
}

// touchedBehind finds what a write to pages with guards has touched of what is watched
// there. The instruction tells, and where it does not, what has changed and where the page
// was met; of objects it is not known yet then what was. The entries are valid until the
// next call. store is nil for what the kernel wrote, and wrote is empty where it is not
// known.
func (s *Session) touchedBehind(th *glue.Thread, w *guard.Write) (entries []*lanes.Entry, store *insn.Store, wrote obj.Range) {
	board := th.Process().Board()
	s.behind = s.behind[:0]
	if !w.InCall {
		if regs, err := th.Held().Registers(); err == nil {
			known, addr, size, err := executed(s.writers, w.PC, regs)
			if err == nil {
				store = &known
			}
			if w.Size > 0 {
				addr, size = w.Addrs[0], w.Size
				s.behind = board.InSlots(s.behind, th.Held(), addr, uint64(size))
			}
			if size > 0 {
				s.behind = board.Behind(s.behind, th.Held(), addr, uint64(size))
				return s.behind, store, obj.Range{Addr: addr, Size: int64(size)}
			}
		}
	}
	for _, addr := range w.Addrs {
		s.behind = board.Behind(s.behind, th.Held(), addr&^(memoryPage-1), memoryPage)
	}
	return slices.DeleteFunc(s.behind, func(e *lanes.Entry) bool {
		of := e.Owner.(*Watchpoint)
		if of.whole != nil {
			return false
		}
		met := func(addr uint64) bool { return addr >= of.addr && addr-of.addr < uint64(of.size) }
		if !w.Maybe && slices.ContainsFunc(w.Addrs, met) {
			return false
		}
		_, err := s.target.Memory().ReadMemory(of.now, of.addr)
		return err != nil || bytes.Equal(of.now, of.seen)
	}), store, wrote
}
