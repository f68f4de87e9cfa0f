package backend

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/ptrace"
)

// Access is what a watchpoint fires on.
type Access = hwbp.Access

// Accesses. x86-64 has no Read: use ReadWrite.
const (
	Write     = hwbp.Write
	ReadWrite = hwbp.ReadWrite
	Read      = hwbp.Read
)

// WatchOption changes what Watch sets.
type WatchOption func(*watchOptions)

type watchOptions struct {
	cond      string
	hit       string
	count     hitCondition
	every     uint64
	report    func(*Hit)
	stack     int
	goroutine int64
	frame     int
	mode      Mode
	thread    int
	weight    int
	guarded   bool // by page guards from the beginning, whatever is free: for tests
	freed     freedChoice
	follow    int
	raw       bool
	on        Selector
	byStop    bool
}

// If reports only hits at which a Go expression is true. It is evaluated in the scope of
// the writing instruction, after the write. In it old and new are the values before and
// after, unless there is a variable of that name. A hit at which it cannot be evaluated is
// reported, with [Hit.CondErr]. Where BPF is permitted the kernel evaluates it, if it can, and
// a thread is not stopped where it is false: see the package comment.
func If(cond string) WatchOption { return func(o *watchOptions) { o.cond = cond } }

// Every reports only each n-th of the hits that meet the condition.
func Every(n uint64) WatchOption { return func(o *watchOptions) { o.every = n } }

// Report makes the watchpoint tell fn of its hits and let the program run on, unless fn
// calls [Hit.StopHere]. fn runs on the session's own thread while the thread that wrote
// waits: it must be quick, and must not call methods of the Session. The Hit is fn's to
// keep.
func Report(fn func(*Hit)) WatchOption { return func(o *watchOptions) { o.report = fn } }

// WithStack adds up to depth frames of the writing goroutine's stack to every hit.
func WithStack(depth int) WatchOption { return func(o *watchOptions) { o.stack = depth } }

// InScope evaluates the expression in a frame of a goroutine (0 is the innermost)
// instead of that of the selected one.
func InScope(goroutine int64, frame int) WatchOption {
	return func(o *watchOptions) { o.goroutine, o.frame = goroutine, frame }
}

// InMode says what becomes of the watchpoint when there are more than debug registers.
// Without it that is [ModeExact].
func InMode(m Mode) WatchOption { return func(o *watchOptions) { o.mode = m } }

// OnThread watches the accesses of one thread alone, by the id that the kernel gave it.
// Debug registers belong to threads: four for one do not keep another from having four.
func OnThread(tid int) WatchOption { return func(o *watchOptions) { o.thread = tid } }

// WithWeight gives a sampled watchpoint a larger share than others have: n turns where
// they have one.
func WithWeight(n int) WatchOption { return func(o *watchOptions) { o.weight = n } }

// Watch sets a watchpoint on what expr denotes: a variable, a field, an element, *p, or a
// typed address as in *(*int64)(0xc000012340). The expression is evaluated once: what is
// watched is memory.
//
// A program that runs is stopped for a moment. Errors: [*ExprError], [*SlotsError],
// [*NotWatchableError], [*hwbp.AccessError], [ErrNoDebugRegisters], [ErrEnded].
func (s *Session) Watch(ctx context.Context, expr string, access Access, opts ...WatchOption) (*Watchpoint, error) {
	w, err := s.newWatchpoint(expr, access, opts)
	if err != nil {
		return nil, err
	}
	err = s.do(ctx, func() error { return s.watch(w) })
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Session) newWatchpoint(expr string, access Access, opts []WatchOption) (*Watchpoint, error) {
	o, err := newOptions(opts)
	return &Watchpoint{watchOptions: o, s: s, expr: expr, access: access}, err
}

func newOptions(opts []WatchOption) (watchOptions, error) {
	o := watchOptions{goroutine: -1, mode: ModeExact}
	for _, opt := range opts {
		opt(&o)
	}
	switch o.mode {
	case ModeExact, ModePinned, ModeSampled:
	default:
		return o, fmt.Errorf("%q is not a mode: exact, pinned or sampled", o.mode)
	}
	var err error
	o.count, err = conditions(o.cond, o.hit)
	return o, err
}

