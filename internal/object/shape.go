package object

import (
	"encoding/binary"
	"sort"
	"strconv"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// linkKind says what words of a value lead to other memory, and how.
type linkKind uint8

const (
	plain     linkKind = iota // nothing: the bytes are the value
	aString                   // pointer and length of text
	aSlice                    // pointer, length and capacity of an array
	anIface                   // type word and data word
	aMap                      // address of the runtime's map
	aChan                     // address of the runtime's channel
	aPointer                  // a pointer, which is followed if the user wants it
	anOutside                 // where a map keeps a key or element that is too large for a slot
)

// kindOf says what a value of type t leads to.
func kindOf(t godwarf.Type) linkKind {
	switch u := value.Underlying(t).(type) {
	case *godwarf.StringType:
		return aString
	case *godwarf.SliceType:
		return aSlice
	case *godwarf.InterfaceType:
		return anIface
	case *godwarf.MapType:
		return aMap
	case *godwarf.ChanType:
		return aChan
	case *godwarf.PtrType:
		if value.Size(u.Type) > 0 { // an unsafe.Pointer points to nothing that is known
			return aPointer
		}
	}
	return plain
}

// leaf is a part of a type that leads elsewhere.
type leaf struct {
	off  int64
	typ  godwarf.Type
	kind linkKind
}

// maxNesting ends the walk through a type that contains itself, which only damaged
// debug information describes.
const maxNesting = 64

// leaves lists the parts of t that lead elsewhere, by offset.
func (o *Object) leaves(t godwarf.Type) []leaf {
	if l, ok := o.shapes[t]; ok {
		return l
	}
	l := appendLeaves(nil, t, 0, 0)
	o.shapes[t] = l
	return l
}

func appendLeaves(dst []leaf, t godwarf.Type, off int64, depth int) []leaf {
	if depth > maxNesting {
		return dst
	}
	switch u := value.Underlying(t).(type) {
	case *godwarf.StructType:
		for _, f := range u.Field {
			dst = appendLeaves(dst, f.Type, off+f.ByteOffset, depth+1)
		}
	case *godwarf.ArrayType:
		one := appendLeaves(nil, u.Type, 0, depth+1)
		if len(one) == 0 {
			return dst
		}
		stride := value.Size(u.Type)
		for i := range value.Count(u) {
			for _, l := range one {
				dst = append(dst, leaf{off + i*stride + l.off, l.typ, l.kind})
			}
		}
	default:
		if k := kindOf(t); k != plain {
			dst = append(dst, leaf{off, t, k})
		}
	}
	return dst
}

// walker visits the parts of a value that are not made of other parts and overlap
// [lo, hi). Offsets are those of the block that the value lies in. What it costs does not
// depend on how large the value is, only on how much of it is visited.
type walker struct {
	lo, hi int64
	path   []byte
	visit  func(t godwarf.Type, off int64, path []byte) bool // false: no more
}

func (w *walker) walk(t godwarf.Type, off int64, depth int) bool {
	if depth > maxNesting {
		return true
	}
	at := len(w.path)
	switch u := value.Underlying(t).(type) {
	case *godwarf.StructType:
		first := sort.Search(len(u.Field), func(i int) bool {
			f := u.Field[i]
			return off+f.ByteOffset+max(value.Size(f.Type), 0) > w.lo
		})
		for _, f := range u.Field[first:] {
			if off+f.ByteOffset >= w.hi {
				break
			}
			w.path = append(append(w.path[:at], '.'), f.Name...)
			if !w.walk(f.Type, off+f.ByteOffset, depth+1) {
				return false
			}
		}
	case *godwarf.ArrayType:
		stride := value.Size(u.Type)
		if stride <= 0 {
			break
		}
		for i := max(w.lo-off, 0) / stride; i < value.Count(u) && off+i*stride < w.hi; i++ {
			w.path = appendIndex(w.path[:at], i)
			if !w.walk(u.Type, off+i*stride, depth+1) {
				return false
			}
		}
	default:
		if n := value.Size(t); n > 0 && off < w.hi && off+n > w.lo {
			return w.visit(t, off, w.path)
		}
	}
	w.path = w.path[:at]
	return true
}

func appendIndex(dst []byte, i int64) []byte {
	return append(strconv.AppendInt(append(dst, '['), i, 10), ']')
}

// structOf returns the struct that t is, or points to.
func structOf(t godwarf.Type) *godwarf.StructType {
	switch u := value.Underlying(t).(type) {
	case *godwarf.StructType:
		return u
	case *godwarf.PtrType:
		s, _ := value.Underlying(u.Type).(*godwarf.StructType)
		return s
	}
	return nil
}

// fieldOf finds a field of a struct by its name.
func fieldOf(s *godwarf.StructType, name string) *godwarf.StructField {
	if s != nil {
		for _, f := range s.Field {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}

// number reads the least significant bytes of an unsigned integer, at most eight.
func number(b []byte) uint64 {
	var w [8]byte
	copy(w[:], b)
	return binary.LittleEndian.Uint64(w[:])
}
