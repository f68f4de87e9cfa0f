package backend

import (
	"slices"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
	obj "github.com/argusdbg/argus/internal/object"
)

// writing is what one thread writes to objects in one statement.
type writing struct {
	s         *Session
	th        *glue.Thread
	at        time.Duration
	goroutine Goroutine
	key       int64 // of the goroutine, for package object
	where     statement
	touched   []*Watchpoint // objects that are being assigned to
	stopper   *proc.Breakpoint
}

// wroteWhole takes in a write to objects, and what else the statement writes: the compiler
// assigns values of several words, and the runtime entries of maps, by several stores. The
// thread is stepped to the end of the statement.
func (s *Session) wroteWhole(th *glue.Thread, at time.Duration, w *guard.Write, wrote obj.Range, objects []*Watchpoint) *proc.Breakpoint {
	wr := &writing{s: s, th: th, at: at, goroutine: s.goroutineOn(th)}
	if wr.key = wr.goroutine.ID; wr.key == 0 {
		wr.key = -int64(th.ThreadID())
	}
	objects = slices.DeleteFunc(objects, (*Watchpoint).ending)
	for _, of := range objects {
		wr.overdue(of)
	}
	regs, err := th.Held().Registers()
	if err != nil || w.InCall || wrote.Size == 0 {
		for _, of := range objects {
			wr.wroteSomewhere(of, w)
		}
		return wr.stopper
	}
	wr.where = s.statementAt(regs, w.PC)
	for _, of := range objects {
		wr.take(of, w.PC, wrote)
	}
	if s.onWay == nil && !s.single {
		err := s.toStatementEnd(th, &wr.where, wr.stepped)
		for _, of := range wr.touched {
			of.whole.note(of, err)
		}
	}
	for _, of := range wr.touched {
		wr.over(of, of.whole.pending.Leave(wr.key))
	}
	return wr.stopper
}

// stepped takes in what the instruction at pc has written, by which the thread went on.
// The page that the statement wrote to first is open meanwhile: all that is watched there
// is looked for.
func (wr *writing) stepped(pc uint64) {
	s := wr.s
	regs, err := wr.th.Held().Registers()
	if err != nil {
		return
	}
	store, addr, size, err := executed(s.writers, pc, regs)
	if err != nil || size == 0 {
		if err != nil || store.MayWrite() {
			wr.steppedSomewhere(pc)
		}
		return
	}
	entries := slices.Clone(s.process.Board().Behind(s.behind[:0], wr.th.Held(), addr, uint64(size)))
	for _, of := range ownersOf(entries) {
		if of.whole == nil {
			wr.stopFor(of, s.hit(of, wr.th, wr.at, &store))
			continue
		}
		wr.take(of, pc, obj.Range{Addr: addr, Size: int64(size)})
	}
}

// steppedSomewhere is stepped for an instruction of which it is not known where it wrote.
func (wr *writing) steppedSomewhere(pc uint64) {
	s := wr.s
	pages := slices.Clone(s.onWay.met)
	for _, of := range wr.touched {
		for r := range of.whole.entries {
			pages = append(pages, r.Addr)
		}
		if len(pages) > maxPagesLooked {
			break
		}
	}
	for i := range pages {
		pages[i] &^= memoryPage - 1
	}
	slices.Sort(pages)
	w := &guard.Write{PC: pc, Addrs: slices.Compact(pages), Maybe: true}
	entries, store, _ := s.touchedBehind(wr.th, w)
	for _, of := range ownersOf(slices.Clone(entries)) {
		if of.whole == nil {
			wr.stopFor(of, s.hit(of, wr.th, wr.at, store))
			continue
		}
		wr.wroteSomewhere(of, w)
	}
}

// maxPagesLooked is on how many pages is looked for what an instruction has written.
const maxPagesLooked = 256

