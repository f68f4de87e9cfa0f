package backend

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/lanes"
	obj "github.com/argusdbg/argus/internal/object"
	"github.com/argusdbg/argus/internal/value"
)

// Follow has a watchpoint follow pointers: what they point to belongs to what is watched,
// and is found anew when they are written. n is how many behind one another, less than 0
// all. Of an expression *p, p itself is watched too, and counts as the first.
//
// Pointers on the way to what the expression denotes, as p in p.field, are followed once.
func Follow(n int) WatchOption { return func(o *watchOptions) { o.follow = n } }

// Raw has a watchpoint on an object tell of each store by itself, in the midst of an
// assignment too: the words of a string, a slice or an interface one by one.
func Raw() WatchOption { return func(o *watchOptions) { o.raw = true } }

// Change is one change of one part of an object.
type Change = obj.Change

// whole is a watchpoint on a variable with everything that belongs to its value: see
// package object. All of that is behind page guards. It belongs to whoever has the target.
type whole struct {
	object  *obj.Object
	env     *wholeEnv
	entries map[obj.Range]*lanes.Entry
	root    obj.Range // the variable itself, whose entry is the watchpoint's
	pending *obj.Coalescer
	moves   bool     // it is an entry of a map, or what a pointer points to that is followed
	part    *inEntry // of that; nil: all of it
	late    *Hit     // of an operation that was not over when its thread had to wait for others
	err     error    // what could not be followed; guarded by Watchpoint.mu
	faults  uint64
	idle    uint64 // guarded by Watchpoint.mu, as faults
}

// parted are the kinds of types of which a part is elsewhere, or that are written in pieces.
var parted = []string{"string", "slice", "interface", "map", "chan"}

// wantsWhole decides whether a watchpoint is on an object. What slots can hold is watched as
// plain memory.
func (s *Session) wantsWhole(w *Watchpoint, a aim) (bool, error) {
	err := value.Watchable(w.typ)
	var not *NotWatchableError
	inParts := errors.As(err, &not) && slices.Contains(parted, not.Kind)
	special := a.key != nil || a.hops != 0 && !isPlainRoot(w.typ)
	switch {
	case err != nil && !inParts:
		return false, fmt.Errorf("%s: %w", w.expr, err)
	case !inParts && !special && w.size <= maxValue:
		return false, nil
	}
	refuse := func(reason error) (bool, error) {
		if !inParts && !special {
			return false, nil // it is refused by its size
		}
		e := newObjectError(w, not, reason)
		if a.key != nil { // w.typ is the map's so far
			e.Type, e.Advice = "an entry of "+e.Type, "the map moves it, so that it has no address of its own"
		}
		return false, e
	}
	switch {
	case w.mode != ModeExact:
		return refuse(fmt.Errorf("in mode %s there are only debug registers: take mode exact", w.mode))
	case w.access.Reads():
		return refuse(errors.New("page guards see writes only: watch writes"))
	case !inParts && !special && (w.guarded || s.process.CanGuardPages() != nil):
		return false, nil // it is plain memory
	case w.group != nil:
		return refuse(errors.New("it is by itself: it cannot be in a group"))
	case w.chosen != nil:
		return refuse(errors.New("what is behind page guards is for all goroutines: choose by a condition, runtime.curg.goid == 18"))
	}
	return true, nil
}

// isPlainRoot reports whether a type has no pointers that could be followed.
func isPlainRoot(t godwarf.Type) bool {
	switch u := value.Underlying(t).(type) {
	case *godwarf.PtrType, *godwarf.SliceType, *godwarf.MapType, *godwarf.ChanType, *godwarf.InterfaceType:
		return false
	case *godwarf.StructType:
		return !slices.ContainsFunc(u.Field, func(f *godwarf.StructField) bool { return !isPlainRoot(f.Type) })
	case *godwarf.ArrayType:
		return isPlainRoot(u.Type)
	}
	return true
}

