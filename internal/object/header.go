package object

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"github.com/argusdbg/argus/internal/value"
)

// header is what the words of a string or slice say. A string's cap is its len.
type header struct {
	ptr      uint64
	len, cap int64
}

// fieldsOf returns the fields of the struct that the compiler describes strings and
// slices with.
func fieldsOf(t godwarf.Type) *godwarf.StructType {
	switch u := value.Underlying(t).(type) {
	case *godwarf.StringType:
		return &u.StructType
	case *godwarf.SliceType:
		return &u.StructType
	}
	return nil
}

// parseHeader reads the words of a string or slice. The error is a [*HeaderError]
// without a path, or a [*LayoutError].
func parseHeader(t godwarf.Type, b []byte) (header, error) {
	var h header
	s := fieldsOf(t)
	capped := false
	found := 0
	if s != nil {
		for _, f := range s.Field {
			end := f.ByteOffset + value.Size(f.Type)
			if f.ByteOffset < 0 || end > int64(len(b)) || end < f.ByteOffset {
				continue
			}
			w := number(b[f.ByteOffset:end])
			switch f.Name {
			case "str", "array":
				h.ptr = w
			case "len":
				h.len = int64(w)
			case "cap":
				h.cap, capped = int64(w), true
			default:
				continue
			}
			found++
		}
	}
	if found < 2 {
		return header{}, &LayoutError{"strings and slices", "no fields for pointer and length in " + value.TypeName(t), adviseNewer}
	}
	if !capped {
		h.cap = h.len
	}
	switch {
	case h.len < 0:
		return header{}, &HeaderError{Detail: "its length is negative"}
	case h.len > h.cap:
		return header{}, &HeaderError{Detail: "it is longer than its capacity"}
	case h.ptr == 0 && h.len > 0:
		return header{}, &HeaderError{Detail: "it has a length and no memory"}
	}
	return h, nil
}

const adviseNewer = "use a version of Argus that knows it, or watch a field or element by itself"
