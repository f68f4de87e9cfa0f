package heap

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// Types finds types of the target by name, as proc.BinaryInfo does.
type Types interface {
	FindType(name string) (godwarf.Type, error)
}

// Memory is the target's.
type Memory interface {
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Constant finds an integer constant of the target by name, as in "runtime.mSpanInUse".
type Constant func(name string) (uint64, error)

// UnknownError says that the target's runtime is not one that is known.
type UnknownError struct {
	What string
	Err  error // nil, or why
}

func (e *UnknownError) Error() string {
	if e.Err == nil {
		return "the heap of this Go version is not known: " + e.What
	}
	return fmt.Sprintf("the heap of this Go version is not known: %s: %v", e.What, e.Err)
}

func (e *UnknownError) Unwrap() error { return e.Err }

// field is where a number is in a struct.
type field struct{ at, size uint64 }

func (f field) in(b []byte) uint64 {
	var n uint64
	for i := range f.size {
		n |= uint64(b[f.at+i]) << (8 * i)
	}
	return n
}

// layout is where things are in the runtime's structures.
type layout struct {
	sweepgen, arenas field // of mheap; arenas has no number
	l1, l2           uint64
	arenaBytes       uint64
	pages            uint64 // in an arena
	spans            field  // of heapArena
	inline           field  // bits of heapArena; size 0: there are none

	spanSize                                                                    uint64
	start, npages, freeIndex, nelems, elemSize, limit, state, class, generation field
	allocBits, markBits, specials, userArena                                    field
	specialSize                                                                 uint64
	next, offset, kind                                                          field
	marks                                                                       field // of spanInlineMarkBits
	inlineSize                                                                  uint64
	pageSize, base, inUse, finalizer                                            uint64
}

type finder struct {
	types Types
	err   error
}

func (f *finder) fail(err error, format string, args ...any) {
	if f.err == nil {
		f.err = &UnknownError{What: fmt.Sprintf(format, args...), Err: err}
	}
}

func (f *finder) structOf(name string) *godwarf.StructType {
	t, err := f.types.FindType(name)
	if err != nil {
		f.fail(err, "no type %s", name)
		return &godwarf.StructType{}
	}
	s, ok := godwarf.ResolveTypedef(t).(*godwarf.StructType)
	if !ok {
		f.fail(nil, "%s is a %T and no struct", name, t)
		return &godwarf.StructType{}
	}
	return s
}

func member(s *godwarf.StructType, name string) *godwarf.StructField {
	for _, m := range s.Field {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// number finds a field that is a number or pointer, or a struct around one.
func (f *finder) number(s *godwarf.StructType, name string) field {
	m := member(s, name)
	if m == nil {
		f.fail(nil, "%s has no field %s", s.StructName, name)
		return field{}
	}
	t, at := godwarf.ResolveTypedef(m.Type), uint64(m.ByteOffset)
	for {
		inner, ok := t.(*godwarf.StructType)
		if !ok {
			break
		}
		last := len(inner.Field) - 1 // those of package atomic have markers without a size before it
		if last < 0 {
			break
		}
		t, at = godwarf.ResolveTypedef(inner.Field[last].Type), at+uint64(inner.Field[last].ByteOffset)
	}
	switch size := uint64(t.Size()); size {
	case 1, 2, 4, 8:
		return field{at, size}
	default:
		f.fail(nil, "%s.%s has %d bytes", s.StructName, name, size)
		return field{}
	}
}

// array finds a field that is an array, and how many elements it has.
func (f *finder) array(s *godwarf.StructType, name string) (at field, count uint64, elem godwarf.Type) {
	m := member(s, name)
	if m == nil {
		f.fail(nil, "%s has no field %s", s.StructName, name)
		return field{}, 1, nil
	}
	a, ok := godwarf.ResolveTypedef(m.Type).(*godwarf.ArrayType)
	if !ok || a.Count <= 0 {
		f.fail(nil, "%s.%s is a %T and no array", s.StructName, name, m.Type)
		return field{}, 1, nil
	}
	return field{uint64(m.ByteOffset), uint64(a.ByteSize)}, uint64(a.Count), godwarf.ResolveTypedef(a.Type)
}

func layoutOf(types Types, constant Constant) (*layout, error) {
	f := &finder{types: types}
	l := &layout{}
	for name, into := range map[string]*uint64{
		"runtime._PageSize": &l.pageSize, "runtime.arenaBaseOffsetUintptr": &l.base,
		"runtime.mSpanInUse": &l.inUse, "runtime._KindSpecialFinalizer": &l.finalizer,
	} {
		var err error
		if *into, err = constant(name); err != nil {
			f.fail(err, "no constant %s", name)
		}
	}
	mheap := f.structOf("runtime.mheap")
	l.sweepgen = f.number(mheap, "sweepgen")
	var row godwarf.Type
	l.arenas, l.l1, row = f.array(mheap, "arenas")
	if p, ok := row.(*godwarf.PtrType); ok {
		if a, ok := godwarf.ResolveTypedef(p.Type).(*godwarf.ArrayType); ok && a.Count > 0 {
			l.l2 = uint64(a.Count)
		}
	}
	if l.l2 == 0 {
		f.fail(nil, "mheap.arenas is %v", row)
	}
	arena := f.structOf("runtime.heapArena")
	l.spans, l.pages, _ = f.array(arena, "spans")
	if member(arena, "pageUseSpanInlineMarkBits") != nil {
		l.inline, _, _ = f.array(arena, "pageUseSpanInlineMarkBits")
		if t, err := types.FindType("runtime.spanInlineMarkBits"); err == nil { // else the target does without
			if s, ok := godwarf.ResolveTypedef(t).(*godwarf.StructType); ok {
				l.marks, _, _ = f.array(s, "marks")
				l.inlineSize = uint64(s.ByteSize)
			}
		}
	}
	l.arenaBytes = l.pages * l.pageSize
	span := f.structOf("runtime.mspan")
	l.spanSize = uint64(span.ByteSize)
	for name, into := range map[string]*field{
		"startAddr": &l.start, "npages": &l.npages, "freeindex": &l.freeIndex, "nelems": &l.nelems, "elemsize": &l.elemSize,
		"limit": &l.limit, "state": &l.state, "spanclass": &l.class, "sweepgen": &l.generation,
		"allocBits": &l.allocBits, "gcmarkBits": &l.markBits, "specials": &l.specials,
	} {
		*into = f.number(span, name)
	}
	if member(span, "isUserArenaChunk") != nil {
		l.userArena = f.number(span, "isUserArenaChunk")
	}
	special := f.structOf("runtime.special")
	l.specialSize = uint64(special.ByteSize)
	l.next, l.offset, l.kind = f.number(special, "next"), f.number(special, "offset"), f.number(special, "kind")
	if f.err == nil && (l.spanSize > maxStruct || l.specialSize > maxStruct || l.arenaBytes == 0) {
		f.fail(nil, "mspan has %d bytes, special %d, an arena %d", l.spanSize, l.specialSize, l.arenaBytes)
	}
	return l, f.err
}

// maxStruct bounds what is read as one structure; mspan has 160 bytes in Go 1.26.
const maxStruct = 512
