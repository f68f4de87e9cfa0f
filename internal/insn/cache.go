package insn

import "fmt"

// Bounds returns the bounds of the function that contains pc: its entry and
// the first address behind it.
type Bounds func(pc uint64) (entry, end uint64, err error)

// Cache finds writers as [Writer] and [CallBefore] do, and remembers what it
// decoded for each program counter, so that a second hit at the same place
// costs a map lookup and no allocation. Code that cannot be decoded is
// remembered too; memory that could not be read, and functions that Bounds
// does not know, are not.
//
// A Cache is not safe for concurrent use. Call [Cache.Reset] when the target's
// code has changed: at exec, dlclose, or when a plugin is loaded.
type Cache struct {
	mem     Code
	bounds  Bounds
	max     int
	sites   map[uint64]*site
	calls   map[uint64]Store // by return address
	alone   map[uint64]Store // by its own: those that were stepped over
	scratch [8]byte
}

// NewCache returns a Cache that remembers up to max places of each kind (a
// place takes about 120 bytes); when it is full it starts again from nothing.
func NewCache(mem Code, bounds Bounds, max int) *Cache {
	return &Cache{mem: mem, bounds: bounds, max: max, sites: map[uint64]*site{}, calls: map[uint64]Store{}, alone: map[uint64]Store{}}
}

// Reset forgets everything.
func (c *Cache) Reset() {
	clear(c.sites)
	clear(c.calls)
	clear(c.alone)
}

// Writer does what the function of the same name does, and follows a CALL to
// the function it is in. Errors are those of [Writer] without [*AtEntry],
// those of [CallBefore], and what Bounds returned.
func (c *Cache) Writer(regs *Regs, addr uint64, size int) (Store, error) {
	watched, err := newSpan(addr, size)
	if err != nil {
		return Store{}, err
	}
	s, err := c.site(regs.PC)
	if err != nil {
		return Store{}, err
	}
	store, ret, err := s.judge(c.mem, c.scratch[:], regs, watched)
	if err != nil || ret == 0 {
		return store, err
	}
	return c.call(ret)
}

func (c *Cache) site(pc uint64) (*site, error) {
	if s, ok := c.sites[pc]; ok {
		return s, s.err
	}
	entry, end, err := c.bounds(pc)
	if err != nil {
		return nil, fmt.Errorf("function at %#x: %w", pc, err)
	}
	s := new(site)
	if err := s.find(c.mem, entry, end, pc); err != nil {
		if !lasting(err) {
			return nil, err
		}
		s.err = err
	}
	if len(c.sites) >= c.max {
		clear(c.sites)
	}
	c.sites[pc] = s
	return s, s.err
}

func (c *Cache) call(ret uint64) (Store, error) {
	if store, ok := c.calls[ret]; ok {
		return store, nil
	}
	entry, end, err := c.bounds(ret - 1)
	if err != nil {
		return Store{}, fmt.Errorf("function at %#x: %w", ret-1, err)
	}
	store, err := CallBefore(c.mem, entry, end, ret)
	if err != nil {
		return Store{}, err
	}
	if len(c.calls) >= c.max {
		clear(c.calls)
		clear(c.alone)
	}
	c.calls[ret] = store
	return store, nil
}
