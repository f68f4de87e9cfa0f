package backend

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	obj "github.com/argusdbg/argus/internal/object"
)

// watchedLocals are the watched local variables of a program, and where threads are looked at
// for their sake:
//
//   - behind the call, for every variable: the function has returned;
//   - where runtime.copystack returns: a stack has moved;
//   - where runtime.recovery goes on in the function that has recovered: those between are
//     gone, and none of them returns;
//   - where runtime.Goexit ends the goroutine, having run what was deferred.
//
// A thread that comes there for another's sake runs on at once; see [glue.Hook].
type watchedLocals struct {
	list  []*local
	kept  int          // how many LocalWatches want the hooks, calls or none
	hooks []*glue.Hook // in the runtime
	// crowded: those of calls are their goroutines' own, see share; alone: they cannot be.
	crowded, alone bool
	lacks          string // what would not be noticed
}

// follow looks after a variable on a stack from now on; nil is none.
func (s *Session) follow(l *local) error {
	if l == nil {
		return nil
	}
	d := l.w.of
	if err := s.hookRuntimeOnce(d); err != nil {
		return err
	}
	d.locals.list = append(d.locals.list, l)
	l.w.caveat = d.locals.lacks
	why := l.fn + " returned"
	if !d.isFunctionAt(l.ret, "runtime.goexit") {
		return s.hookLocal(l, l.ret, 0, why)
	}
	// Every goroutine comes there. Where this one's function ends only those come that
	// began with the same.
	returns, err := d.placesIn(l.fn, func(_ uint64, code []byte) bool { return isReturn(code) })
	if err != nil {
		return s.hookLocal(l, l.ret, 0, why)
	}
	for _, addr := range returns {
		if err := s.hookLocal(l, addr, wordSize, why); err != nil {
			return err
		}
	}
	return nil
}

// unfollow ends that. All threads are stopped.
func (s *Session) unfollow(l *local) {
	d := l.w.of
	d.removeHooks(l.hooks)
	l.hooks = nil
	d.locals.list = slices.DeleteFunc(d.locals.list, func(o *local) bool { return o == l })
	s.unhookRuntime(d)
}

func (d *debuggee) removeHooks(hooks []*glue.Hook) {
	for _, h := range hooks {
		_ = d.process.RemoveHook(h) // fails if the process is being killed
	}
}

// unhookRuntime takes the hooks in the runtime out when nobody wants them any more.
func (s *Session) unhookRuntime(d *debuggee) {
	if len(d.locals.list) == 0 && d.locals.kept == 0 {
		d.removeHooks(d.locals.hooks)
		d.locals = watchedLocals{}
	}
}

func (s *Session) hookRuntimeOnce(d *debuggee) error {
	if len(d.locals.hooks) > 0 {
		return nil
	}
	return s.hookRuntime(d)
}

// hookLocal ends a local where its goroutine comes to addr with the frame behind it, or
// with no more than that many bytes of it left.
func (s *Session) hookLocal(l *local, addr, rest uint64, why string) error {
	h := &glue.Hook{Addr: addr, Reached: func(th *glue.Thread) (*proc.Breakpoint, func()) {
		s.useOf(th.Process())
		if l.w.ending() && l.w.call == nil || !s.left(l, th, rest) {
			return nil, nil
		}
		return s.leaveFrame(l, why)
	}}
	if err := l.w.of.process.AddHook(h); err != nil {
		return err
	}
	l.hooks = append(l.hooks, h)
	return nil
}

// left reports whether th runs the goroutine of l and no more than rest bytes of the frame
// are still on its stack.
func (s *Session) left(l *local, th *glue.Thread, rest uint64) bool {
	regs, err := th.Held().Registers()
	if err != nil {
		return false
	}
	user, own, err := s.goroutines.Running(s.target.Memory(), s.gPointer(regs))
	if err != nil || user != l.g || !own {
		return false
	}
	g, err := s.goroutines.One(s.target.Memory(), l.g)
	return err == nil && g.ID == l.goid && regs.SP()+rest >= g.StackHi-l.cfa
}