// ownersOf are the watchpoints of entries, each once.
func ownersOf(entries []*lanes.Entry) (list []*Watchpoint) {
	for _, e := range entries {
		if of := e.Owner.(*Watchpoint); !slices.Contains(list, of) {
			list = append(list, of)
		}
	}
	return list
}

func (wr *writing) stopFor(of *Watchpoint, stop bool) {
	if stop && wr.stopper == nil {
		wr.stopper = of.stops()
	}
}

// add takes in one store to an object.
func (wr *writing) add(of *Watchpoint, pc uint64, r obj.Range, by access) {
	o := of.whole
	if !slices.Contains(wr.touched, of) {
		wr.touched = append(wr.touched, of)
	}
	first := wr.newHit(of, pc, !o.pending.Pending(wr.key))
	wr.byChannel(first, by)
	if of.raw {
		wr.tellRaw(of, first, r)
	}
	within := wr.where.fn == nil || wr.s.target.BinInfo().PCToFunc(pc) != wr.where.fn
	st := wr.where.store(wr.key, pc, within, r)
	st.Tag = first
	wr.over(of, o.pending.Add(st))
}

// newHit is a hit without values, as a store shows it. Its stack can be seen only now.
func (wr *writing) newHit(of *Watchpoint, pc uint64, begins bool) *Hit {
	h := &Hit{Watchpoint: of, Time: wr.at, Access: Write, Thread: wr.th.ThreadID(), Goroutine: wr.goroutine, Place: wr.where.place}
	if wr.where.fn == nil {
		h.Place = wr.s.at(wr.th, pc)
	}
	if number, made := wr.th.Call(); made {
		h.Call = callName(number)
	}
	if of.stack > 0 && (begins || of.raw) {
		h.Stack = wr.s.stackOf(wr.th, of.stack, wr.s.at(wr.th, pc))
	}
	return h
}

// byChannel says of a hit that another goroutine's channel operation made it, if so.
func (wr *writing) byChannel(h *Hit, by access) {
	if by.kind != ofChannel {
		return
	}
	if h.Channel = true; by.at.PC != 0 {
		h.Place = by.at
	}
}

// over judges assignments that are over.
func (wr *writing) over(of *Watchpoint, list []obj.Assignment) {
	for _, a := range list {
		wr.judge(of, a.Stores[0].Tag.(*Hit), a.Ranges(), true)
	}
}

// overdue tells of an operation on an object that was not over when it was last looked at.
// Its own goroutine may be about to end it.
func (wr *writing) overdue(of *Watchpoint) {
	if late := of.whole.late; late != nil && late.Goroutine.ID != wr.goroutine.ID {
		wr.judge(of, nil, nil, false)
	}
}

// wroteSomewhere takes in a write of which only the page is known, or the page and the
// first byte: what has changed there tells.
func (wr *writing) wroteSomewhere(of *Watchpoint, w *guard.Write) {
	var ranges []obj.Range
	var by access
	met, ok := false, true
	for _, addr := range w.Addrs {
		if of.local.onStack(addr) && by.kind == ofProgram {
			if by, ok = wr.owns(of, addr); !ok {
				return
			}
		}
		page := obj.Range{Addr: addr &^ (memoryPage - 1), Size: int64(memoryPage)}
		ranges = append(ranges, page)
		// What is late may have been written before the object came to be there.
		if _, _, in := of.whole.object.At(addr); in && !w.Maybe && !w.Late {
			met = true
			ranges[0], ranges[len(ranges)-1] = obj.Range{Addr: addr, Size: 1}, ranges[0]
			ranges = append(ranges, page)
		}
	}
	h := wr.newHit(of, w.PC, true)
	wr.byChannel(h, by)
	wr.judge(of, h, ranges, met)
}