func checkCondition(cond string) error {
	if cond == "" {
		return nil
	}
	if _, err := parser.ParseExpr(cond); err != nil {
		return &ExprError{Expr: cond, Err: err, Reason: fmt.Sprintf("condition %q is not a Go expression: %v", cond, err)}
	}
	return nil
}

func (s *Session) watch(w *Watchpoint) error {
	scope, err := s.prepare(w)
	if err != nil {
		return err
	}
	if w.local, err = s.localOf(w, scope); err != nil {
		return err
	}
	if err := s.putOn(w, scope); err != nil {
		w.dropFilter()
		s.leaveContext(w)
		return errors.Join(err, w.unswapped)
	}
	if err := s.follow(w.local); err != nil {
		return errors.Join(err, s.takeOff(w))
	}
	s.enlist(w)
	s.followObject(w)
	return nil
}

// putOn arms a watchpoint, or guards what it is on.
func (s *Session) putOn(w *Watchpoint, scope *proc.EvalScope) (err error) {
	if w.whole != nil {
		return s.watchWhole(w)
	}
	if w.entry, err = w.entryAt(w.addr); err != nil {
		return err
	}
	if err := s.joinGoroutine(w); err != nil {
		return err
	}
	if !w.alone() {
		s.makeRoom(w.of, w.entry)
	}
	s.filterInKernel(w, scope)
	w.entry.Filter = w.filter()
	return s.process.AddWatch(w.config(w.entry))
}

// prepare finds what is to be watched, and what it holds.
func (s *Session) prepare(w *Watchpoint) (*proc.EvalScope, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	w.of = s.debuggee
	var err error
	if w.chosen, err = s.choice(w.on); err != nil {
		return nil, err
	}
	from, err := s.viewFrom(Scope{Goroutine: w.goroutine, Frame: w.frame})
	if err != nil {
		return nil, err
	}
	scope := from.scope
	a, err := s.aimOf(w, scope)
	if err != nil {
		return nil, err
	}
	v, err := s.resolve(w, scope, a.root)
	if err != nil {
		return nil, err
	}
	w.typ, w.addr, w.size = v.DwarfType, v.Addr, int(v.RealType.Size())
	all, err := s.wantsWhole(w, a)
	switch {
	case err != nil:
		return nil, err
	case all:
		if err := s.makeOut(w, a); err != nil {
			return nil, err
		}
	default:
		w.last, w.now = make([]byte, w.size), make([]byte, w.size)
		if _, err := s.target.Memory().ReadMemory(w.last, w.addr); err != nil {
			return nil, &ExprError{Expr: w.expr, Err: err, Reason: fmt.Sprintf("%s cannot be read: %v", w.expr, err)}
		}
		w.seen = slices.Clone(w.last)
	}
	w.when = newCondition(w.cond, w.valueType())
	if w.cond != "" {
		if err := s.tryCondition(scope, w.cond); err != nil {
			return nil, err
		}
	}
	return scope, nil
}

// enlist makes a watchpoint one of the session's.
func (s *Session) enlist(w *Watchpoint) {
	s.lastID++
	w.id = s.lastID
	s.watches = append(s.watches, w)
	s.wholes = s.wholes || w.whole != nil
}

func (w *Watchpoint) entryAt(addr uint64) (*lanes.Entry, error) {
	e := &lanes.Entry{Name: w.expr, Addr: addr, Size: uint64(w.size), Owner: w, Filter: w.filter()}
	if w.guarded && w.access.Reads() {
		return nil, errors.New("page guards see writes only")
	}
	if w.mode == ModeExact && !w.access.Reads() && (w.guarded || w.size > maxValue) {
		return e, nil // by page guards alone
	}
	var err error
	if e.Points, err = hwbp.Cover(ptrace.Limits(), addr, uint64(w.size), w.access); err != nil {
		return nil, fmt.Errorf("watch %s: %w", w.expr, err)
	}
	return e, nil
}

// lanes says how entries are to be armed.
func (o *watchOptions) lanes(name string, entries ...*lanes.Entry) lanes.Config {
	return lanes.Config{Name: name, Entries: entries, Pinned: o.mode == ModePinned, Exact: o.mode == ModeExact, Weight: o.weight, Thread: o.thread}
}

func (w *Watchpoint) config(e *lanes.Entry) lanes.Config {
	c := w.lanes(w.expr, e)
	if c.Goroutine = w.own; w.own != 0 {
		c.On = w.s.place(w.of, w.context)
	}
	return c
}