// leaveFrame ends a local whose frame has just been left, and returns what Delve stops for.
// The watchpoint of a call ends without that.
func (s *Session) leaveFrame(l *local, why string) (*proc.Breakpoint, func()) {
	if l.w.call != nil {
		return nil, func() { s.leaveCall(l.w, why) }
	}
	l.w.compare()
	s.scopeEnd(l, l.w.seen, cmp.Or(l.unwound, why))
	return l.w.stops(), nil
}

func (s *Session) hookRuntime(d *debuggee) error {
	returns, err := d.placesIn("runtime.copystack", func(pc uint64, code []byte) bool { return isReturn(code) })
	if err != nil {
		return fmt.Errorf("a stack that moves could not be followed: %w", err)
	}
	if err := s.hookAll(d, returns, s.stackMoved); err != nil {
		return err
	}
	var lacks []string
	for _, c := range []struct {
		in, calls, lack string
		reached         func(*debuggee, *glue.Thread) (*proc.Breakpoint, func())
	}{
		{"runtime.recovery", "runtime.gogo", "a panic that is recovered further up", s.recovered},
		{"runtime.Goexit", "runtime.goexit1", "runtime.Goexit", s.goexited},
	} {
		places, err := d.placesIn(c.in, func(pc uint64, code []byte) bool {
			target, ok := callTarget(pc, code)
			return ok && d.isFunctionAt(target, c.calls)
		})
		var absent *proc.ErrFunctionNotFound
		if errors.As(err, &absent) && c.in == "runtime.Goexit" {
			continue // the linker has left it out: nobody calls it
		}
		if err != nil {
			lacks = append(lacks, c.lack)
			continue
		}
		if err := s.hookAll(d, places, c.reached); err != nil {
			return err
		}
	}
	if len(lacks) > 0 {
		d.locals.lacks = "the end of its scope by " + strings.Join(lacks, " or ") + " would be noticed late: this Go version's runtime is not known"
	}
	return nil
}

func (s *Session) hookAll(d *debuggee, places []uint64, reached func(*debuggee, *glue.Thread) (*proc.Breakpoint, func())) error {
	for _, addr := range places {
		h := &glue.Hook{Addr: addr, Reached: func(th *glue.Thread) (*proc.Breakpoint, func()) {
			s.useOf(th.Process())
			return reached(d, th)
		}}
		if err := d.process.AddHook(h); err != nil {
			return err
		}
		d.locals.hooks = append(d.locals.hooks, h)
	}
	return nil
}

// placesIn finds instructions of a function: there are some.
func (d *debuggee) placesIn(function string, want func(pc uint64, code []byte) bool) ([]uint64, error) {
	fns, err := d.target.BinInfo().FindFunction(function)
	if err != nil {
		return nil, err
	}
	var places []uint64
	for _, fn := range fns {
		more, err := d.placesInside(fn, want)
		if err != nil {
			return nil, err
		}
		places = append(places, more...)
	}
	if len(places) == 0 {
		return nil, fmt.Errorf("%s is not as it is known", function)
	}
	return places, nil
}

// placesInside finds instructions of a function, if there are any.
func (d *debuggee) placesInside(fn *proc.Function, want func(pc uint64, code []byte) bool) (places []uint64, err error) {
	code := make([]byte, fn.End-fn.Entry)
	if _, err := d.process.ReadProgram(code, fn.Entry); err != nil {
		return nil, err
	}
	for at := 0; at < len(code); {
		n := instructionLen(code[at:])
		if n == 0 {
			break // padding
		}
		if want(fn.Entry+uint64(at), code[at:at+n]) {
			places = append(places, fn.Entry+uint64(at))
		}
		at += n
	}
	return places, nil
}

// isFunctionAt reports whether addr is in a function of that name, or in what leads to it
// from the other calling convention.
func (d *debuggee) isFunctionAt(addr uint64, name string) bool {
	fn := d.target.BinInfo().PCToFunc(addr)
	return fn != nil && strings.TrimSuffix(fn.Name, ".abi0") == name
}

