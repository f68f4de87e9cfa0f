package backend

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	// Changes are what one assignment has changed of an object that is watched as a whole,
	// each part by its path, and More how many more there were. Old and New are those of the
	// first. A write of a value that was there before is one change, which changes nothing.
	Changes   []Change
	More      int
	Goroutine Goroutine
	Thread    int   // id that the kernel gave the thread
	Place     Place // of the instruction
	Stack     []Frame
	// Call is the name of the system call for which the kernel made the access, "" if
	// the program's own code did. Place is then that of the system call instruction,
	// and the value is seen once, when the call is over.
	Call string
	// Channel: it is a local variable, and Goroutine is not its own but did a channel
	// operation with it, which waited: a send to, a receive from, or the close of a
	// channel. Place is that of the operation. No goroutine: a timer's channel.
	Channel bool
	// Parked: it is a local variable that is watched where its goroutine runs alone (OnGoroutine,
	// when debug registers have run out), which was not running when another one's channel
	// operation wrote to it. That has just been found: Time is when the goroutine went on,
	// Thread where, and Place is where it had waited; it is the Goroutine. Who wrote is not
	// known, nor how often.
	Parked  bool
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
	if h.Channel {
		by = "a channel operation of " + by
	}
	if h.Parked {
		return fmt.Sprintf("%s: %s -> %s, written by a channel operation while %s was parked at %s", h.Watchpoint.Expr(), h.Old, h.New, h.Goroutine, h.Place)
	}
	if h.Call != "" {
		by = "the system call " + h.Call + " of " + by
	}
	return fmt.Sprintf("%s, written by %s at %s", h.What(), by, h.Place)
}

// What is what has changed, in one line: what is watched and its values before and after,
// or the parts of an object.
func (h *Hit) What() string {
	if len(h.Changes) == 0 {
		return fmt.Sprintf("%s: %s -> %s", h.Watchpoint.Expr(), h.Old, h.New)
	}
	var text strings.Builder
	for i, c := range h.Changes {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(c.String())
	}
	if h.More > 0 {
		fmt.Fprintf(&text, "; and %d more", h.More)
	}
	return text.String()
}

// Value is a watched value.
type Value struct {
	bytes []byte
	w     *Watchpoint
	text  string // formatted at the hit, since it may need the target's memory; "": it does not
}

// String is the value as Go prints it.
func (v Value) String() string {
	if v.text == "" && len(v.bytes) > 0 {
		return value.Format(v.w.typ, v.bytes, nil)
	}
	return v.text
}

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

// stops is what Delve stops for when a watchpoint was hit (FACTS F3).
func (w *Watchpoint) stops() *proc.Breakpoint {
	if w.stopper == nil {
		w.stopper = &proc.Breakpoint{
			Addr: w.addr, WatchExpr: w.expr, WatchType: proc.WatchWrite,
			Logical:   &proc.LogicalBreakpoint{LogicalID: w.id, HitCount: map[int64]uint64{}},
			Breaklets: []*proc.Breaklet{{Kind: proc.UserBreakpoint, LogicalID: w.id}},
		}
	}
	return w.stopper
}