// resolve finds the memory that an expression denotes, which a watchpoint is to be on.
func (s *Session) resolve(w *Watchpoint, scope *proc.EvalScope, expr string) (*proc.Variable, error) {
	fail := func(err error, format string, args ...any) error {
		return &ExprError{Expr: expr, Reason: fmt.Sprintf(format, args...), Err: err}
	}
	tree, err := parser.ParseExpr(expr)
	if err != nil {
		return nil, fail(err, "%q is not a Go expression: %v", expr, err)
	}
	if _, ok := tree.(*ast.BasicLit); ok {
		return nil, fail(nil, "%s is a number, not a variable; an address is watched as a typed one: *(*int64)(%s)", expr, expr)
	}
	v := s.packageVar(scope, tree)
	w.global = v != nil
	if v == nil {
		v, err = scope.EvalExpression(expr, proc.LoadConfig{})
	}
	if err != nil {
		return nil, adviseObject(s.explainExpr(scope, expr, err), expr, tree)
	}
	switch {
	case v.Flags&proc.VariableConstant != 0:
		return nil, fail(nil, "%s is a constant: nobody can write it", expr)
	case v.Unreadable != nil:
		return nil, fail(v.Unreadable, "%s cannot be read: %v", expr, v.Unreadable)
	case v.Flags&(proc.VariableFakeAddress|proc.VariableCPURegister) != 0:
		return nil, fail(nil, "%s is in a register here, or in pieces, and has no address: build without optimisations (-gcflags='all=-N -l') to watch it", expr)
	case v.Addr == 0 || v.RealType == nil || v.DwarfType == nil:
		return nil, fail(nil, "%s is a value without an address: name a variable, a field, an element or *pointer", expr)
	}
	if element := inMap(scope, expr, tree); element != "" {
		return nil, fail(nil, "%s is an element of a map, which has no address of its own: the map moves it when it grows; the element as a whole can be watched, and what a pointer in it points to", element)
	}
	if _, isFunc := godwarf.ResolveTypedef(v.DwarfType).(*godwarf.FuncType); isFunc && v.Addr == v.Base {
		return nil, fail(nil, "%s is a function, not a variable", expr)
	}
	return v, nil
}

// tryCondition evaluates a condition where the watchpoint is set, to find mistakes at
// once. What is not known there may well be where the writes are, so that only a
// condition that can be evaluated and is no bool is an error.
func (s *Session) tryCondition(scope *proc.EvalScope, cond string) error {
	v, err := scope.EvalExpression(cond, proc.LoadConfig{})
	if err != nil {
		return nil
	}
	if _, err := boolOf(cond, v); err != nil {
		return err
	}
	return nil
}

// Watchpoints returns those that are set, in the order in which they were.
func (s *Session) Watchpoints() []*Watchpoint {
	var list []*Watchpoint
	_ = s.do(context.Background(), func() error {
		list = slices.Clone(s.watches)
		return nil
	})
	return list
}

// Remove takes the watchpoint away. Its figures stay.
func (w *Watchpoint) Remove(ctx context.Context) error {
	s := w.s
	return s.do(ctx, func() error {
		if !slices.Contains(s.watches, w) {
			return nil
		}
		w.compare()
		s.endWatch(w, "")
		return s.takeOff(w)
	})
}

// endWatch closes the account of a watchpoint.
func (s *Session) endWatch(w *Watchpoint, reason string) {
	s.watches = slices.DeleteFunc(s.watches, func(o *Watchpoint) bool { return o == w })
	w.close(reason)
}

// closeWatches closes all accounts at the end of the session.
func (s *Session) closeWatches(reason string) {
	for _, w := range s.watches {
		w.close(reason)
	}
	s.watches = nil
}

func boolOf(cond string, v *proc.Variable) (bool, error) {
	if v.Unreadable != nil {
		return false, &ExprError{Expr: cond, Err: v.Unreadable, Reason: fmt.Sprintf("condition %q: %v", cond, v.Unreadable)}
	}
	if v.Value == nil || v.Value.Kind().String() != "Bool" {
		return false, &ExprError{Expr: cond, Reason: fmt.Sprintf("condition %q is not true or false", cond)}
	}
	return v.Value.ExactString() == "true", nil
}

var errNoScope = errors.New("no thread of the program is there to evaluate on")
