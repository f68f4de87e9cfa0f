package heap

import "fmt"

// Fate is what the end of a marking means for an object.
type Fate uint8

// Fates.
const (
	Lives Fate = iota
	// Dies: nothing refers to it, and its memory is free when its span is swept.
	Dies
	// Gone: the span holds other objects than before, or none.
	Gone
)

// Fate tells what becomes of an object. It is asked when marking has ended and before the
// program runs again: see the package comment. The error is one of reading memory, or an
// [*UnknownError] if mark bits are where they cannot be read.
func (h *Heap) Fate(mem Memory, o *Object) (Fate, error) {
	s, err := h.readSpan(mem, o.span)
	if err != nil {
		return Lives, err
	}
	if s.get(h.state) != h.inUse || s.get(h.elemSize) != o.Size || s.get(h.start)+o.index*o.Size != o.Base || uint8(s.get(h.class)) != o.Class {
		return Gone, nil
	}
	alive, err := h.marked(mem, s, o.index)
	if err == nil && !alive {
		alive, err = h.finalized(mem, s, o.index)
	}
	if err != nil || alive {
		return Lives, err
	}
	return Dies, nil
}

// marked reports whether the collector has found an object alive.
func (h *Heap) marked(mem Memory, s *span, index uint64) (bool, error) {
	if set, err := bit(mem, s.get(h.markBits), index); err != nil || set {
		return set, err
	}
	start := s.get(h.start)
	inline, err := h.inlineMarks(mem, start)
	if err != nil || !inline {
		return false, err
	}
	if h.marks.size == 0 || h.inlineSize == 0 {
		return false, &UnknownError{What: "no type runtime.spanInlineMarkBits, and mark bits are in it"}
	}
	if index/8 >= h.marks.size {
		return false, &UnknownError{What: fmt.Sprintf("a span of %d objects has its mark bits in %d bytes", index+1, h.marks.size)}
	}
	return bit(mem, start+h.pageSize-h.inlineSize+h.marks.at, index) // as runtime.spanInlineMarkBitsFromBase
}

// inlineMarks reports whether the mark bits of the span that begins at start are in its
// own page.
func (h *Heap) inlineMarks(mem Memory, start uint64) (bool, error) {
	if h.inline.size == 0 {
		return false, nil
	}
	arena, err := h.arena(mem, start)
	if err != nil || arena == 0 {
		return false, err
	}
	return bit(mem, arena+h.inline.at, start/h.pageSize%h.pages)
}

// maxSpecials bounds the list of a span: it is one for each object and kind at the most.
const maxSpecials = 1 << 16

// finalized reports whether an object has a finalizer: sweeping keeps it then, for the
// finalizer's sake (runtime.sweepLocked.sweep).
func (h *Heap) finalized(mem Memory, s *span, index uint64) (bool, error) {
	size := s.get(h.elemSize)
	var b [maxStruct]byte
	for at, n := s.get(h.specials), 0; at != 0 && n < maxSpecials; n++ {
		if _, err := mem.ReadMemory(b[:h.specialSize], at); err != nil {
			return false, fmt.Errorf("read runtime.special: %w", err)
		}
		if h.kind.in(b[:]) == h.finalizer && h.offset.in(b[:])/size == index {
			return true, nil
		}
		at = h.next.in(b[:])
	}
	return false, nil
}
