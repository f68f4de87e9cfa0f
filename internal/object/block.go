package object

import (
	"slices"
	"sort"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// role is what the bytes of a block are.
type role uint8

const (
	someValues role = iota // values of a Go type, one behind another
	someText               // the bytes of a string
	mapHead                // the runtime's map
	mapDir                 // pointers to its tables
	mapGroups              // an array of groups: slots and their control words
	chanHead               // the runtime's channel
	chanBuf                // its buffer
)

// key is what makes two blocks the same one.
type key struct {
	role role
	addr uint64
	n    int64        // how many elements
	typ  godwarf.Type // of an element; nil for text and the runtime's own
}

// block is memory that belongs to an object and hangs together.
type block struct {
	key
	stride int64
	old    []byte  // what it held when it was last looked at
	spans  []span  // the parts that are watched; nil: all of it
	from   *link   // a link that leads here and names it; see namer. The root and parts of maps and channels have none
	refs   int     // how many links lead here
	links  []*link // what leads elsewhere, by offset
	hops   int     // pointers that were followed to get here
	seq    int     // the how manieth it is
	m      *mapState
	c      *chanState
	slot   int64 // of a map of which one entry is watched: the slot in this group. Else -1
	dead   bool  // belongs to the object no more
	mark   int   // see sweep
}

// span is a part of a block.
type span struct{ off, size int64 }

// link is a place in a block that leads to another one.
type link struct {
	in   *block
	off  int64
	typ  godwarf.Type // as it is declared
	kind linkKind
	to   *block // nil: nowhere
	dyn  *dynamic
	err  error // why it leads nowhere
}

func (l *link) header() []byte { return l.in.old[l.off : l.off+value.Size(l.typ)] }

// linkAt returns the link at an offset, nil if there is none.
func (b *block) linkAt(off int64) *link {
	i, ok := slices.BinarySearchFunc(b.links, off, func(l *link, off int64) int { return int(l.off - off) })
	if !ok {
		return nil
	}
	return b.links[i]
}

// linksIn returns the index range of the links in [lo, hi).
func (b *block) linksIn(lo, hi int64) (i, j int) {
	i = sort.Search(len(b.links), func(i int) bool { return b.links[i].off >= lo })
	j = sort.Search(len(b.links), func(i int) bool { return b.links[i].off >= hi })
	return i, j
}

func (b *block) size() int64 { return int64(len(b.old)) }

// The index finds the blocks that a store touches. Small blocks are listed by page, so
// that a store costs no more with a hundred thousand of them; large ones are few.
const (
	pageShift = 12
	manyPages = 16 // a block with more pages is large
)

type index struct {
	pages map[uint64][]*block
	large []*block
}

func (x *index) pagesOf(b *block) (first, last uint64, small bool) {
	first, last = b.addr>>pageShift, (b.addr+uint64(b.size())-1)>>pageShift
	return first, last, last-first < manyPages
}

func (x *index) add(b *block) {
	first, last, small := x.pagesOf(b)
	if !small {
		x.large = append(x.large, b)
		return
	}
	for p := first; p <= last; p++ {
		x.pages[p] = append(x.pages[p], b)
	}
}

func (x *index) remove(b *block) {
	without := func(list []*block) []*block {
		if i := slices.Index(list, b); i >= 0 {
			last := len(list) - 1
			list[i], list[last] = list[last], nil
			return list[:last]
		}
		return list
	}
	first, last, small := x.pagesOf(b)
	if !small {
		x.large = without(x.large)
		return
	}
	for p := first; p <= last; p++ {
		if list := without(x.pages[p]); len(list) > 0 {
			x.pages[p] = list
		} else {
			delete(x.pages, p)
		}
	}
}

// overlapping appends the blocks that overlap size bytes at addr, each once, the first
// to be found first.
func (x *index) overlapping(dst []*block, addr uint64, size int64) []*block {
	at := len(dst)
	touches := func(b *block) bool {
		return b.addr < addr+uint64(size) && addr < b.addr+uint64(b.size())
	}
	for _, b := range x.large {
		if touches(b) {
			dst = append(dst, b)
		}
	}
	look := func(list []*block) {
		for _, b := range list {
			if touches(b) && !slices.Contains(dst[at:], b) {
				dst = append(dst, b)
			}
		}
	}
	first, last := addr>>pageShift, (addr+uint64(size)-1)>>pageShift
	if last-first <= uint64(len(x.pages)) {
		for p := first; p <= last; p++ {
			look(x.pages[p])
		}
	} else {
		for _, list := range x.pages {
			look(list)
		}
	}
	slices.SortFunc(dst[at:], func(a, b *block) int { return a.seq - b.seq })
	return dst
}
