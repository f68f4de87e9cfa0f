package backend

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
)

// listing is a list of goroutines on its way to being shown.
type listing struct {
	d        *debuggee
	selected int64
	rows     []*row // in the order in which they are shown
	brief    bool
	labels   map[uint64]map[string]string // by what runtime.g.labels points to
}

// row is a goroutine of a listing.
type row struct {
	*goroutine.G
	on    *onThread // nil: it runs on no thread
	rank  int8      // in which part of the list it is
	found bool      // what follows is known
	own   goroutine.Spot
	other *Place // instead of own, if the stack is not its own
}

// onThread is a thread that runs a goroutine.
type onThread struct {
	id     int
	pc, sp uint64
}

// Parts of a listing, in order.
const (
	rankSelected int8 = iota
	rankRunning
	rankOther
	rankUnreadable
)

// newListing lists all goroutines.
func (s *Session) newListing() (*listing, error) {
	l, err := s.everyone()
	if err != nil {
		return nil, err
	}
	own := *l
	own.rows = slices.Clone(l.rows)
	return &own, nil
}

// everyone is the listing of all goroutines, which is not to be changed. They are read once
// at every stop.
func (s *Session) everyone() (*listing, error) {
	selected := int64(0)
	if g := s.target.SelectedGoroutine(); g != nil {
		selected = g.ID
	}
	_, moving := s.moment()
	l := s.population.listed
	if moving || l == nil || l.selected != selected {
		var err error
		if l, err = s.readListing(selected); err != nil {
			return nil, err
		}
		if !moving {
			s.population.listed = l
		}
	}
	return l, nil
}

func (s *Session) readListing(selected int64) (*listing, error) {
	all, err := s.all()
	if err != nil {
		return nil, err
	}
	running := s.running()
	l := &listing{d: s.debuggee, selected: selected, rows: make([]*row, len(all)), labels: map[uint64]map[string]string{0: nil}}
	list := make([]row, len(all))
	for i := range all {
		r := &list[i]
		r.G, r.rank, l.rows[i] = &all[i], rankOther, r
		switch r.on = running[r.ID]; {
		case r.Err != nil:
			r.rank, r.on = rankUnreadable, nil
		case r.ID == selected:
			r.rank = rankSelected
		case r.on != nil:
			r.rank = rankRunning
		}
	}
	slices.SortStableFunc(l.rows, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.ID, b.ID))
	})
	return l, nil
}

// running finds the threads that run goroutines, by the ids of these.
func (s *Session) running() map[int64]*onThread {
	found := map[int64]*onThread{}
	if s.process == nil {
		for _, th := range s.target.ThreadList() {
			g, err := proc.GetG(th)
			if err != nil || g == nil {
				continue // it runs none
			}
			if regs, err := th.Registers(); err == nil {
				found[g.ID] = &onThread{id: th.ThreadID(), pc: regs.PC(), sp: regs.SP()}
			}
		}
		return found
	}
	threads := s.target.ThreadList()
	_ = s.group.Do(func() { // an error: the program is ending
		for _, th := range threads {
			regs, err := th.(*glue.Thread).Held().Registers()
			if err != nil || s.lines.FuncName(regs.PC()) == "runtime.clone" { // which two threads are in for a moment
				continue
			}
			info, err := s.goroutines.ReadInto(s.target.Memory(), s.gPointer(regs), s.gBuf)
			if err == nil && info.ID != 0 {
				found[info.ID] = &onThread{id: th.ThreadID(), pc: regs.PC(), sp: regs.SP()}
			}
		}
	})
	return found
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
		kept := l.rows[:0]
		for _, r := range l.rows {
			if r.Err != nil || f.accepts(l, r) {
				kept = append(kept, r)
			}
		}
		l.rows = kept
	}
	return nil
}

