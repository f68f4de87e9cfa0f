package backend

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/go-delve/delve/pkg/proc"
)

// view is a look into the stopped program from a scope. Delve's variables that come out
// of it read the memory through it.
type view struct {
	of     *debuggee
	at     Scope
	scope  *proc.EvalScope
	load   Load
	runs   uint64 // the run that it came after
	writes uint64 // how often we had written to the program's memory
	moving bool   // it was taken while the program ran
	memory *patience
}

// views is what is kept of them.
type views struct {
	writes  uint64 // how often we have written to the program's memory
	known   map[Scope]*view
	of      moment              // that known is of
	fresh   moment              // that Delve's caches are of
	globals map[string][]string // the names of the variables of each package
	isVar   map[string]bool     // whether a package and a name are a variable and no function

	roomAt, roomEnd uint64 // memory that the program was given for new strings
}

// moment is a stop of the program, as long as we do not write to its memory.
type moment struct{ runs, writes uint64 }

// patience is the program's memory as long as somebody waits for what is read of it: an
// evaluation has no other end when a long map is searched.
type patience struct {
	proc.MemoryReadWriter
	ctx context.Context
}

func (p *patience) ReadMemory(buf []byte, addr uint64) (int, error) {
	if p.ctx != nil {
		if err := context.Cause(p.ctx); err != nil {
			return 0, err
		}
	}
	return p.MemoryReadWriter.ReadMemory(buf, addr)
}

// look runs fn with a view from a scope.
func (s *Session) look(ctx context.Context, at Scope, l Load, fn func(*view) error) error {
	return s.do(ctx, func() error {
		w, err := s.viewFrom(at)
		if err != nil {
			return err
		}
		return w.with(ctx, l, fn)
	})
}

// inView runs fn with the view that a variable came out of.
func (s *Session) inView(ctx context.Context, v *Variable, l Load, fn func(*view) error) error {
	return s.do(ctx, func() error {
		runs, moving := s.moment()
		if moving || v.view.moving || v.view.runs != runs {
			return ErrStale
		}
		w := v.view
		if w.writes != w.of.views.writes {
			if w.of != s.debuggee {
				return ErrStale
			}
			var err error
			if w, err = s.viewFrom(w.at); err != nil {
				return err
			}
		}
		return w.with(ctx, l, fn)
	})
}

// with runs fn with a copy of the view that loads so much, as long as ctx lasts.
func (w *view) with(ctx context.Context, l Load, fn func(*view) error) error {
	w.memory.ctx = ctx
	defer func() { w.memory.ctx = nil }()
	own := *w
	own.load = l
	err := caught(func() error { return fn(&own) })
	if cause := context.Cause(ctx); cause != nil {
		return cause // whatever could not be read for it
	}
	return err
}

// caught makes an error of a panic of Delve's: debug information and memory can hold
// what it does not expect.
func caught(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
		}
	}()
	return fn()
}

// viewFrom returns the view from a scope. It is kept until the program runs or its
// memory is written to.
func (s *Session) viewFrom(at Scope) (*view, error) {
	runs, moving := s.moment()
	if now := (moment{runs, s.views.writes}); now != s.views.of || moving || s.views.known == nil {
		s.views.known, s.views.of = map[Scope]*view{}, now
	}
	if g := s.target.SelectedGoroutine(); at.Goroutine == -1 && g != nil {
		at.Goroutine = g.ID
	}
	if w := s.views.known[at]; w != nil {
		return w, nil
	}
	scope, err := s.scope(at.Goroutine, at.Frame)
	if err != nil {
		return nil, err
	}
	w := &view{of: s.debuggee, at: at, scope: scope, runs: runs, writes: s.views.writes, moving: moving, memory: &patience{MemoryReadWriter: scope.Mem}}
	scope.Mem = w.memory
	if at.Goroutine > 0 && !moving { // without a goroutine it depends on the thread
		s.views.known[at] = w
	}
	return w, nil
}

// shown describes what was evaluated in a scope outside of any view. Its children cannot
// be asked for. scope may be nil: nothing more is loaded then.
func (s *Session) shown(scope *proc.EvalScope, v *proc.Variable, expr string, l Load) *Variable {
	w := &view{of: s.debuggee, scope: scope, load: l, moving: true, memory: &patience{MemoryReadWriter: s.target.Memory()}}
	return w.variable(v, expr)
}

// moment tells one stop of the program from another: by the run before it, and whether
// the program is only stopped for this very question.
func (s *Session) moment() (runs uint64, moving bool) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return s.gate.runs, s.gate.state == gateRunning
}

// read reads the program's memory, all of buf.
func (w *view) read(buf []byte, addr uint64) error {
	n, err := w.memory.ReadMemory(buf, addr)
	if err == nil && n < len(buf) {
		err = fmt.Errorf("%d of %d bytes at %#x", n, len(buf), addr)
	}
	return err
}

func hex(n uint64) string { return fmt.Sprintf("%#x", n) }
