package lanes

import (
	"errors"
	"math/bits"
	"slices"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/sched"
)

// pmuName is what messages call the slots.
const pmuName = "debug registers"

// dataSlots is the PMU of data watchpoints: the debug registers of a thread.
type dataSlots struct {
	b     *Board
	slots int
}

var _ sched.PMU = (*dataSlots)(nil)

// occupant is what a slot of a lane holds.
type occupant struct {
	point   hwbp.Point // Len 0: empty
	members []*member  // whose point it is
}

func (d *dataSlots) Name() string { return pmuName }

func (d *dataSlots) Slots() int { return d.slots }

// Add gives an event's points slots. Points that are there already are shared.
func (d *dataSlots) Add(l *sched.Lane, e *sched.Event) error {
	ln, m := l.Data().(*lane), e.Data.(*member)
	for k, p := range m.points {
		i := ln.find(p)
		if i < 0 {
			if i = ln.vacant(); i < 0 {
				for _, q := range m.points[:k] {
					ln.leave(ln.find(q), m)
				}
				return &sched.ShortError{PMU: pmuName, Slots: bits.OnesCount16(ln.usable), Err: errShort}
			}
			o := &ln.slots[i]
			o.point = p
			o.members = o.members[:0]
		}
		ln.slots[i].members = append(ln.slots[i].members, m)
	}
	return nil
}

// Del takes them back.
func (d *dataSlots) Del(l *sched.Lane, e *sched.Event) {
	ln, m := l.Data().(*lane), e.Data.(*member)
	d.b.mark(ln, m)
	for _, p := range m.points {
		if i := ln.find(p); i >= 0 {
			ln.leave(i, m)
		}
	}
}

// Commit programs the thread.
func (d *dataSlots) Commit(l *sched.Lane) error {
	ln := l.Data().(*lane)
	ln.compact()
	for i := range ln.slots {
		ln.want[i] = ln.slots[i].point
	}
	ln.filters()
	usable, err := ln.arms.set(&ln.want, len(d.b.goroutines) > 0)
	if errors.Is(err, errShort) {
		ln.usable = usable
		d.b.shorten(ln)
		return &sched.ShortError{PMU: pmuName, Slots: bits.OnesCount16(usable), Err: err}
	}
	if isGone(err) {
		return nil // its end will be reported
	}
	return err
}

func (ln *lane) find(p hwbp.Point) int {
	return slices.IndexFunc(ln.slots[:], func(o occupant) bool { return o.point == p })
}

// vacant returns a slot to take, or -1. The lowest: those that the kernel has once
// given are kept (FACTS A3).
func (ln *lane) vacant() int {
	for i := range ln.slots {
		if ln.usable&(1<<i) != 0 && ln.slots[i].point.Len == 0 {
			return i
		}
	}
	return -1
}

func (ln *lane) leave(i int, m *member) {
	o := &ln.slots[i]
	k := slices.Index(o.members, m)
	if k < 0 {
		return
	}
	o.members = slices.Delete(o.members, k, k+1)
	if len(o.members) == 0 {
		o.point = hwbp.Point{}
	}
}

// compact moves what sits in slots that turned out to be others'.
func (ln *lane) compact() {
	for i := range ln.slots {
		if ln.slots[i].point.Len == 0 || ln.usable&(1<<i) != 0 {
			continue
		}
		j := ln.vacant()
		if j < 0 {
			return
		}
		ln.slots[j].point, ln.slots[j].members = ln.slots[i].point, ln.slots[i].members
		ln.slots[i] = occupant{}
	}
}
