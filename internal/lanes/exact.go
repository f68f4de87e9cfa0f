package lanes

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// Where says what watches an entry of mode exact.
type Where uint8

// What watches.
const (
	Nowhere    Where = iota // it is not of mode exact
	Slots                   // debug registers
	PageGuards              // its pages are write-protected
	Steps                   // every instruction of the program is single-stepped
)

func (w Where) String() string {
	return [...]string{"", "debug registers", "page guard", "single steps"}[w]
}

// exactly is a board's share of what is of mode exact.
type exactly struct {
	openGuards func() (Guards, error)
	guards     Guards // nil: not opened yet, or guardErr says why there are none
	guardErr   error
	guardPMU   *pageGuards
	standIns   map[int]*guarded // by thread; 0 is all
	pages      map[uint64]*page // by number: those with something of mode exact
	pageSize   uint64
	planned    sched.Time        // when it was last asked who should hold slots
	wall       func() sched.Time // time since the board was made
}

func newExactly(open func() (Guards, error)) exactly {
	began := time.Now()
	x := exactly{guardPMU: &pageGuards{}, standIns: map[int]*guarded{}, pages: map[uint64]*page{}, pageSize: uint64(os.Getpagesize())}
	x.wall = func() sched.Time { return sched.Time(time.Since(began)) }
	x.openGuards = func() (Guards, error) {
		if open == nil {
			return nil, errNoGuards
		}
		return open()
	}
	return x
}

// GuardError says that a watchpoint of mode exact found no slots, and could not be put
// behind page guards.
type GuardError struct {
	Slots error // why there are no slots: a *SlotsError or *ForeignError
	Guard error // why there is no page guard
}

func (e *GuardError) Error() string {
	return fmt.Sprintf("%v; and its page cannot be guarded: %v", e.Slots, e.Guard)
}

func (e *GuardError) Unwrap() []error { return []error{e.Slots, e.Guard} }

// errReads: a protected page is read as any other.
var errReads = errors.New("page guards see writes only: watch writes, or free debug registers")

// addExact has each entry watched all the time, in slots while there are any and behind
// page guards beyond that: all of them, or none.
func (b *Board) addExact(c *Config) error {
	if err := b.openLanes(); err != nil {
		return err
	}
	if c.Thread != 0 && b.lanes[c.Thread] == nil {
		return &ThreadError{Thread: c.Thread}
	}
	b.aged()
	var full error // why there are no slots: once found it holds for all that come behind
	for i, e := range c.Entries {
		e.exact, e.thread, e.goroutine = true, c.Thread, c.Goroutine
		err := b.place(e, c.On, &full)
		if err == nil {
			b.list(e)
			continue
		}
		e.exact = false
		for _, o := range c.Entries[:i] {
			err = errors.Join(err, b.takeOut(o))
			o.exact = false
		}
		return err
	}
	return nil
}

// place finds room for an entry. full is why those before it found no slots; on is the
// thread that its goroutine is on, if it is for one.
func (b *Board) place(e *Entry, on *ptrace.Thread, full *error) error {
	reads := e.guardable()
	c := e.slotConfig()
	c.On = on
	err := b.tooLarge(e)
	switch {
	case err != nil:
	case reads != nil: // others make room for it
		err = b.withRoom(func() error { return b.addToSlots(c) }, &c)
	case *full != nil:
		err = *full
	default:
		if err = b.addToSlots(c); isFull(err) {
			*full = err
		}
	}
	if err == nil || !isFull(err) {
		return err
	}
	guard := reads
	if guard == nil {
		guard = b.guard(e)
	}
	if guard != nil {
		return &GuardError{Slots: err, Guard: guard}
	}
	return nil
}

// slotConfig is what is armed if an entry is to be in slots.
func (e *Entry) slotConfig() Config {
	return Config{Name: e.Name, Entries: []*Entry{e}, Pinned: true, Thread: e.thread, Goroutine: e.goroutine}
}

