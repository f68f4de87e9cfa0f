package backend

import (
	"context"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/lanes"
	"github.com/argusdbg/argus/internal/value"
)

// WatchEach watches each element of an array or of a slice, as it is now: what append puts
// elsewhere is not watched. There may be a million. What finds no debug registers is behind
// page guards, at one price for all that lie on a page.
//
// They come in the order of their indexes, and are set all of them, or none. Errors are
// those of [Session.Watch].
func (s *Session) WatchEach(ctx context.Context, expr string, access Access, opts ...WatchOption) ([]*Watchpoint, error) {
	first, err := s.newWatchpoint(expr, access, opts)
	if err != nil {
		return nil, err
	}
	if first.mode != ModeExact {
		return nil, fmt.Errorf("watch each of %s: only in mode exact, not %s", expr, first.mode)
	}
	var list []*Watchpoint
	err = s.do(ctx, func() error {
		list, err = s.watchEach(first)
		return err
	})
	return list, err
}

func (s *Session) watchEach(first *Watchpoint) ([]*Watchpoint, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	chosen, err := s.choice(first.on)
	if err != nil {
		return nil, err
	}
	scope, err := s.scope(first.goroutine, first.frame)
	if err != nil {
		return nil, err
	}
	v, err := s.resolve(first, scope, first.expr)
	if err != nil {
		return nil, err
	}
	elem, err := elementType(v)
	if err != nil {
		return nil, err
	}
	if err := value.Watchable(elem); err != nil {
		return nil, fmt.Errorf("%s[0]: %w", first.expr, err)
	}
	first.addr = v.Base
	if _, _, local := s.onStack(first, scope); local {
		return nil, &ExprError{Expr: first.expr, Reason: fmt.Sprintf("%s is on a stack: watch its elements one by one", first.expr)}
	}
	if first.cond != "" {
		if err := s.tryCondition(scope, first.cond); err != nil {
			return nil, err
		}
	}
	n, size := int(v.Len), int(elem.Size())
	memory := make([]byte, 2*n*size)
	if _, err := s.target.Memory().ReadMemory(memory[:n*size], v.Base); err != nil {
		return nil, &ExprError{Expr: first.expr, Err: err, Reason: fmt.Sprintf("%s cannot be read: %v", first.expr, err)}
	}
	copy(memory[n*size:], memory)
	all := make([]Watchpoint, n)
	list := make([]*Watchpoint, n)
	entries := make([]*lanes.Entry, n)
	now := make([]byte, size)
	when := newCondition(first.cond, elem)
	for i := range all {
		w := &all[i]
		w.watchOptions, w.s, w.of, w.access, w.typ, w.size = first.watchOptions, s, s.debuggee, first.access, elem, size
		w.expr, w.addr, w.now = fmt.Sprintf("%s[%d]", first.expr, i), v.Base+uint64(i*size), now
		w.when, w.chosen = when, chosen
		w.selected = selectedBy(w)
		w.last, w.seen = memory[i*size:][:size:size], memory[(n+i)*size:][:size:size]
		if w.entry, err = w.entryAt(w.addr); err != nil {
			return nil, err
		}
		list[i], entries[i] = w, w.entry
	}
	s.makeRoom(s.debuggee, entries...)
	if err := s.process.AddWatch(first.lanes(first.expr, entries...)); err != nil {
		return nil, err
	}
	for _, w := range list {
		s.enlist(w)
	}
	s.followObject(list...)
	return list, nil
}

// elementType returns the type of the elements of an array or a slice that has some.
func elementType(v *proc.Variable) (godwarf.Type, error) {
	fail := func(reason string) (godwarf.Type, error) {
		return nil, &ExprError{Expr: v.Name, Reason: fmt.Sprintf("%s is %s: name an array or a slice", v.Name, reason)}
	}
	switch t := godwarf.ResolveTypedef(v.RealType).(type) {
	case *godwarf.ArrayType:
		if v.Len > 0 && t.Type.Size() > 0 {
			return t.Type, nil
		}
	case *godwarf.SliceType:
		if v.Len > 0 && t.ElemType.Size() > 0 {
			return t.ElemType, nil
		}
	default:
		return fail("a " + v.Kind.String())
	}
	return fail("without elements that take memory")
}
