package backend

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/insn"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/value"
	"github.com/argusdbg/argus/ptrace"
)

// Hit is one access to what is watched.
type Hit struct {
	Watchpoint *Watchpoint
	Number     uint64        // which of the watchpoint's hits it is, from 1
	Time       time.Duration // since the program was first let run
	Access     Access        // Write, Read, or ReadWrite where it cannot be told
	Old, New   Value         // before and after; see the package comment
	Goroutine  Goroutine
	Thread     int   // id that the kernel gave the thread
	Place      Place // of the instruction
	Stack      []Frame
	// Call is the name of the system call for which the kernel made the access, "" if
	// the program's own code did. Place is then that of the system call instruction,
	// and the value is seen once, when the call is over.
	Call    string
	CondErr error // why the condition could not be evaluated
	// PlaceErr is why the instruction was not found; Place is then that of the
	// program counter, behind it.
	PlaceErr error

	stop bool
	th   *glue.Thread // nil: it runs on
}

// StopHere stops the program at this hit: Continue returns a [*Stop] with it. It is for
// functions given to Report, which call it before they return.
func (h *Hit) StopHere() { h.stop = true }

// String is one line: what, where, who.
func (h *Hit) String() string {
	by := h.Goroutine.String()
	if h.Call != "" {
		by = "the system call " + h.Call + " of " + by
	}
	return fmt.Sprintf("%s: %s -> %s, written by %s at %s", h.Watchpoint.Expr(), h.Old, h.New, by, h.Place)
}

// Value is a watched value.
type Value struct {
	bytes []byte
	w     *Watchpoint
	text  string // formatted at the hit: it may need the target's memory
}

// String is the value as Go prints it.
func (v Value) String() string { return v.text }

// Bytes is the value as it lay in memory.
func (v Value) Bytes() []byte { return v.bytes }

// Int returns the value as a number if it is an integer of any kind, a bool or a
// pointer.
func (v Value) Int() (int64, bool) { return intOf(v.w.typ, v.bytes) }

func (w *Watchpoint) value(b []byte) Value {
	b = slices.Clone(b)
	return Value{bytes: b, w: w, text: value.Format(w.typ, b, valueEnv{w.s})}
}

// valueEnv answers what the bytes of a value do not tell.
type valueEnv struct{ s *Session }

func (e valueEnv) FuncName(pc uint64) string { return e.s.lines.FuncName(pc) }

func (e valueEnv) ReadMemory(buf []byte, addr uint64) (int, error) {
	return e.s.target.Memory().ReadMemory(buf, addr)
}

// newStopper makes what Delve stops for when a watchpoint was hit (FACTS F3).
func newStopper(w *Watchpoint) *proc.Breakpoint {
	return &proc.Breakpoint{
		Addr: w.addr, WatchExpr: w.expr, WatchType: proc.WatchWrite,
		Logical:   &proc.LogicalBreakpoint{LogicalID: w.id, HitCount: map[int64]uint64{}},
		Breaklets: []*proc.Breaklet{{Kind: proc.UserBreakpoint, LogicalID: w.id}},
	}
}

// Hit is called by the event loop.
func (o *observer) Hit(th *glue.Thread, entries []*lanes.Entry) *proc.Breakpoint {
	s := (*Session)(o)
	s.useOf(th.Process())
	at := time.Since(s.began)
	var stopper *proc.Breakpoint
	for _, e := range entries {
		w := e.Owner.(*Watchpoint)
		if s.hit(w, th, at) && stopper == nil {
			stopper = w.stopper
		}
	}
	return stopper
}

// UnknownHit is called by the event loop for a debug exception of which the processor
// does not say what caused it. The instruction that has just been executed tells: it
// touched the watchpoints that lie where it wrote, and those whose value has changed.
func (o *observer) UnknownHit(th *glue.Thread, entries []*lanes.Entry, stepped bool) *proc.Breakpoint {
	s := (*Session)(o)
	s.useOf(th.Process())
	touched := entries[:0]
	for _, e := range entries {
		if s.touched(e.Owner.(*Watchpoint), th, stepped) {
			touched = append(touched, e)
		}
	}
	if len(touched) == 0 && !stepped {
		for _, e := range entries { // it was one of them
			e.Owner.(*Watchpoint).lose()
		}
		return nil
	}
	return o.Hit(th, touched)
}

// Missed is called by the event loop for hits that no stop tells of.
func (o *observer) Missed(e *lanes.Entry, n uint64) {
	w := e.Owner.(*Watchpoint)
	w.mu.Lock()
	w.hits += n
	w.lost += n
	w.mu.Unlock()
}