// stackMoved is called where a stack has been copied, be it a watched one or not.
func (s *Session) stackMoved(d *debuggee, _ *glue.Thread) (*proc.Breakpoint, func()) {
	for _, l := range d.locals.list {
		if lo, hi, ok := s.stackOfLocal(l); ok && (lo != l.lo || hi != l.hi) {
			return nil, func() { s.moveLocals(d) }
		}
	}
	return nil, nil
}

// stackOfLocal is where the stack of a local's goroutine is now, if that still is there.
func (s *Session) stackOfLocal(l *local) (lo, hi uint64, ok bool) {
	g, err := s.goroutines.One(l.w.of.target.Memory(), l.g)
	return g.StackLo, g.StackHi, err == nil && g.ID == l.goid && g.Alive()
}

// inPlace reports whether the variable is where it was when the stack was last looked at.
func (s *Session) inPlace(l *local) bool {
	lo, hi, ok := s.stackOfLocal(l)
	return ok && lo == l.lo && hi == l.hi
}

// moveLocals arms variables where they are now. All threads are stopped, and the copied
// stack is complete.
func (s *Session) moveLocals(d *debuggee) {
	for _, l := range d.locals.list {
		lo, hi, ok := s.stackOfLocal(l)
		w := l.w
		if !ok || w.ending() || lo == l.lo && hi == l.hi {
			continue
		}
		if w.away() {
			l.lo, l.hi = lo, hi
			continue
		}
		was := obj.Range{Addr: l.lo, Size: int64(l.hi - l.lo)}
		adjustPointers(w.seen, w.addr, l.lo, l.hi, hi-l.hi)
		adjustPointers(w.last, w.addr, l.lo, l.hi, hi-l.hi)
		l.lo, l.hi = lo, hi
		if err := s.moveTo(w, hi-l.off, was); err != nil {
			w.mu.Lock()
			w.addr = hi - l.off
			w.mu.Unlock()
			w.finish(EndLost, fmt.Sprintf("its stack has moved, and it could not be armed again: %v", err), w.seen)
			continue
		}
		w.compare() // a channel operation that came in between
	}
}

// moveTo arms a watchpoint at another address. was is the stack that it was on.
func (s *Session) moveTo(w *Watchpoint, addr uint64, was obj.Range) error {
	if w.whole != nil {
		return w.moveWhole(addr, was)
	}
	if err := s.disarm(w); err != nil {
		return err
	}
	return w.armAt(addr)
}

// recovered is called where runtime.recovery lets the function go on that has recovered
// from a panic.
func (s *Session) recovered(d *debuggee, th *glue.Thread) (*proc.Breakpoint, func()) {
	user, g, ok := s.userOf(th)
	if !ok {
		return nil, nil
	}
	for _, l := range d.locals.list {
		if l.w.ending() || l.g != user || l.goid != g.ID || g.SP < g.StackHi-l.cfa {
			continue
		}
		why := "a panic ended " + l.fn
		if fn := d.target.BinInfo().PCToFunc(g.PC); fn != nil {
			why += ", and " + fn.Name + " recovered from it"
		}
		l.unwound = why // where it goes on can be where the call would have returned to
		if err := s.hookLocal(l, g.PC, 0, why); err != nil {
			return s.leaveFrame(l, why)
		}
	}
	return nil, nil
}

// goexited is called where runtime.Goexit is about to end a goroutine.
func (s *Session) goexited(d *debuggee, th *glue.Thread) (*proc.Breakpoint, func()) {
	user, g, ok := s.userOf(th)
	var stopper *proc.Breakpoint
	var then []func()
	for _, l := range d.locals.list {
		if !ok || l.g != user || l.goid != g.ID || l.w.ending() && l.w.call == nil {
			continue
		}
		bp, fn := s.leaveFrame(l, "its goroutine ended by runtime.Goexit")
		if bp != nil {
			stopper = bp
		}
		if fn != nil {
			then = append(then, fn)
		}
	}
	if len(then) == 0 {
		return stopper, nil
	}
	return stopper, func() {
		for _, fn := range then {
			fn()
		}
	}
}
