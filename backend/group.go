package backend

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/argusdbg/argus/internal/lanes"
)

// Item is one thing that a group watches.
type Item struct {
	Expr    string
	Access  Access        // Write if it is left out
	Options []WatchOption // beyond those of the group: conditions, counts, reports
}

// Group is watchpoints that are on together or not at all.
type Group struct {
	s       *Session
	name    string
	watches []*Watchpoint
}

// NewGroup sets watchpoints that are on together or not at all. A group that can never
// be is refused here, not later: one that needs more debug registers than there are, or
// than those that are always on leave. opts hold for all items; mode, thread, goroutine and
// weight are the group's alone.
//
// The errors are those of Watch. Local variables cannot be in groups.
func (s *Session) NewGroup(ctx context.Context, items []Item, opts ...WatchOption) (*Group, error) {
	if len(items) == 0 {
		return nil, fmt.Errorf("a group of nothing: name what it is to watch")
	}
	shared, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	g := &Group{s: s}
	var names []string
	for _, it := range items {
		access := it.Access
		if !access.Reads() && !access.Writes() {
			access = Write
		}
		w, err := s.newWatchpoint(it.Expr, access, slices.Concat(opts, it.Options))
		if err != nil {
			return nil, err
		}
		if w.mode != shared.mode || w.thread != shared.thread || w.on.ID != shared.on.ID || w.weight != shared.weight {
			return nil, fmt.Errorf("%s: mode, thread, goroutine and weight are those of its group", it.Expr)
		}
		w.group = g
		g.watches = append(g.watches, w)
		names = append(names, it.Expr)
	}
	g.name = strings.Join(names, ", ")
	if err := s.do(ctx, func() error { return s.watchGroup(g, &shared) }); err != nil {
		return nil, err
	}
	return g, nil
}

func (s *Session) watchGroup(g *Group, o *watchOptions) (err error) {
	var entries []*lanes.Entry
	defer func() {
		if err != nil {
			for _, w := range g.watches {
				s.leaveContext(w)
			}
		}
	}()
	for _, w := range g.watches {
		scope, err := s.prepare(w)
		if err != nil {
			return err
		}
		if _, _, local := s.onStack(w, scope); local {
			return &ExprError{Expr: w.expr, Reason: fmt.Sprintf("%s is a local variable: it cannot be in a group; watch it by itself", w.expr)}
		}
		if w.entry, err = w.entryAt(w.addr); err != nil {
			return err
		}
		w.selected = selectedBy(w)
		if err := s.joinGoroutine(w); err != nil {
			return err
		}
		entries = append(entries, w.entry)
	}
	name := g.name
	if len(g.watches) > 1 {
		name = "group " + name
	}
	c := o.lanes(name, entries...)
	if first := g.watches[0]; first.own != 0 {
		c.Goroutine, c.On = first.own, s.place(s.debuggee, first.context)
	} else {
		s.makeRoom(s.debuggee, entries...)
	}
	if err := s.process.AddWatch(c); err != nil {
		return err
	}
	for _, w := range g.watches {
		s.enlist(w)
		s.followObject(w)
	}
	return nil
}

// Watchpoints returns the group's, in the order in which they were given.
func (g *Group) Watchpoints() []*Watchpoint { return slices.Clone(g.watches) }

// String names what the group watches.
func (g *Group) String() string { return g.name }

// Remove takes all of them away. Their figures stay.
func (g *Group) Remove(ctx context.Context) error {
	for _, w := range g.watches {
		if err := w.Remove(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Group returns the group that the watchpoint belongs to, or nil. One that is removed
// alone leaves the group as large as it was until all of it is.
func (w *Watchpoint) Group() *Group { return w.group }
