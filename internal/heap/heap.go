package heap

import "fmt"

// Heap is a program's.
type Heap struct {
	*layout
	mheap uint64
}

// New finds out how the heap is laid out. mheap is the address of runtime.mheap_. The error
// is an [*UnknownError].
func New(types Types, constant Constant, mheap uint64) (*Heap, error) {
	l, err := layoutOf(types, constant)
	if err != nil {
		return nil, err
	}
	return &Heap{l, mheap}, nil
}

// Object is memory that the collector frees as a whole.
type Object struct {
	Base, Size uint64 // Size is that of its class: what was asked for or more
	Class      uint8  // runtime.spanClass: the size class, and in the lowest bit that it has no pointers
	// Managed: only the collector frees it. Objects in arenas of package arena are freed
	// by the program.
	Managed bool

	span, index uint64
}

// Pointers reports whether it can hold pointers.
func (o *Object) Pointers() bool { return o.Class&1 == 0 }

// span is a runtime.mspan.
type span struct {
	*layout
	at  uint64
	raw [maxStruct]byte
}

func (h *Heap) readSpan(mem Memory, at uint64) (*span, error) {
	s := &span{layout: h.layout, at: at}
	if _, err := mem.ReadMemory(s.raw[:h.spanSize], at); err != nil {
		return nil, fmt.Errorf("read runtime.mspan: %w", err)
	}
	return s, nil
}

func (s *span) get(f field) uint64 { return f.in(s.raw[:]) }

func (h *Heap) word(mem Memory, at uint64) (uint64, error) {
	var b [8]byte
	if _, err := mem.ReadMemory(b[:], at); err != nil {
		return 0, fmt.Errorf("read the heap's tables: %w", err)
	}
	return field{0, 8}.in(b[:]), nil
}

// arena returns the runtime.heapArena for an address; 0: the heap has none there.
func (h *Heap) arena(mem Memory, addr uint64) (uint64, error) {
	i := (addr - h.base) / h.arenaBytes // as runtime.arenaIndex
	l1, l2 := i/h.l2, i%h.l2
	if l1 >= h.l1 {
		return 0, nil
	}
	row, err := h.word(mem, h.mheap+h.arenas.at+8*l1)
	if err != nil || row == 0 {
		return 0, err
	}
	return h.word(mem, row+8*l2)
}

// Find returns the object that addr lies in; false: it is not on the heap, or nothing is
// allocated there. The error is one of reading memory.
func (h *Heap) Find(mem Memory, addr uint64) (Object, bool, error) {
	arena, err := h.arena(mem, addr)
	if err != nil || arena == 0 {
		return Object{}, false, err
	}
	at, err := h.word(mem, arena+h.spans.at+8*(addr/h.pageSize%h.pages))
	if err != nil || at == 0 {
		return Object{}, false, err
	}
	s, err := h.readSpan(mem, at)
	if err != nil {
		return Object{}, false, err
	}
	start, size := s.get(h.start), s.get(h.elemSize)
	if s.get(h.state) != h.inUse || addr < start || addr >= s.get(h.limit) || size == 0 {
		return Object{}, false, nil
	}
	index := (addr - start) / size
	if index >= s.get(h.nelems) {
		return Object{}, false, nil
	}
	o := Object{Base: start + index*size, Size: size, Class: uint8(s.get(h.class)), span: at, index: index,
		Managed: h.userArena.size == 0 || s.get(h.userArena) == 0}
	ok, err := h.allocated(mem, s, index)
	return o, ok, err
}

// allocated reports whether an object exists: as runtime.mspan.isFree, and unless the
// sweeping of its span, which has yet to come, frees it.
func (h *Heap) allocated(mem Memory, s *span, index uint64) (bool, error) {
	if index >= s.get(h.freeIndex) {
		set, err := bit(mem, s.get(h.allocBits), index)
		if err != nil || !set {
			return false, err
		}
	}
	var b [8]byte
	if _, err := mem.ReadMemory(b[:h.sweepgen.size], h.mheap+h.sweepgen.at); err != nil {
		return false, fmt.Errorf("read the sweep generation: %w", err)
	}
	now := uint32(field{0, h.sweepgen.size}.in(b[:]))
	switch gen := uint32(s.get(h.generation)); gen {
	case now - 2, now - 1, now + 1: // not swept since the last marking; see runtime.mspan.sweepgen
		alive, err := h.marked(mem, s, index)
		if err != nil || alive {
			return alive, err
		}
		return h.finalized(mem, s, index)
	}
	return true, nil
}

// bit reads one of a runtime.gcBits.
func bit(mem Memory, bits, index uint64) (bool, error) {
	var b [1]byte
	if _, err := mem.ReadMemory(b[:], bits+index/8); err != nil {
		return false, fmt.Errorf("read the bits of a span: %w", err)
	}
	return b[0]>>(index%8)&1 != 0, nil
}
