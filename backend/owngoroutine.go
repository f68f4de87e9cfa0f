package backend

import (
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/lanes"
)

// A watchpoint for one goroutine, by its id alone, is on all threads while there are debug
// registers for that: nobody has to know then when goroutines are switched. What others do with
// the memory is no hit; where it can the kernel finds that out (filterInKernel), and otherwise
// the thread stops for it. When registers run out, and that makes room, such watchpoints become
// their goroutines' own, all of them: each is on only where its goroutine runs. They stay so until
// the last of them has gone. Five for the same goroutine gain nothing by it.
//
// One whose goroutine is not there yet, or whose registers cannot be changed when goroutines
// are switched, stays on all threads.

// joinGoroutine has a watchpoint end with the goroutine that it is for, if it is for one, and
// decides where it is to be. All threads are stopped.
func (s *Session) joinGoroutine(w *Watchpoint) error {
	if !w.alone() {
		return nil
	}
	id := w.on.ID
	switch {
	case w.thread != 0:
		return fmt.Errorf("watch %s: %w", w.expr, errContexts)
	case w.local != nil && w.local.goid != id:
		return &ExprError{Expr: w.expr, Reason: fmt.Sprintf("%s is on the stack of goroutine %d: no other one writes it", w.expr, w.local.goid)}
	}
	g, err := s.liveGoroutine(id)
	var nobody *GoroutineError
	switch {
	case errors.As(err, &nobody):
		if s.isOver(id) {
			return fmt.Errorf("watch %s: %w", w.expr, err)
		}
		w.caveat = fmt.Sprintf("goroutine %d was not there when it was set: its end would not be noticed", id)
		return nil
	case err != nil:
		return fmt.Errorf("watch %s: %w", w.expr, err)
	}
	swap := s.wantsSwap(w)
	if err := s.enterContext(w, g.Addr, id); err != nil {
		w.unswapped = err
		w.caveat = fmt.Sprintf("the end of goroutine %d would not be noticed: %v", id, err)
		return nil
	}
	if swap {
		if err := s.swapIn(w); err != nil {
			w.unswapped = err
		}
	}
	return nil
}

// alone reports whether a watchpoint is for one goroutine, which its id alone says.
func (w *Watchpoint) alone() bool { return w.chosen != nil && w.chosen.alone }

// wantsSwap reports whether a watchpoint for one goroutine should be its own from the beginning,
// and sees to it that all others are, too, if there are too few registers.
func (s *Session) wantsSwap(w *Watchpoint) bool {
	points := len(w.entry.Points)
	switch {
	case points == 0: // page guards are for all threads
		return false
	case s.alwaysSwap, w.of.contexts.crowded, w.mode == ModeSampled, w.group != nil:
		return true
	case s.free(w.of) < points && s.crowdable(w.of, w.on.ID, points):
		s.crowd(w.of)
		return true
	}
	return false
}

// crowdable reports whether there are so many more registers for a goroutine, or (0) for all
// threads, when all that is for one goroutine is its own. On a thread are the process's and those
// of one goroutine.
func (s *Session) crowdable(d *debuggee, id int64, points int) bool {
	var shared, held, most int // of all goroutines, and of the one with most
	for _, ctx := range d.contexts.of {
		own, all := 0, 0
		for _, w := range ctx.watches {
			switch n := len(w.entry.Points); {
			case w.own != 0:
				own += n
			case w.swappable():
				all += n
			}
		}
		shared, held = shared+all, max(held, own)
		if ctx.goid == id {
			all += points
		}
		most = max(most, own+all)
	}
	switch {
	case id == 0:
		most += points
	default:
		most = max(most, points)
	}
	return s.free(d)+held+shared >= most
}

// swappable reports whether a watchpoint that is on all threads can be its goroutine's own.
func (w *Watchpoint) swappable() bool {
	return w.own == 0 && w.group == nil && !w.ending() && len(w.entry.Points) > 0
}

func (s *Session) free(d *debuggee) int {
	n, _ := d.process.Board().Free(0, true)
	return n
}

// makeRoom is for a watchpoint that is to be on all threads: if there are not so many registers
// those for one goroutine make room. All threads are stopped.
func (s *Session) makeRoom(d *debuggee, entries ...*lanes.Entry) {
	if len(d.contexts.of) == 0 || d.contexts.crowded {
		return
	}
	points := 0
	for _, e := range entries {
		points += len(e.Points)
	}
	if points > 0 && s.free(d) < points && s.crowdable(d, 0, points) {
		s.crowd(d)
	}
}

// crowd has all watchpoints for one goroutine become their goroutines' own.
func (s *Session) crowd(d *debuggee) {
	d.contexts.crowded = true
	for _, ctx := range d.contexts.of {
		for _, w := range ctx.watches {
			if w.swappable() {
				s.moveToContext(w)
			}
		}
	}
}

// swapIn makes a watchpoint that is not armed its goroutine's own.
func (s *Session) swapIn(w *Watchpoint) error {
	switches := w.of.contexts.switches
	if err := switches.Want(w.context.g); err != nil {
		return err
	}
	w.own = w.context.goid
	w.mu.Lock()
	w.switched = switches.Way()
	w.mu.Unlock()
	return nil
}

// moveToContext makes a watchpoint that is on all threads its goroutine's own. Where that cannot
// be it stays. All threads are stopped.
func (s *Session) moveToContext(w *Watchpoint) {
	if err := s.swapIn(w); err != nil {
		return
	}
	if w.kernel != nil {
		w.dropFilter()
		w.mu.Lock()
		w.inKernel, w.notKernel, w.selected = false, errSwapped, SelectedByStop
		w.mu.Unlock()
	}
	err := s.disarm(w)
	if err == nil {
		err = w.armAt(w.addr)
	}
	if err != nil {
		w.finish(EndLost, "it could not be armed again for its goroutine alone: "+err.Error(), w.seen)
	}
}

// isOver reports whether a goroutine that is not there has ended, and is none that is to come.
// Ids are given in order, by processors of the runtime (runtime.p), which take sixteen at a time
// (runtime.newproc1). Where that cannot be read it may be one to come.
func (s *Session) isOver(id int64) bool {
	scope := &proc.EvalScope{BinInfo: s.target.BinInfo(), Mem: s.target.Memory()} // of package variables alone
	number := func(expr string) (uint64, bool) {
		v, err := scope.EvalExpression(expr, proc.LoadConfig{})
		if err != nil || v.Unreadable != nil {
			return 0, false
		}
		n, err := word(s.target.Memory(), v.Addr)
		return n, err == nil
	}
	given, ok := number("runtime.sched.goidgen.value")
	if !ok || uint64(id) > given {
		return false
	}
	all, err := scope.EvalExpression("runtime.allp", proc.LoadConfig{})
	if err != nil || all.Unreadable != nil {
		return false
	}
	for i := range all.Len {
		next, ok := number(fmt.Sprintf("runtime.allp[%d].goidcache", i))
		end, ok1 := number(fmt.Sprintf("runtime.allp[%d].goidcacheend", i))
		if !ok || !ok1 || uint64(id) >= next && uint64(id) < end {
			return false
		}
	}
	return true
}
