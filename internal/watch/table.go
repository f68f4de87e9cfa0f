package watch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/argusdbg/argus/hwbp"
)

// Entry is a watchpoint: points that are armed together.
type Entry struct {
	Name   string // what the user calls it, for messages
	Points []hwbp.Point
	Owner  any // the caller's
}

// SlotsError says that a watchpoint does not fit.
type SlotsError struct {
	Name    string   // the watchpoint that does not fit
	Want    int      // slots that it needs beyond those it could share
	Free    int      // slots that are free
	Slots   int      // slots that a thread has
	Holders []string // the watchpoints that hold the others, each once
}

func (e *SlotsError) Error() string {
	need := fmt.Sprintf("%s needs %d more debug %s and %d of %d %s free", e.Name,
		e.Want, plural(e.Want, "register"), e.Free, e.Slots, plural(e.Free, "is", "are"))
	switch {
	case e.Want > e.Slots:
		return need + ": it is too large to be watched as a whole; watch a part of it"
	case len(e.Holders) == 0:
		return need
	}
	return fmt.Sprintf("%s (held by %s): remove one of these first", need, strings.Join(e.Holders, ", "))
}

func plural(n int, forms ...string) string {
	switch {
	case len(forms) == 2 && n == 1:
		return forms[0]
	case len(forms) == 2:
		return forms[1]
	case n == 1:
		return forms[0]
	}
	return forms[0] + "s"
}

type slot struct {
	point   hwbp.Point // Len 0: empty
	holders []*Entry
}

// Table assigns slots to entries.
type Table struct {
	slots  []slot
	points []hwbp.Point // of the slots, as Points returns them
}

// NewTable returns a table for threads with that many data slots.
func NewTable(slots int) *Table {
	return &Table{slots: make([]slot, slots), points: make([]hwbp.Point, slots)}
}

// Points returns what each slot holds; a point of Len 0 is an empty slot. The
// slice is the table's and changes with it.
func (t *Table) Points() []hwbp.Point { return t.points }

// Empty reports whether no slot is held.
func (t *Table) Empty() bool {
	for i := range t.slots {
		if len(t.slots[i].holders) > 0 {
			return false
		}
	}
	return true
}

// Add puts an entry into slots: all of its points, or none and a [*SlotsError].
func (t *Table) Add(e *Entry) error {
	var missing []hwbp.Point
	for _, p := range e.Points {
		if t.find(p) < 0 && !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
	}
	var free []int
	for i := range t.slots {
		if len(t.slots[i].holders) == 0 {
			free = append(free, i)
		}
	}
	if len(missing) > len(free) {
		return &SlotsError{Name: e.Name, Want: len(missing), Free: len(free), Slots: len(t.slots), Holders: t.holders()}
	}
	for i, p := range missing {
		t.slots[free[i]].point, t.points[free[i]] = p, p
	}
	for _, p := range e.Points {
		s := &t.slots[t.find(p)]
		if !slices.Contains(s.holders, e) {
			s.holders = append(s.holders, e)
		}
	}
	return nil
}

// Remove takes an entry out. Slots that nobody else holds become empty.
func (t *Table) Remove(e *Entry) {
	for i := range t.slots {
		s := &t.slots[i]
		s.holders = slices.DeleteFunc(s.holders, func(h *Entry) bool { return h == e })
		if len(s.holders) == 0 {
			s.point, t.points[i] = hwbp.Point{}, hwbp.Point{}
		}
	}
}

func (t *Table) find(p hwbp.Point) int {
	for i := range t.slots {
		if t.slots[i].point == p {
			return i
		}
	}
	return -1
}

func (t *Table) holders() []string {
	var names []string
	for i := range t.slots {
		for _, e := range t.slots[i].holders {
			if !slices.Contains(names, e.Name) {
				names = append(names, e.Name)
			}
		}
	}
	return names
}

// AppendFired appends to dst every entry that one of the fired slots belongs to
// (bit n for slot n), each once: one instruction that touches several points of
// a watchpoint is one hit of it.
func (t *Table) AppendFired(dst []*Entry, fired uint8) []*Entry {
	from := len(dst)
	for i := range t.slots {
		if fired&(1<<i) == 0 {
			continue
		}
		for _, e := range t.slots[i].holders {
			if !slices.Contains(dst[from:], e) {
				dst = append(dst, e)
			}
		}
	}
	return dst
}
