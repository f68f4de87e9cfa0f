package object

import (
	"cmp"
	"maps"
	"slices"
)

// Store is one write to what is watched.
type Store struct {
	Goroutine int64
	PC        uint64 // of the instruction
	// File and Line are of the statement: for code of the runtime, which moves memory or
	// changes maps and channels for a statement, those of the innermost frame that is not
	// the runtime's. Frame tells calls of one function apart, its frame's address say.
	File  string
	Line  int
	Frame uint64
	// Helper is set if the instruction is the runtime's, so that the addresses of
	// instructions say nothing of the order.
	Helper bool
	Range  Range
	Tag    any // the caller's
}

// Assignment is one or several stores by which a goroutine made one assignment.
type Assignment struct{ Stores []Store }

// Ranges are what was written, for [Object.Changed].
func (a Assignment) Ranges() []Range {
	r := make([]Range, len(a.Stores))
	for i, s := range a.Stores {
		r[i] = s.Range
	}
	return r
}

// maxGap is how many bytes of padding may be between stores side by side: none is
// larger between the fields of a struct in Go.
const maxGap = 7

// maxDistance is how far apart in the code, in bytes, stores side by side may be made.
const maxDistance = 128

// Coalescer puts stores together that belong to one assignment. The compiler writes a
// string, slice or interface one word at a time, a struct in pieces, and an entry of a
// map with the runtime's help. Between the pieces the words make no sense: a pointer may
// be new and the length behind it old.
//
// Stores are of one assignment if the same goroutine makes them in the same statement of
// the same call, none writes again what others wrote, they are related or side by side,
// and each is further on in the code than the one before it, or continues in memory
// where that one ended (a copy that the compiler made a loop of, REP MOVS). So
// x.a, x.b = 1, 2 is one assignment if the fields are neighbours, just as a copy of the
// struct. A loop over elements is not: it leaves the statement each time it comes round.
//
// When the last store has been made no store says. Whoever feeds a Coalescer calls
// [Coalescer.Leave] when the goroutine leaves the statement: after [Coalescer.Add] lets it
// run to the end of the statement only (or, if the instructions up to there store
// nothing more, calls Leave at once). Until then [Object.Changed] is not called.
//
// It keeps no clock and reads no memory, and is for one goroutine at a time.
type Coalescer struct {
	related func(a, b Range) bool
	pending map[int64]*Assignment
}

// NewCoalescer makes a Coalescer. related says which stores that are not side by side
// belong together: [Object.Related].
func NewCoalescer(related func(a, b Range) bool) *Coalescer {
	return &Coalescer{related: related, pending: map[int64]*Assignment{}}
}

// Add takes in a store, and returns the assignments that it shows to be over: one that
// the same goroutine made before, and those of others that wrote the same memory.
func (c *Coalescer) Add(s Store) (over []Assignment) {
	for _, g := range slices.Sorted(maps.Keys(c.pending)) {
		if g != s.Goroutine && overlapsAny(c.pending[g].Stores, s.Range) {
			over = append(over, c.Leave(g)...)
		}
	}
	if p := c.pending[s.Goroutine]; p != nil {
		if c.joins(p.Stores, s) {
			p.Stores = append(p.Stores, s)
			return over
		}
		over = append(over, c.Leave(s.Goroutine)...)
	}
	c.pending[s.Goroutine] = &Assignment{[]Store{s}}
	return over
}

// Pending reports whether a goroutine is in the middle of an assignment, as far as is known.
func (c *Coalescer) Pending(goroutine int64) bool { return c.pending[goroutine] != nil }

// Leave says that a goroutine has left the statement, waits for something, or has ended.
// It returns the assignment it made, if there is one.
func (c *Coalescer) Leave(goroutine int64) []Assignment {
	p := c.pending[goroutine]
	if p == nil {
		return nil
	}
	delete(c.pending, goroutine)
	return []Assignment{*p}
}

// Flush returns all assignments as far as they have got, by goroutine: the program has
// ended, or nobody waits for more.
func (c *Coalescer) Flush() (over []Assignment) {
	for _, g := range slices.Sorted(maps.Keys(c.pending)) {
		over = append(over, c.Leave(g)...)
	}
	return over
}

func (c *Coalescer) joins(stores []Store, s Store) bool {
	last := stores[len(stores)-1]
	if s.File != last.File || s.Line != last.Line || s.Frame != last.Frame {
		return false
	}
	inRuntime := s.Helper || last.Helper
	if !inRuntime && s.PC <= last.PC && s.Range.Addr != last.Range.Addr+uint64(last.Range.Size) {
		return false // a loop has come round, and not one that copies piece by piece
	}
	// What is written once more is another assignment. But the last piece of a copy may
	// reach back into the one before it, and the runtime zeroes what it then sets.
	if written(stores, s.Range) && !(s.Helper && last.Helper && s.PC != last.PC) {
		return false
	}
	near := inRuntime || s.PC <= last.PC || s.PC-last.PC <= maxDistance
	for _, t := range stores {
		if near && sideBySide(t.Range, s.Range) || c.related(t.Range, s.Range) {
			return true
		}
	}
	return false
}

func overlapsAny(stores []Store, r Range) bool {
	return slices.ContainsFunc(stores, func(s Store) bool { return overlap(s.Range, r) })
}

func overlap(a, b Range) bool {
	return a.Addr < b.Addr+uint64(b.Size) && b.Addr < a.Addr+uint64(a.Size)
}

// written reports whether stores have already been made to all of a range.
func written(stores []Store, r Range) bool {
	at, end := r.Addr, r.Addr+uint64(r.Size)
	for at < end {
		i := slices.IndexFunc(stores, func(s Store) bool {
			return s.Range.Addr <= at && at < s.Range.Addr+uint64(s.Range.Size)
		})
		if i < 0 {
			return false
		}
		at = stores[i].Range.Addr + uint64(stores[i].Range.Size)
	}
	return true
}

// sideBySide reports whether nothing but padding is between two ranges.
func sideBySide(a, b Range) bool {
	if cmp.Compare(a.Addr, b.Addr) > 0 {
		a, b = b, a
	}
	end := a.Addr + uint64(a.Size)
	return b.Addr <= end+maxGap
}
