package backend

import (
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/internal/value"
)

// frameOn is the frame of the function that a thread is in, on its goroutine's own stack, and
// where the frame ends.
func (s *Session) frameOn(th *glue.Thread) (f frame, g goroutine.G, cfa uint64, ok bool) {
	regs, err := th.Held().Registers()
	if err != nil {
		return f, g, 0, false
	}
	mem := s.target.Memory()
	user, own, err := s.goroutines.Running(mem, s.gPointer(regs))
	if err != nil || !own {
		return f, g, 0, false // not on a goroutine's stack
	}
	if g, err = s.goroutines.One(mem, user); err != nil {
		return f, g, 0, false
	}
	if taken, known := s.lines.FrameSize(regs.PC()); known {
		_, cfa, _ = goroutine.Caller(regs.SP(), taken)
	} else {
		stack := s.calls(th, 0)
		if len(stack) == 0 || stack[0].Err != nil {
			return f, g, 0, false
		}
		cfa = uint64(stack[0].Regs.CFA)
	}
	return frame{user, g.ID, g.StackHi - cfa}, g, cfa, true
}

// away reports whether the watchpoint belongs to a call, and is not on its goroutine's stack.
func (w *Watchpoint) away() bool { return w.call != nil && w.call.away }

// cameTo is called where a thread has declared the variable, on the tracer's thread. What it
// returns is called with everything stopped.
func (s *Session) cameTo(lw *LocalWatch, at *declaration, th *glue.Thread) func() {
	f, _, cfa, ok := s.frameOn(th)
	if !ok {
		return nil
	}
	if w := lw.inFrame(f, at); w != nil && (w.entry == nil || !w.ending() && s.unmoved(w, at, cfa)) {
		return nil // in a loop, or once more on the same visit
	}
	if !s.means(lw.chosen, th) {
		return nil
	}
	return func() { s.watchCall(lw, at, th) }
}

// inFrame finds the watchpoint of a call, nil if there is none. One without an entry is that
// of a call that cannot be watched.
func (lw *LocalWatch) inFrame(f frame, at *declaration) *Watchpoint {
	for _, w := range lw.live[f] {
		if w.call.at == at {
			return w
		}
	}
	return nil
}

// unmoved reports whether a variable that is declared again is where it was before.
func (s *Session) unmoved(w *Watchpoint, at *declaration, cfa uint64) bool {
	if !at.escaped {
		return true
	}
	p, err := word(s.target.Memory(), cfa+uint64(at.off))
	return err == nil && p == w.addr
}

// watchCall begins to watch a call. All threads are stopped, th at the declaration.
func (s *Session) watchCall(lw *LocalWatch, at *declaration, th *glue.Thread) {
	s.useOf(th.Process())
	f, g, cfa, ok := s.frameOn(th)
	if !ok || lw.hooks == nil {
		return // it is being killed, or nobody is interested any more
	}
	s.retireEnded()
	if old := lw.inFrame(f, at); old != nil {
		if old.entry == nil || s.unmoved(old, at, cfa) {
			return
		}
		s.leaveCall(old, at.fn.Name+" has declared it anew")
	}
	w := s.newCall(lw, at, f, &g)
	l := &local{w: w, g: f.g, goid: f.goid, fn: at.fn.Name, lo: g.StackLo, hi: g.StackHi, cfa: f.down}
	err := s.resolveCall(w, th, cfa)
	if err == nil {
		err = s.frameFor(l, th)
	}
	s.openCall(w, l, err)
}

func (s *Session) newCall(lw *LocalWatch, at *declaration, f frame, g *goroutine.G) *Watchpoint {
	w := &Watchpoint{watchOptions: lw.watchOptions, s: s, of: lw.of, expr: lw.expr, access: lw.access}
	w.call = &call{frame: f, at: at}
	w.call.Call = Call{Of: lw, Function: at.fn.Name, Goroutine: Goroutine{ID: g.ID, Start: s.startOf(g.StartPC).Function}, Depth: 1}
	for o := range lw.live {
		if o.g == f.g && o.goid == f.goid && o.down < f.down {
			w.call.Depth++
		}
	}
	return w
}

// resolveCall finds the variable: by the declaration, or the first time, and where that does
// not tell, by Delve.
func (s *Session) resolveCall(w *Watchpoint, th *glue.Thread, cfa uint64) error {
	at := w.call.at
	if at.typ != nil && at.checked {
		addr := cfa + uint64(at.off)
		if at.escaped {
			var err error
			if addr, err = word(s.target.Memory(), addr); err != nil {
				return err
			}
		}
		w.typ, w.addr = at.typ, addr
		return nil
	}
	defer s.forget(th)
	scope, err := s.threadScope(th)
	if err != nil {
		return err
	}
	if at.typ != nil {
		scope.Line = 1 << 30 // Delve shows variables from the line behind their declaration on
	}
	v, err := s.resolve(w, scope, w.expr)
	if err != nil {
		return err
	}
	w.typ, w.addr = v.DwarfType, v.Addr
	if at.typ != nil && !at.escaped {
		at.checked = w.addr == cfa+uint64(at.off)
	}
	if at.typ != nil && at.escaped {
		p, err := word(s.target.Memory(), cfa+uint64(at.off))
		at.checked = err == nil && p == w.addr
	}
	return nil
}