// touched reports whether the instruction that th has just executed accessed what w
// watches, as far as the registers and the value in memory tell.
func (s *Session) touched(w *Watchpoint, th *glue.Thread, stepped bool) bool {
	regs, err := th.Held().Registers()
	if err != nil {
		return false
	}
	store, err := s.writer(regs, w)
	if err == nil && store.Kind != insn.Load && store.Kind != insn.Other {
		return true
	}
	if stepped {
		return false // another thread's write may have changed the value
	}
	if err == nil && w.access.Reads() {
		return true
	}
	_, err = s.target.Memory().ReadMemory(w.now, w.addr)
	return err == nil && !bytes.Equal(w.now, w.seen)
}

// hit takes in one hit of one watchpoint and reports whether the program stops.
func (s *Session) hit(w *Watchpoint, th *glue.Thread, at time.Duration) (stop bool) {
	w.mu.Lock()
	w.hits++
	number := w.hits
	w.mu.Unlock()
	s.process.Board().Hit(w.entry, th.Held())
	regs, err := th.Held().Registers()
	if err == nil {
		_, err = s.target.Memory().ReadMemory(w.now, w.addr)
	}
	if err != nil { // the thread is being killed
		w.lose()
		return false
	}
	store, placeErr := s.writerAt(th, regs, w)
	old := w.last
	var exactOld, exactNew [maxValue]byte
	if v, ok := oldValue(store, regs); ok && w.size <= maxValue {
		old = overlay(exactOld[:w.size], w.last, v, w.addr)
	}
	now := w.now
	if v, ok := written(store, regs); ok && w.size <= maxValue {
		now = overlay(exactNew[:w.size], w.now, v, w.addr)
	}
	defer func() {
		copy(w.seen, w.now)
		copy(w.last, now)
	}()
	condErr, report := s.wanted(w, th)
	if !report {
		return false
	}
	h := &Hit{Watchpoint: w, Number: number, Time: at, Access: accessOf(w, store, placeErr), Old: w.value(old), New: w.value(now),
		Thread: th.ThreadID(), Goroutine: s.goroutineOn(th), CondErr: condErr, PlaceErr: placeErr}
	if number, made := th.Call(); made {
		h.Call = callName(number)
	}
	if placeErr != nil {
		h.Place = s.at(th, regs.PC())
	} else {
		h.Place = s.at(th, store.PC)
	}
	if w.stack > 0 {
		h.Stack = s.stackOf(th, w.stack, h.Place)
	}
	if w.report != nil {
		h.th = th
		w.report(h)
		if h.th = nil; !h.stop {
			return false
		}
	}
	s.stops = append(s.stops, h)
	return true
}

// wanted judges condition and count.
func (s *Session) wanted(w *Watchpoint, th *glue.Thread) (condErr error, report bool) {
	if w.cond != "" {
		ok, err := s.condition(w.cond, th)
		if err == nil && !ok {
			return nil, false
		}
		condErr = err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.matched++
	if w.every > 1 && w.matched%w.every != 0 || !w.count.holds(w.matched) {
		return nil, false
	}
	w.told++
	return condErr, true
}

// maxValue is how many bytes the slots of a thread can hold.
const maxValue = 64

// overlay returns base with the bytes of v that lie in it put in, in dst.
func overlay(dst, base []byte, v insn.Value, addr uint64) []byte {
	copy(dst, base)
	for i := range v.Size {
		if at := v.Addr + uint64(i); at >= addr && at-addr < uint64(len(dst)) {
			dst[at-addr] = v.Data[i]
		}
	}
	return dst
}

func accessOf(w *Watchpoint, store insn.Store, placeErr error) Access {
	switch {
	case !w.access.Reads() || !w.access.Writes():
		return w.access
	case placeErr != nil:
		return ReadWrite
	case store.Kind == insn.Load:
		return Read
	case store.Kind == insn.Other:
		return ReadWrite
	}
	return Write
}

// writerAt is writer, unless the thread has run on since the access.
func (s *Session) writerAt(th *glue.Thread, regs *ptrace.Regs, w *Watchpoint) (insn.Store, error) {
	if th.Deferred() {
		return insn.Store{}, errDeferred
	}
	if _, made := th.Call(); made {
		return insn.Store{PC: regs.PC() - callLen, Kind: insn.Other}, nil
	}
	return s.writer(regs, w)
}

var errDeferred = errors.New("the program had the signal of the watchpoint blocked, and stopped some time after the access")

// writer finds the instruction that made the access.
func (s *Session) writer(regs *ptrace.Regs, w *Watchpoint) (insn.Store, error) {
	return findWriter(s.writers, regs, w.addr, w.size)
}
