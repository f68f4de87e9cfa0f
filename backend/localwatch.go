package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/lanes"
)

// LocalWatch watches a local variable in every call of a function.
type LocalWatch struct {
	watchOptions

	s      *Session
	of     *debuggee
	in     string
	expr   string
	access Access
	places []*declaration
	hooks  []*glue.Hook
	chosen *chosen // goroutines whose calls count; nil: all
	now    []byte  // room to read into
	conds  map[godwarf.Type]*cond.Condition

	live map[frame][]*Watchpoint // by the calls that they are in

	mu        sync.Mutex // guards what follows
	calls     uint64
	matched   uint64 // hits that met the condition, of all calls
	unwatched uint64
	why       error         // the first of the reasons for that
	typ       string        // of the variable, when it is known
	sum       Stats         // of the calls that are over
	spoilt    uint64        // how many of these have sum's coverage
	open      []*Watchpoint // of the others
	inlined   string        // which calls cannot be seen
	caveat    string        // what would not be noticed
}

// frame is a call of a function: the one whose frame is so far below the upper end of a
// goroutine's stack, wherever that moves.
type frame struct {
	g    uint64
	goid int64
	down uint64
}

// Call is the call of a function that a watchpoint of [Session.WatchLocal] belongs to.
type Call struct {
	Of        *LocalWatch
	Function  string
	Number    uint64    // of those that are watched, from 1, in the order in which they declared the variable
	Goroutine Goroutine // that made the call
	Depth     int       // how many calls of that function it was in then, watched as well, this one included
}

// call is a Call and how it is told from others.
type call struct {
	Call
	frame
	at   *declaration
	away bool // the variable is not in the frame: it is on the heap, or a pointer leads to it
}

// WatchLocal watches a variable in every call of a function, from now on: from its
// declaration to the end of the call, in whatever goroutine. Each call has a [Watchpoint]
// of its own, which [Hit].Watchpoint is ([Watchpoint.Call] tells of the call), and the
// LocalWatch adds up what they count.
//
// In is a function, and expr begins with the name of a variable of it; if several blocks
// have one of that name all of them are watched. Or in is another location of
// [Session.Break], as main.worker:3: the variable is then watched from there on.
//
// Calls that the function is in already are watched too, if they have come to the
// declaration. The call's end is told by no [Stop]. A variable that has escaped to the heap
// may live on; it is watched until the call ends, or the garbage collector frees it.
//
// Each call costs the program two short stops of all its threads. With [OnGoroutines] only
// calls of some goroutines are watched. Errors are those of [Session.Watch], and
// [*SelectorError]; a program that is to survive the debugger's death ([Safety]) is refused.
// What a later call cannot have is told by [Stats].Unwatched.
//
// Debug registers go to whoever comes first. When there are no more, variables on stacks
// become their goroutines' own, as with [OnGoroutine]: those of goroutines that run at the
// same time do not keep each other from having any.
func (s *Session) WatchLocal(ctx context.Context, in, expr string, access Access, opts ...WatchOption) (*LocalWatch, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	lw := &LocalWatch{watchOptions: o, s: s, in: in, expr: expr, access: access, live: map[frame][]*Watchpoint{}, conds: map[godwarf.Type]*cond.Condition{}}
	lw.sum.Coverage = Exact
	if err := s.do(ctx, func() error { return s.watchLocal(lw) }); err != nil {
		return nil, err
	}
	return lw, nil
}

// Expr is what is watched in each call.
func (lw *LocalWatch) Expr() string { return lw.expr }

// In is the function, or the location.
func (lw *LocalWatch) In() string { return lw.in }

// Access is what it fires on.
func (lw *LocalWatch) Access() Access { return lw.access }

// Type is the Go type of what is watched; "" if there has been no call, and it is not known.
func (lw *LocalWatch) Type() string {
	lw.mu.Lock()
	defer lw.mu.Unlock()
	return lw.typ
}

// Call says which call the watchpoint is for; nil if it is none of [Session.WatchLocal].
func (w *Watchpoint) Call() *Call {
	if w.call == nil {
		return nil
	}
	return &w.call.Call
}

// errUnsafeCalls is why a program that is to survive the debugger is not looked at in a
// function's calls.
var errUnsafeCalls = errors.New("local variables of every call take breakpoint instructions in the program, which dies of them if the debugger does, and it is to survive that (--safe off allows it)")