// Hit is called by the event loop.
func (o *observer) Hit(th *glue.Thread, entries []*lanes.Entry) *proc.Breakpoint {
	s := (*Session)(o)
	s.useOf(th.Process())
	at := time.Since(s.began)
	var stopper *proc.Breakpoint
	for _, e := range entries {
		w := e.Owner.(*Watchpoint)
		if s.hit(w, th, at, nil) && stopper == nil {
			stopper = w.stops()
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
		s.unfounded()
		for _, e := range entries { // it was one of them
			e.Owner.(*Watchpoint).lose()
		}
		return nil
	}
	s.unrecorded(touched)
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
	w.freshen()
	_, err = s.target.Memory().ReadMemory(w.now, w.addr)
	return err == nil && !bytes.Equal(w.now, w.seen)
}

// hit takes in one hit of one watchpoint and reports whether the program stops. The
// instruction that made it is looked for unless it is known.
func (s *Session) hit(w *Watchpoint, th *glue.Thread, at time.Duration, known *insn.Store) (stop bool) {
	if w.ending() {
		return false
	}
	var by access
	if w.local != nil {
		if regs, err := th.Held().Registers(); err == nil {
			by = s.accessTo(w.local, th, regs)
		}
		switch by.kind {
		case ofNobody:
			return false
		case ofNext:
			s.scopeEnd(w.local, w.seen, w.local.fn+" was left, and its memory is used for others")
			return w.call == nil // which is taken away with the next one
		}
	}
	regs, err := th.Held().Registers()
	meant := s.meant(w, th, by.kind)
	number := w.tally(meant)
	judged := s.heard(w, th)
	if meant {
		s.process.Board().Hit(w.entry, th.Held())
	}
	if err == nil {
		_, err = s.target.Memory().ReadMemory(w.now, w.addr)
	}
	if err != nil { // the thread is being killed
		w.lose()
		return false
	}
	if !meant {
		copy(w.seen, w.now)
		copy(w.last, w.now)
		w.settle()
		return false
	}
	var store insn.Store
	var placeErr error
	if known != nil {
		store = *known
	} else {
		store, placeErr = s.writerAt(th, regs, w)
	}
	old := w.last
	if v, ok := oldValue(store, regs); ok && w.size <= maxValue {
		old = overlay(s.exact[0][:w.size], w.last, v, w.addr)
	}
	now := w.now
	if v, ok := written(store, regs); ok && w.size <= maxValue {
		now = overlay(s.exact[1][:w.size], w.now, v, w.addr)
	}
	defer func() {
		copy(w.seen, w.now)
		copy(w.last, now)
		if !judged {
			w.settle()
		}
	}()
	condErr, report := s.wanted(w, th, old, now, judged)
	if placeErr == nil {
		w.learn(regs, store)
	}
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
	if by.kind == ofChannel {
		h.Channel = true
		if by.at.PC != 0 {
			h.Place = by.at
		}
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

// tally counts an access and returns its number, if it is by a goroutine that is meant.
func (w *Watchpoint) tally(meant bool) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !meant {
		w.others++
		return 0
	}
	w.hits++
	return w.hits + w.unstopped()
}

// wanted judges condition and count, unless the kernel has judged. old and now are the values
// of this access.
func (s *Session) wanted(w *Watchpoint, th *glue.Thread, old, now []byte, judged bool) (condErr error, report bool) {
	if w.when != nil && !judged {
		ok, err := s.met(w, th, old, now)
		if err == nil && !ok {
			return nil, false
		}
		condErr = err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !judged {
		n := w.match()
		if w.every > 1 && n%w.every != 0 || !w.count.holds(n) {
			return nil, false
		}
	}
	w.told++
	return condErr, true
}

// met judges the condition.
func (s *Session) met(w *Watchpoint, th *glue.Thread, old, now []byte) (bool, error) {
	e, err := s.evaluatorOn(th)
	if err != nil {
		return false, err
	}
	e.in.Old, e.in.New = old, now
	e.in.Known, e.in.KnownAt = w.now, w.addr // read a moment ago
	return e.holds(w.when)
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
		return s.call(regs)
	}
	return s.writer(regs, w)
}

// call finds the system call instruction behind which a thread is.
func (s *Session) call(regs *ptrace.Regs) (insn.Store, error) {
	at := regs.PC() - callLen
	var code [callLen]byte
	if _, err := s.readProgram(code[:], at); err != nil || !isCall(code) {
		return insn.Store{}, errFrame
	}
	return insn.Store{PC: at, Kind: insn.Other}, nil
}

var errFrame = errors.New("the thread is in a signal handler by now: the kernel made the access in the system call before, or when it prepared the handler's stack")

var errDeferred = errors.New("the program had the signal of the watchpoint blocked, and stopped some time after the access")

// writer finds the instruction that made the access.
func (s *Session) writer(regs *ptrace.Regs, w *Watchpoint) (insn.Store, error) {
	return findWriter(s.writers, regs, w.addr, w.size)
}
