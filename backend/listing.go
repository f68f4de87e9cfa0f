package backend

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
)

// listing is a list of goroutines on its way to being shown.
type listing struct {
	d        *debuggee
	gs       []*goroutine.G // in the order in which they are shown
	selected int64
	brief    bool
	running  map[int64]*proc.G // by id: those on threads
	own      map[*goroutine.G]Place
	labels   map[uint64]map[string]string // by what runtime.g.labels points to
}

// newListing reads all goroutines.
func (s *Session) newListing() (*listing, error) {
	all, err := s.all()
	if err != nil {
		return nil, err
	}
	l := &listing{d: s.debuggee, gs: make([]*goroutine.G, len(all)), running: map[int64]*proc.G{},
		own: make(map[*goroutine.G]Place, len(all)), labels: map[uint64]map[string]string{0: nil}}
	for i := range all {
		l.gs[i] = &all[i]
	}
	for _, th := range s.target.ThreadList() {
		if g, err := proc.GetG(th); err == nil && g != nil { // an error: it runs none
			l.running[g.ID] = g
		}
	}
	if g := s.target.SelectedGoroutine(); g != nil {
		l.selected = g.ID
	}
	slices.SortStableFunc(l.gs, func(a, b *goroutine.G) int {
		return cmp.Or(cmp.Compare(l.rank(a), l.rank(b)), cmp.Compare(a.ID, b.ID))
	})
	return l, nil
}

// rank says in which part of the list a goroutine is.
func (l *listing) rank(g *goroutine.G) int {
	switch {
	case g.Err != nil:
		return 3
	case g.ID == l.selected:
		return 0
	case l.running[g.ID] != nil:
		return 1
	}
	return 2
}

// keep drops the goroutines that a filter rejects.
func (l *listing) keep(ctx context.Context, filters []goroutineFilter) error {
	for _, f := range filters {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		switch f.kind {
		case "userloc":
			l.findOwn()
		case "label":
			l.readLabels()
		}
		kept := l.gs[:0]
		for _, g := range l.gs {
			if g.Err != nil || f.accepts(l, g) {
				kept = append(kept, g)
			}
		}
		l.gs = kept
	}
	return nil
}

// findOwn finds out where the listed goroutines' own code is.
func (l *listing) findOwn() {
	var parked []*goroutine.G
	for _, g := range l.gs {
		if _, known := l.own[g]; known || g.Err != nil {
			continue
		}
		if on := l.running[g.ID]; on != nil {
			l.own[g] = placeOf(on.UserCurrent())
			continue
		}
		parked = append(parked, g)
	}
	for i, p := range l.d.own(parked, l.brief) {
		l.own[parked[i]] = p
	}
}

// infos describes the listed goroutines.
func (l *listing) infos(ctx context.Context, labels bool) ([]GoroutineInfo, error) {
	l.findOwn()
	if labels {
		l.readLabels()
	}
	list := make([]GoroutineInfo, len(l.gs))
	for i, g := range l.gs {
		if i%1024 == 0 {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
		}
		list[i] = l.info(g)
		if labels {
			list[i].Labels = l.labels[g.Labels]
		}
	}
	return list, nil
}

func (l *listing) info(g *goroutine.G) GoroutineInfo {
	if g.Err != nil {
		return GoroutineInfo{Unreadable: g.Err}
	}
	began := l.d.startOf(g.StartPC)
	info := GoroutineInfo{
		Goroutine: Goroutine{ID: g.ID, Start: began.Function},
		Place:     l.own[g], Began: began,
		Status: g.Status.String(), WaitSince: g.WaitSince, System: isSystem(began.Function), Selected: g.ID == l.selected,
	}
	if !l.brief {
		info.Current, info.Created = l.current(g), l.d.createdAt(g.GoPC)
	}
	if on := l.running[g.ID]; on != nil {
		info.Thread = on.Thread.ThreadID()
	}
	if g.Status.Waiting() && g.WaitReason < len(l.d.population.reasons) {
		info.WaitReason = l.d.population.reasons[g.WaitReason]
	}
	return info
}

// current is where a goroutine is, in the runtime or not.
func (l *listing) current(g *goroutine.G) Place {
	if on := l.running[g.ID]; on != nil {
		return placeOf(on.CurrentLoc)
	}
	return l.d.spotPlace(goroutine.Spot{PC: g.PC})
}

// readLabels reads the labels of runtime/pprof of the listed goroutines. Those that
// inherit labels share them.
func (l *listing) readLabels() {
	var addrs []uint64
	for _, g := range l.gs {
		if _, known := l.labels[g.Labels]; known || g.Err != nil {
			continue
		}
		l.labels[g.Labels] = nil
		if l.d.population.labels != nil {
			addrs = append(addrs, g.Labels)
		} else if known := l.d.delveG(g.Index, g.ID); known != nil {
			l.labels[g.Labels] = known.Labels()
		}
	}
	if len(addrs) > 0 {
		for i, labels := range l.d.population.labels.Read(l.d.bulk(), addrs) {
			l.labels[addrs[i]] = labels
		}
	}
}

func placeOf(loc proc.Location) Place {
	p := Place{PC: loc.PC, File: loc.File, Line: loc.Line}
	if loc.Fn != nil {
		p.Function = loc.Fn.Name
	}
	return p
}

// goroutineFilter is one condition of a filter.
type goroutineFilter struct {
	kind    string // "curloc", "userloc", "goloc", "startloc", "label", "running", "user", "chan"
	arg     string
	negated bool
	waiting []int64 // on the channel
}

func (f *goroutineFilter) accepts(l *listing, g *goroutine.G) bool {
	var ok bool
	switch f.kind {
	case "curloc":
		ok = f.names(l.current(g))
	case "userloc":
		ok = f.names(l.own[g])
	case "goloc":
		ok = f.names(l.d.createdAt(g.GoPC))
	case "startloc":
		ok = f.names(l.d.startOf(g.StartPC))
	case "label":
		key, want, exact := strings.Cut(f.arg, "=")
		var has string
		has, ok = l.labels[g.Labels][key]
		if exact {
			ok = has == want
		}
	case "running":
		ok = l.running[g.ID] != nil
	case "user":
		ok = !isSystem(l.d.startOf(g.StartPC).Function)
	case "chan":
		ok = slices.Contains(f.waiting, g.ID)
	}
	return ok != f.negated
}

// names reports whether the text that Delve shows for a place contains the argument.
func (f *goroutineFilter) names(p Place) bool {
	function := p.Function
	if function == "" {
		function = "?"
	}
	return strings.Contains(fmt.Sprintf("%s:%d in %s", p.File, p.Line, function), f.arg)
}