// findOwn finds out where the listed goroutines' own code is.
func (l *listing) findOwn() {
	rows := make([]*row, 0, len(l.rows))
	gs := make([]*goroutine.G, 0, len(l.rows))
	for _, r := range l.rows {
		switch {
		case r.found || r.Err != nil:
			continue
		case r.on == nil:
			gs = append(gs, r.G)
		case r.on.sp >= r.StackLo && r.on.sp < r.StackHi:
			now := *r.G
			now.PC, now.SP = r.on.pc, r.on.sp
			gs = append(gs, &now)
		default:
			r.found, r.other = true, l.d.ownOnThread(r.on)
			continue
		}
		rows = append(rows, r)
	}
	for i, spot := range l.d.own(gs) {
		rows[i].found, rows[i].own = true, spot
	}
}

// place is where a goroutine's own code is, once findOwn has found it: in which function,
// if that is enough, and at which line.
func (l *listing) place(r *row, brief bool) Place {
	switch {
	case r.other != nil:
		return *r.other
	case brief:
		return Place{PC: r.own.PC, Function: l.d.lines.FuncName(r.own.PC)}
	}
	return l.d.spotPlace(r.own)
}

// infos describes the listed goroutines.
func (l *listing) infos(ctx context.Context, labels bool) ([]GoroutineInfo, error) {
	l.findOwn()
	if labels {
		l.readLabels()
	}
	list := make([]GoroutineInfo, len(l.rows))
	for i, r := range l.rows {
		if i%1024 == 0 {
			if err := context.Cause(ctx); err != nil {
				return nil, err
			}
		}
		l.describe(r, &list[i])
		if labels {
			list[i].Labels = l.labels[r.Labels]
		}
	}
	return list, nil
}

func (l *listing) describe(r *row, info *GoroutineInfo) {
	if r.Err != nil {
		info.Unreadable = r.Err
		return
	}
	info.ID, info.Place, info.Began = r.ID, l.place(r, l.brief), l.d.startOf(r.StartPC)
	info.Start = info.Began.Function
	info.Status, info.WaitSince = r.Status.String(), r.WaitSince
	info.System, info.Selected = isSystem(info.Start), r.rank == rankSelected
	if !l.brief {
		info.Current, info.Created = l.current(r), l.d.createdAt(r.GoPC)
	}
	if r.on != nil {
		info.Thread = r.on.id
	}
	if r.Status.Waiting() && r.WaitReason < len(l.d.population.reasons) {
		info.WaitReason = l.d.population.reasons[r.WaitReason]
	}
}

// current is where a goroutine is, in the runtime or not.
func (l *listing) current(r *row) Place {
	pc := r.PC
	if r.on != nil {
		pc = r.on.pc
	}
	return l.d.spotPlace(goroutine.Spot{PC: pc})
}

// readLabels reads the labels of runtime/pprof of the listed goroutines. Those that
// inherit labels share them.
func (l *listing) readLabels() {
	var addrs []uint64
	for _, r := range l.rows {
		if _, known := l.labels[r.Labels]; known || r.Err != nil {
			continue
		}
		l.labels[r.Labels] = nil
		if l.d.population.labels != nil {
			addrs = append(addrs, r.Labels)
		} else if known := l.d.delveG(r.Index, r.ID); known != nil {
			l.labels[r.Labels] = known.Labels()
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

func (f *goroutineFilter) accepts(l *listing, r *row) bool {
	var ok bool
	switch f.kind {
	case "curloc":
		ok = f.names(l.current(r))
	case "userloc":
		ok = f.names(l.place(r, false))
	case "goloc":
		ok = f.names(l.d.createdAt(r.GoPC))
	case "startloc":
		ok = f.names(l.d.startOf(r.StartPC))
	case "label":
		key, want, exact := strings.Cut(f.arg, "=")
		var has string
		has, ok = l.labels[r.Labels][key]
		if exact {
			ok = has == want
		}
	case "running":
		ok = r.on != nil
	case "user":
		ok = !isSystem(l.d.startOf(r.StartPC).Function)
	case "chan":
		ok = slices.Contains(f.waiting, r.ID)
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
