package backend

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
)

// Goroutine names a goroutine.
type Goroutine struct {
	ID    int64  // 0: none
	Start string // the function that it began with
}

func (g Goroutine) String() string {
	switch {
	case g.ID == 0:
		return "no goroutine"
	case g.Start == "":
		return fmt.Sprintf("goroutine %d", g.ID)
	}
	return fmt.Sprintf("goroutine %d (%s)", g.ID, g.Start)
}

// GoroutineInfo is a goroutine as it is now.
type GoroutineInfo struct {
	Goroutine
	Place      Place             // where its own code is, outside of the runtime
	Current    Place             // where it is, in the runtime or not
	Began      Place             // the function that it began with
	Created    Place             // the go statement
	Thread     int               // the thread that it runs on, or 0
	Status     string            // as in a Go traceback: "running", "runnable", "waiting", "syscall", ...
	WaitReason string            // what a waiting one waits for, in the runtime's words: "chan receive", ...
	WaitSince  int64             // when it began to wait, in ns of the runtime's clock; 0 if the runtime has not noted it
	System     bool              // one of the runtime's own
	Selected   bool              // the one that Next, Eval and their like mean
	Labels     map[string]string // of runtime/pprof; only if asked for
	Unreadable error             // it could not be read: nothing else is valid
}

// GoroutineQuery says which goroutines GoroutinePage lists. The zero value is all.
type GoroutineQuery struct {
	Start, Count int    // a page of the list; Count 0 is all the rest
	HideSystem   bool   // those of the runtime
	Filter       string // as Delve's goroutineFilters: "-with user -without startloc pkg.f"
	Labels       bool   // read the labels of runtime/pprof
	// Brief leaves out what has to be looked up in the line tables: Current and Created, and
	// file and line of Place, unless a filter needs them.
	Brief bool
}

// Goroutines lists the goroutines, in order of their ids.
func (s *Session) Goroutines(ctx context.Context) ([]GoroutineInfo, error) {
	list, _, err := s.GoroutinePage(ctx, GoroutineQuery{})
	list = slices.DeleteFunc(list, func(g GoroutineInfo) bool { return g.Unreadable != nil })
	slices.SortFunc(list, func(a, b GoroutineInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list, err
}

// GoroutinePage lists goroutines: the selected one first, then those that run on
// threads, then the others, each in order of their ids, and last those that could not be
// read. Total is how many there are on all pages. The list is of the moment: while the
// program runs one page may not follow on the other.
func (s *Session) GoroutinePage(ctx context.Context, q GoroutineQuery) (page []GoroutineInfo, total int, err error) {
	err = s.do(ctx, func() error {
		filters, err := s.goroutineFilters(q)
		if err != nil {
			return err
		}
		l, err := s.newListing()
		if err != nil {
			return err
		}
		if err := l.keep(ctx, filters); err != nil {
			return err
		}
		total = len(l.rows)
		l.rows = part(l.rows, q.Start, q.Count)
		l.brief = q.Brief
		page, err = l.infos(ctx, q.Labels)
		return err
	})
	return page, total, err
}

// SelectGoroutine makes a goroutine the one that Next, Eval and their like mean.
func (s *Session) SelectGoroutine(ctx context.Context, id int64) error {
	return s.do(ctx, func() error {
		g, err := s.findGoroutine(id)
		if err == nil && g == nil {
			err = fmt.Errorf("unknown goroutine %d", id)
		}
		if err != nil {
			return err
		}
		return s.target.SwitchGoroutine(g)
	})
}

// findGoroutine returns a goroutine as Delve knows it, and lets Delve find it at once by
// its id until the program runs; -1 is the selected one. It is nil for -1 and 0 if there
// is no selected goroutine.
func (d *debuggee) findGoroutine(id int64) (*proc.G, error) {
	if selected := d.target.SelectedGoroutine(); id <= 0 || selected != nil && selected.ID == id {
		return proc.FindGoroutine(d.target, id)
	}
	if g := d.population.found[id]; g != nil {
		return g, nil
	}
	g, err := d.lookUp(id)
	if err == nil {
		remember(&d.population.found, id, g)
	}
	return g, err
}

func (d *debuggee) lookUp(id int64) (*proc.G, error) {
	if i, ok := d.population.indexOf(id); ok && d.delveG(i, id) != nil {
		return proc.FindGoroutine(d.target, id)
	}
	if _, err := d.all(); err != nil {
		return nil, err
	}
	if i, ok := d.population.indexOf(id); !ok || d.delveG(i, id) == nil {
		return nil, fmt.Errorf("unknown goroutine %d", id)
	}
	return proc.FindGoroutine(d.target, id)
}

// word reads a pointer.
func word(mem goroutine.Memory, addr uint64) (uint64, error) {
	var buf [8]byte
	if _, err := mem.ReadMemory(buf[:], addr); err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(buf[:]), nil
}
