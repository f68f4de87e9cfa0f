package lanes

import (
	"errors"
	"slices"

	"github.com/argusdbg/argus/internal/kfilter"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// ErrNoFilter is why the kernel does not decide about hits: it runs programs at the hits of perf
// events.
var ErrNoFilter = errors.New("debug registers that ptrace sets have no programs in the kernel: use the perf driver")

// NewFilter makes a filter for an entry's Filter. Its errors are [ErrNoFilter] and those of
// [kfilter.Load].
func (b *Board) NewFilter(c kfilter.Config) (*kfilter.Filter, error) {
	d, ok := b.driver.(byPerf)
	if !ok {
		return nil, ErrNoFilter
	}
	if d.stop != nil {
		c.Stop = d.stop.Code()
	}
	return kfilter.Load(c)
}

// SetFilter gives an entry another filter, nil for none. All threads are stopped.
func (b *Board) SetFilter(e *Entry, f *kfilter.Filter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.Filter = f
	return b.refilter()
}

// Verdict returns what an entry's filter has said of the last hit of a stopped thread; false
// if it was not asked.
func (b *Board) Verdict(e *Entry, th *ptrace.Thread) (v kfilter.Verdict, asked bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ln := b.lane(th)
	if ln == nil || e.Filter == nil {
		return v, false
	}
	if a, ok := ln.arms.(filtering); ok {
		return a.verdict(e.Filter)
	}
	return v, false
}

// filtering are arms whose slots can have filters.
type filtering interface {
	// filter says which filters the next set gives the slots, nil for none, and reports
	// whether that changes something for those that hold points.
	filter(filters *[maxSlots]*kfilter.Filter) (changed bool)
	verdict(*kfilter.Filter) (v kfilter.Verdict, asked bool)
}

// filters prepares the filters of a lane's slots.
func (ln *lane) filters() (changed bool) {
	a, ok := ln.arms.(filtering)
	if !ok {
		return false
	}
	var all [maxSlots]*kfilter.Filter
	for i := range ln.slots {
		all[i] = ln.slots[i].filter()
	}
	return a.filter(&all)
}

// filter is that of the only entry that is interested in a slot.
func (o *occupant) filter() *kfilter.Filter {
	if len(o.members) != 1 {
		return nil
	}
	m := o.members[0]
	if !m.group.config.Pinned || len(m.points) != 1 || len(m.entries) != 1 {
		return nil
	}
	return m.entries[0].Filter
}

// refilter is for when others have become interested in what slots hold, or are not any more.
func (b *Board) refilter() error {
	var errs []error
	for _, ln := range b.lanes {
		if ln.left || !ln.filters() {
			continue
		}
		err := b.pmu.Commit(ln.sched)
		var short *sched.ShortError
		if errors.As(err, &short) { // others were quicker to take what was let go for an instant
			ln.sched.SetSlots(b.pmu, short.Slots)
			err = ln.sched.Update(ln.sched.Now())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// perfFilter is a filter of a slot.
type perfFilter struct {
	want *kfilter.Filter // that the next set is to give it
	has  *kfilter.Filter // that it was given, also if it cannot have it
	on   *kfilter.Attachment
}

// verdictOf is a filter's verdict on a hit that has not been told of.
type verdictOf struct {
	kfilter.Verdict
	of *kfilter.Filter
}

func (a *perfArms) filter(filters *[maxSlots]*kfilter.Filter) (changed bool) {
	for i := range a.slots {
		s := &a.slots[i]
		s.filter.want = filters[i]
		changed = changed || s.on && s.filter.has != s.filter.want
	}
	return changed
}

func (a *perfArms) verdict(f *kfilter.Filter) (v kfilter.Verdict, asked bool) {
	for i, l := range a.verdicts {
		if l.of == f {
			a.verdicts = slices.Delete(a.verdicts, i, i+1)
			return l.Verdict, true
		}
	}
	for i := range a.slots {
		if s := &a.slots[i].filter; s.on != nil && s.has == f {
			return s.on.Take()
		}
	}
	return v, false
}

// refit gives up an event that has another filter than it is to have: an event keeps what it
// was given first.
func (a *perfArms) refit(i int) error {
	s := &a.slots[i]
	if s.event == nil || s.filter.has == s.filter.want {
		return nil
	}
	if err := a.leave(i); err != nil {
		return err
	}
	if s.filter.on != nil {
		if v, asked := s.filter.on.Take(); asked {
			a.verdicts = append(a.verdicts, verdictOf{v, s.filter.has})
		}
	}
	former := s.former
	err := s.shut()
	s.former = former
	return err
}

// equip gives a new event, which is not enabled, its filter. Where that cannot be it does
// without.
func (a *perfArms) equip(s *perfSlot) error {
	f := &s.filter
	f.has = f.want
	if f.want != nil {
		on, err := f.want.Attach(s.event)
		if err == nil {
			f.on = on
			return nil
		}
	}
	if a.stop == nil {
		return nil
	}
	return s.event.SetBPF(a.stop.FD())
}

// shut closes a slot's event.
func (s *perfSlot) shut() error {
	err := s.event.Close()
	if s.filter.on != nil {
		s.filter.on.Close()
	}
	*s = perfSlot{filter: perfFilter{want: s.filter.want}}
	return err
}

// stops is how many hits a slot's event has counted that stop the thread.
func (s *perfSlot) stops() (uint64, error) {
	n, err := s.event.Count()
	if err == nil && s.filter.on != nil {
		n -= s.filter.on.Filtered()
	}
	return n, err
}