// frameFor completes what is known of the frame of the function that th is in.
func (s *Session) frameFor(l *local, th *glue.Thread) error {
	regs, err := th.Held().Registers()
	if err != nil {
		return err
	}
	l.fp = l.hi - framePointerOf(regs)
	taken, known := s.lines.FrameSize(regs.PC())
	if slot, _, ok := goroutine.Caller(regs.SP(), taken); known && ok {
		l.ret, err = word(s.target.Memory(), slot)
		return err
	}
	if stack := s.calls(th, 0); len(stack) > 0 {
		l.ret = stack[0].Ret
	}
	return nil
}

// openCall arms the watchpoint of a call. All threads are stopped.
func (s *Session) openCall(w *Watchpoint, l *local, err error) {
	lw := w.call.Of
	if err == nil {
		err = s.armCall(w, l)
	}
	lw.live[w.call.frame] = append(lw.live[w.call.frame], w)
	lw.mu.Lock()
	defer lw.mu.Unlock()
	lw.calls++
	w.call.Number = lw.calls
	if err != nil {
		w.entry = nil
		lw.unwatched++
		if lw.why == nil {
			lw.why = err
		}
		return
	}
	lw.typ = w.typ.String()
	lw.open = append(lw.open, w)
}

func (s *Session) armCall(w *Watchpoint, l *local) (err error) {
	lw := w.call.Of
	if err := value.Watchable(w.typ); err != nil {
		return err
	}
	w.size = int(w.typ.Size())
	if len(lw.now) < w.size {
		lw.now = make([]byte, w.size)
	}
	room := make([]byte, 2*w.size)
	w.last, w.seen, w.now = room[:w.size:w.size], room[w.size:], lw.now[:w.size]
	if _, err := s.target.Memory().ReadMemory(w.last, w.addr); err != nil {
		return fmt.Errorf("%s cannot be read: %w", w.expr, err)
	}
	copy(w.seen, w.last)
	w.when = lw.condition(w.typ)
	l.off = l.hi - w.addr
	w.call.away = w.addr < l.lo || w.addr >= l.hi
	w.local = l
	if w.entry, err = w.entryAt(w.addr); err != nil {
		return err
	}
	s.share(w)
	if err := w.of.process.AddWatch(w.config(w.entry)); err != nil {
		s.leaveContext(w)
		return err
	}
	w.of.locals.list = append(w.of.locals.list, l)
	s.enlist(w)
	s.followObject(w)
	return nil
}

// condition is what the calls have in common that watch a variable of one type.
func (lw *LocalWatch) condition(t godwarf.Type) *cond.Condition {
	c, known := lw.conds[t]
	if !known {
		c = newCondition(lw.cond, t)
		lw.conds[t] = c
	}
	return c
}

// returns is called where a thread leaves the function.
func (s *Session) returns(lw *LocalWatch, fn *proc.Function, th *glue.Thread) func() {
	if len(lw.live) == 0 {
		return nil
	}
	f, _, _, ok := s.frameOn(th)
	if !ok || lw.live[f] == nil {
		return nil
	}
	return func() {
		for _, w := range slices.Clone(lw.live[f]) {
			s.leaveCall(w, fn.Name+" returned")
		}
		s.retireEnded()
	}
}

// leaveCall ends the watchpoint of a call. All threads are stopped.
func (s *Session) leaveCall(w *Watchpoint, why string) {
	if w.entry != nil && !w.ending() {
		w.compare()
		if w.local.unwound != "" {
			why = w.local.unwound
		}
		w.finish(EndScope, why, w.seen)
	}
	s.retire(w, "")
}

// retireEnded takes in the ends of calls that were found where not everything was stopped.
func (s *Session) retireEnded() {
	if !s.ends {
		return
	}
	for _, w := range slices.Clone(s.watches) {
		if w.ending() && w.call != nil {
			s.retire(w, "")
		}
	}
}

// retire takes the watchpoint of a call away, and adds what it has counted to the others'.
func (s *Session) retire(w *Watchpoint, reason string) {
	lw := w.call.Of
	f := w.call.frame
	if lw.live[f] = slices.DeleteFunc(lw.live[f], func(o *Watchpoint) bool { return o == w }); len(lw.live[f]) == 0 {
		delete(lw.live, f)
	}
	if !slices.Contains(s.watches, w) {
		return // it never was, or is no more
	}
	s.endWatch(w, reason)
	_ = s.takeOff(w) // fails if the process is being killed
	lw.fold(w)
}