func (s *Session) watchLocal(lw *LocalWatch) (err error) {
	if err := s.live(); err != nil {
		return err
	}
	if s.driver == lanes.DriverSafe {
		return errUnsafeCalls
	}
	lw.of = s.debuggee
	if lw.chosen, err = s.choice(lw.on); err != nil {
		return err
	}
	_ = s.lines.Load() // an error: where frames are is asked of Delve
	if lw.places, err = s.placesOf(lw); err != nil {
		return err
	}
	if err := s.hookCalls(lw); err != nil {
		return errors.Join(err, s.unhookCalls(lw))
	}
	if lw.places[0].typ != nil {
		lw.typ = lw.places[0].typ.String()
	}
	return s.watchPresent(lw)
}

// placesOf finds where the calls of a LocalWatch are to be met.
func (s *Session) placesOf(lw *LocalWatch) (list []*declaration, err error) {
	if strings.ContainsAny(lw.in, ":*") && !strings.Contains(lw.in, "(*") || strings.HasPrefix(lw.in, "/") {
		return s.placesAt(lw)
	}
	fns, err := s.functionsNamed(lw.in)
	if err != nil {
		return nil, err
	}
	var first error
	for _, fn := range fns {
		if n := len(fn.InlinedCalls); n > 0 {
			lw.inlined = fmt.Sprintf("%d calls of %s are inlined, and not watched: build without optimisations (-gcflags='all=-N -l')", n, fn.Name)
		}
		if fn.Entry == 0 {
			continue
		}
		found, err := s.declarations(fn, lw.expr)
		if err != nil && first == nil {
			first = err
		}
		list = append(list, found...)
	}
	switch {
	case first != nil:
		return nil, first
	case len(list) == 0:
		return nil, &ExprError{Expr: lw.expr, Reason: fmt.Sprintf("%s is inlined wherever it is called: build without optimisations (-gcflags='all=-N -l')", lw.in)}
	}
	return list, nil
}

// placesAt is for those that are met at a line or an instruction.
func (s *Session) placesAt(lw *LocalWatch) (list []*declaration, err error) {
	addrs, err := s.locate(lw.in, false)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		fn := s.target.BinInfo().PCToFunc(addr)
		if fn == nil {
			return nil, &ExprError{Expr: lw.in, Reason: lw.in + " is in no function that is known"}
		}
		list = append(list, &declaration{fn: fn, from: addr})
	}
	return list, nil
}

// hookCalls looks at threads where a call declares the variable, and where it returns.
func (s *Session) hookCalls(lw *LocalWatch) error {
	d := lw.of
	d.locals.kept++
	if err := s.hookRuntimeOnce(d); err != nil {
		return err
	}
	lw.caveat = d.locals.lacks
	hook := func(addr uint64, reached func(*glue.Thread) func()) error {
		h := &glue.Hook{Addr: addr, Reached: func(th *glue.Thread) (*proc.Breakpoint, func()) {
			s.useOf(th.Process())
			return nil, reached(th)
		}}
		if err := d.process.AddHook(h); err != nil {
			return err
		}
		lw.hooks = append(lw.hooks, h)
		return nil
	}
	var done []*proc.Function
	for _, at := range lw.places {
		if err := hook(at.from, func(th *glue.Thread) func() { return s.cameTo(lw, at, th) }); err != nil {
			return err
		}
		if slices.Contains(done, at.fn) {
			continue
		}
		done = append(done, at.fn)
		returns, err := d.placesInside(at.fn, func(_ uint64, code []byte) bool { return isReturn(code) })
		if err != nil {
			return err
		}
		for _, addr := range returns { // none: it ends by a panic or not at all
			if err := hook(addr, func(th *glue.Thread) func() { return s.returns(lw, at.fn, th) }); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) unhookCalls(lw *LocalWatch) (err error) {
	for _, h := range lw.hooks {
		err = errors.Join(err, lw.of.process.RemoveHook(h))
	}
	lw.hooks = nil
	lw.of.locals.kept--
	s.unhookRuntime(lw.of)
	return err
}

// Remove takes the watchpoints of all calls away. The figures stay.
func (lw *LocalWatch) Remove(ctx context.Context) error {
	s := lw.s
	return s.do(ctx, func() error {
		if lw.hooks == nil {
			return nil
		}
		for _, w := range slices.Clone(lw.open) {
			w.compare()
			s.retire(w, "")
		}
		return s.unhookCalls(lw)
	})
}