// judge compares an object with what it was, watches what it has come to be, and tells of
// the changes. A write of what was there before is a hit too if it was to a part of the
// object: met says that the first range was written to.
func (wr *writing) judge(of *Watchpoint, h *Hit, ranges []obj.Range, met bool) {
	o := of.whole
	look := o.object.Changed
	if !met {
		look = o.object.Compare
	}
	u := look(ranges...)
	of.follows(&u)
	if u.Busy && len(u.Changes) == 0 {
		if o.late == nil {
			o.late = h
		}
		return
	}
	if o.late != nil && !u.Busy {
		h, o.late = o.late, nil
	}
	if of.raw || h == nil {
		return
	}
	changes := o.within(u.Changes)
	if len(changes) == 0 {
		same, ok := o.unchanged(ranges, met)
		if !ok {
			return
		}
		changes = []Change{same}
	}
	h.More = u.More
	wr.tell(of, h, changes)
}

// unchanged is a change of the part that was written with the value that it had.
func (o *whole) unchanged(ranges []obj.Range, met bool) (Change, bool) {
	if !met {
		return Change{}, false
	}
	for _, r := range ranges {
		end := r.Addr + 1
		if o.part != nil { // it may begin anywhere in the range
			end = r.Addr + uint64(min(r.Size, int64(memoryPage)))
		}
		for addr := r.Addr; addr < end; addr++ {
			if path, text, ok := o.object.At(addr); ok && o.concerns(path) {
				return Change{Path: path, Old: text, New: text}, true
			}
		}
	}
	return Change{}, false
}

// tellRaw tells of a single store.
func (wr *writing) tellRaw(of *Watchpoint, h *Hit, r obj.Range) {
	changes, err := of.whole.object.Raw(r)
	of.whole.note(of, err)
	if len(changes) == 0 {
		path, text, ok := of.whole.object.WordAt(r.Addr)
		if !ok {
			return
		}
		changes = []Change{{Path: path, Old: text, New: text}}
	}
	wr.tell(of, h, changes)
}

// tell counts a hit and reports it.
func (wr *writing) tell(of *Watchpoint, h *Hit, changes []Change) {
	s := wr.s
	if of.thread != 0 && of.thread != h.Thread {
		return
	}
	of.mu.Lock()
	of.hits++
	h.Number = of.hits
	of.mu.Unlock()
	h.Changes = changes
	h.Old, h.New = Value{w: of, text: changes[0].Old}, Value{w: of, text: changes[0].New}
	condErr, report := s.wanted(of, wr.th, nil, nil, false)
	if !report {
		return
	}
	h.CondErr = condErr
	if of.report != nil {
		h.th = wr.th
		of.report(h)
		if h.th = nil; !h.stop {
			return
		}
	}
	s.stops = append(s.stops, h)
	wr.stopFor(of, true)
}

// countFault counts a write that page guards met on the pages of objects. idle is whether
// it hit nothing that is watched.
func (s *Session) countFault(board *lanes.Board, addr uint64, idle bool) {
	if !s.wholes {
		return
	}
	page := addr &^ (memoryPage - 1)
	s.behind = board.Behind(s.behind[:0], nil, page, memoryPage)
	for _, of := range ownersOf(s.behind) {
		if of.whole == nil {
			continue
		}
		of.mu.Lock()
		if of.whole.faults++; idle {
			of.whole.idle++
		}
		of.mu.Unlock()
	}
}

// maxCompared is how large an object may be that is compared at each stop: larger ones are
// compared in the end.
const maxCompared = 1 << 20

// compareWhole looks whether an object has changed without that anybody has told. Of an
// operation that was not over only the end is taken in, later.
func (w *Watchpoint) compareWhole(ranges []obj.Range, stopped bool) {
	o := w.whole
	if o.late != nil {
		ranges = nil
	}
	u := o.object.Compare(ranges...)
	if stopped {
		w.follows(&u)
	}
	if u.Busy || len(u.Changes) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.late == nil {
		w.unseen++
		return
	}
	o.late = nil
	w.hits++
	w.lost++
}