// makeOut finds out what belongs to an object.
func (s *Session) makeOut(w *Watchpoint, a aim) error {
	env, err := newWholeEnv(s.debuggee)
	if err != nil {
		return err
	}
	o := &whole{env: env, moves: a.root != w.expr, part: a.part, entries: map[obj.Range]*lanes.Entry{}, root: obj.Range{Addr: w.addr, Size: value.Size(w.typ)}}
	opt := obj.Options{Follow: a.hops}
	if a.key != nil {
		o.object, err = obj.ResolveEntry(pathOf(a.root, w.typ), w.typ, w.addr, *a.key, env, opt)
	} else {
		o.object, err = obj.Resolve(pathOf(a.root, w.typ), w.typ, w.addr, env, opt)
	}
	if err != nil {
		return &ExprError{Expr: w.expr, Err: err, Reason: fmt.Sprintf("watch %s: %v", w.expr, err)}
	}
	o.pending = obj.NewCoalescer(o.object.Related)
	w.whole = o
	switch u := value.Underlying(w.typ).(type) {
	case *godwarf.MapType:
		switch {
		case a.part != nil:
			w.typ = a.part.typ
		case a.key != nil:
			w.typ = u.ElemType
		}
	case *godwarf.PtrType:
		if a.root != w.expr {
			w.typ = u.Type
		}
	}
	return nil
}

// inParts reports of an object whether it is more than plain memory, and what its type
// would be refused for.
func (w *Watchpoint) inParts() (not *NotWatchableError, is bool) {
	_ = errors.As(value.Watchable(w.typ), &not)
	return not, not != nil || w.whole.moves || w.follow != 0
}

// valueType is the type of old and new in a condition; nil: there are no such values.
func (w *Watchpoint) valueType() godwarf.Type {
	if w.whole != nil {
		return nil
	}
	return w.typ
}

// watchWhole guards all of an object.
func (s *Session) watchWhole(w *Watchpoint) error {
	o := w.whole
	not, inParts := w.inParts()
	if err := w.of.process.CanGuardPages(); err != nil && inParts {
		return newObjectError(w, not, err)
	}
	if err := w.guardRanges(o.object.Ranges()); err != nil {
		var full *GuardError
		if inParts && errors.As(err, &full) {
			return newObjectError(w, not, full.Guard)
		}
		return err
	}
	w.entry = o.entries[o.root]
	return nil
}

// guardRanges watches more ranges: all of them, or none.
func (w *Watchpoint) guardRanges(add []obj.Range) error {
	o := w.whole
	var fresh []*lanes.Entry
	for _, r := range add {
		if o.entries[r] == nil && o.env.writable(r.Addr) {
			e := &lanes.Entry{Name: w.expr, Addr: r.Addr, Size: uint64(r.Size), Owner: w}
			fresh, o.entries[r] = append(fresh, e), e
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	err := w.of.process.AddWatch(lanes.Config{Name: w.expr, Entries: fresh, Exact: true})
	if err == nil && slices.ContainsFunc(fresh, w.of.process.Board().Steps) {
		err = errStepped
		for _, e := range fresh {
			err = errors.Join(err, w.of.process.RemoveWatch(e))
		}
	}
	if err != nil {
		for _, r := range add {
			if slices.Contains(fresh, o.entries[r]) {
				delete(o.entries, r)
			}
		}
	}
	return err
}

var errStepped = errors.New("its page cannot be guarded, and single steps see no assignments")

// follows watches what an object has come to be. New ranges are watched before old ones
// are let go. What cannot be watched is left out, and said.
func (w *Watchpoint) follows(u *obj.Update) {
	o := w.whole
	err := u.Err
	if w.guardRanges(u.Add) != nil {
		for _, r := range u.Add {
			err = errors.Join(err, w.guardRanges([]obj.Range{r}))
		}
	}
	o.drop(w, u.Remove)
	o.note(w, err)
}

// drop lets ranges go, but not the variable itself.
func (o *whole) drop(w *Watchpoint, remove []obj.Range) {
	for _, r := range remove {
		if e := o.entries[r]; e != nil && e != w.entry {
			delete(o.entries, r)
			o.note(w, w.of.process.RemoveWatch(e))
		}
	}
}

// note keeps an error for whoever asks for the coverage.
func (o *whole) note(w *Watchpoint, err error) {
	if err != nil {
		w.mu.Lock()
		o.err = err
		w.mu.Unlock()
	}
}

// takeOff takes a watchpoint off its slots and pages.
func (w *Watchpoint) takeOff() error {
	if w.whole == nil {
		return w.of.process.RemoveWatch(w.entry)
	}
	var errs []error
	for _, e := range w.whole.entries {
		errs = append(errs, w.of.process.RemoveWatch(e))
	}
	return errors.Join(errs...)
}