// tooLarge says that no thread has slots enough for an entry.
func (b *Board) tooLarge(e *Entry) error {
	if e.fits(b.pmu.slots) {
		return nil
	}
	const slotBytes = 8
	want := max(len(e.Points), int((e.Size+slotBytes-1)/slotBytes))
	return &SlotsError{Name: e.Name, Want: want, Free: b.pmu.slots, Slots: b.pmu.slots, Pinned: true}
}

func (e *Entry) fits(slots int) bool {
	return len(e.Points) > 0 && (len(e.Points) <= slots || len(distinct(e.Points)) <= slots)
}

// guardable returns why an entry cannot be behind a page guard.
func (e *Entry) guardable() error {
	for _, p := range e.Points {
		if p.Access != hwbp.Write {
			return errReads
		}
	}
	return nil
}

// isFull reports whether an error says that slots are taken.
func isFull(err error) bool {
	var full *SlotsError
	var foreign *ForeignError
	return errors.As(err, &full) || errors.As(err, &foreign)
}

// withRoom repeats add while it finds no slots and something of mode exact that holds
// some can be put behind page guards, the coldest first.
func (b *Board) withRoom(add func() error, c *Config) error {
	err := add()
	for isFull(err) && !hopeless(err) && c.data() && b.yield(c, err) {
		err = add()
	}
	return err
}

// hopeless reports whether there will never be so many slots.
func hopeless(err error) bool {
	var full *SlotsError
	return errors.As(err, &full) && full.Want > full.Slots
}

// data reports whether a config is of data watchpoints. A breakpoint needs no slot.
func (c *Config) data() bool {
	return !slices.ContainsFunc(c.Entries, func(e *Entry) bool {
		return slices.ContainsFunc(e.Points, func(p hwbp.Point) bool { return p.Access == hwbp.Execute })
	})
}

// yield puts something that is in the way of others, as full says, behind page guards, and
// reports whether there was anything.
func (b *Board) yield(to *Config, full error) bool {
	var refused *SlotsError
	known := errors.As(full, &refused)
	var coldest *Entry
	var least float64
	now := b.wall()
	for _, g := range b.groups {
		if known && !slices.Contains(refused.inTheWay, g.sched) {
			continue // it leaves room enough where it is
		}
		for _, m := range g.members {
			for _, e := range m.entries {
				if !e.exact || e.guardable() != nil || e.apart(to) {
					continue
				}
				if heat := b.heatOf(e, now); coldest == nil || heat < least {
					coldest, least = e, heat
				}
			}
		}
	}
	return coldest != nil && b.toGuard(coldest) == nil
}

// heatOf is the heat of the coolest page that an entry in slots lies on.
func (b *Board) heatOf(e *Entry, now sched.Time) (least float64) {
	first := true
	b.pagesOf(e, func(n uint64) {
		if pg := b.pages[n]; pg != nil {
			if heat := pg.heat.Rate(now, coolSlots); first || heat < least {
				least, first = heat, false
			}
		}
	})
	return least
}

// apart reports whether an entry is never on together with what is asked for.
func (e *Entry) apart(c *Config) bool {
	return c.Thread != 0 && e.thread != 0 && e.thread != c.Thread ||
		c.Goroutine != 0 && e.goroutine != 0 && e.goroutine != c.Goroutine
}

// toGuard moves an entry from slots to page guards, and nothing is missed: all threads
// are stopped.
func (b *Board) toGuard(e *Entry) error {
	m, sofar := e.in, b.sofar(e)
	if err := b.guard(e); err != nil {
		return err
	}
	e.moved(sofar)
	b.relabel(e)
	return b.leaveSlots(m, e)
}

// toSlots moves an entry from page guards to slots.
func (b *Board) toSlots(e *Entry) error {
	in, base, sofar := e.in, e.base, b.sofar(e)
	if err := b.addToSlots(e.slotConfig()); err != nil {
		e.in, e.base = in, base
		return err
	}
	e.moved(sofar)
	err := b.unguard(e)
	b.relabel(e)
	return err
}

// sofar is an entry's account, all of which is over.
func (b *Board) sofar(e *Entry) *Account {
	b.aged()
	b.settle()
	a := b.account(e)
	return &a
}

func (e *Entry) moved(sofar *Account) {
	e.prior = sofar
	e.moves++
}
