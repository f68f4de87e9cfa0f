package backend

import (
	"fmt"
	"slices"

	"github.com/argusdbg/argus/internal/heap"
	obj "github.com/argusdbg/argus/internal/object"
)

// onStack reports whether memory is on the stack of the goroutine whose variable it is.
func (l *local) onStack(addr uint64) bool { return l != nil && addr >= l.lo && addr < l.hi }

// take takes in one store to an object, unless it is on a stack and the store is none of
// the variable's: see [Session.accessTo].
func (wr *writing) take(of *Watchpoint, pc uint64, r obj.Range) {
	if by, ok := wr.owns(of, r.Addr); ok {
		wr.add(of, pc, r, by)
	}
}

// owns judges a write to an object at an address. It is not ok if it is a write to what
// was its memory only.
func (wr *writing) owns(of *Watchpoint, addr uint64) (by access, ok bool) {
	if of.ending() {
		return by, false
	}
	if !of.local.onStack(addr) {
		return by, true
	}
	regs, err := wr.th.Held().Registers()
	if err != nil {
		return by, true
	}
	switch by = wr.s.accessTo(of.local, wr.th, regs); by.kind {
	case ofNobody:
		return by, false
	case ofNext:
		wr.s.scopeEnd(of.local, nil, of.local.fn+" was left, and its memory is used for others")
		wr.stopFor(of, true)
		return by, false
	}
	return by, true
}

// moveWhole follows an object to another address. was is the stack that it was on. What a
// variable that is not used any more leads to there has not moved with it, and is nobody's.
func (w *Watchpoint) moveWhole(addr uint64, was obj.Range) error {
	o := w.whole
	u, err := o.object.MoveTo(addr)
	if err != nil {
		return err
	}
	root := obj.Range{Addr: addr, Size: o.root.Size}
	if err := w.guardRanges([]obj.Range{root}); err != nil {
		return err
	}
	w.mu.Lock()
	w.former, w.addr, w.entry = append(w.former, w.entry), addr, o.entries[root]
	w.mu.Unlock()
	o.root = root
	u.Add = slices.DeleteFunc(u.Add, func(r obj.Range) bool {
		return r.Addr-was.Addr < uint64(was.Size) && !w.local.onStack(r.Addr)
	})
	w.follows(&u)
	return nil
}

// followParts looks after what a local variable leads to on the heap. The collector frees
// that when the function does not use the variable any more, and others get the memory.
func (s *Session) followParts(w *Watchpoint) {
	d := w.of
	_, _, err := d.object(w.addr)
	if err == nil {
		err = s.hookCollector(d)
	}
	if err != nil {
		w.mu.Lock()
		w.caveat = fmt.Sprintf("if %s is not used any more, writes by whoever gets its memory then would be told as its own: %v", w.expr, err)
		w.mu.Unlock()
		return
	}
	d.objects.parts = append(d.objects.parts, w)
}

func (s *Session) unfollowParts(w *Watchpoint) {
	d := w.of
	if i := slices.Index(d.objects.parts, w); i >= 0 {
		d.objects.parts = slices.Delete(d.objects.parts, i, i+1)
		d.unhookCollector()
	}
}

// letGo lets go of what the collector frees of local variables. What it returns is to be
// done with all threads stopped.
func (s *Session) letGo(d *debuggee, mem heap.Memory) (after func()) {
	gone := func(addr uint64) bool {
		o, found, err := d.objects.heap.Find(mem, addr)
		if err != nil || !found {
			return false
		}
		fate, err := d.objects.heap.Fate(mem, &o)
		return err == nil && fate != heap.Lives
	}
	removed := map[*Watchpoint][]obj.Range{}
	for _, w := range d.objects.parts {
		if w.ending() || w.whole.late != nil {
			continue
		}
		if r := w.whole.object.Freed(gone); len(r) > 0 {
			removed[w] = r
		}
	}
	if len(removed) == 0 {
		return nil
	}
	return func() {
		for w, r := range removed {
			w.whole.drop(w, r)
		}
	}
}
