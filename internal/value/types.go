package value

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// maxDepth ends the walk through a type that contains itself, which only
// damaged DWARF can describe.
const maxDepth = 64

// underlying strips names, qualifiers and type parameters. It returns nil when
// the chain has no end.
func underlying(t godwarf.Type) godwarf.Type {
	for range maxDepth {
		switch tt := t.(type) {
		case *godwarf.TypedefType:
			t = tt.Type
		case *godwarf.QualType:
			t = tt.Type
		case *godwarf.ParametricType:
			t = tt.Type
		default:
			return t
		}
	}
	return nil
}

// size returns the type's size in bytes, or -1 if it is not known.
func size(t godwarf.Type) int64 {
	u := underlying(t)
	if u == nil {
		return -1
	}
	if n := u.Common().ByteSize; n > 0 {
		return n
	}
	if a, ok := u.(*godwarf.ArrayType); ok && a.Count > 0 {
		n := size(a.Type)
		if n < 0 || n > (1<<62)/a.Count {
			return -1
		}
		return n * a.Count
	}
	return u.Common().ByteSize
}

// count returns an array's number of elements, from its size where it has one:
// godwarf sets the Count of [3]int to zero, for every user of the type, once
// it has met a field of type [0][3]int (zeroArray in its type.go).
func count(a *godwarf.ArrayType) int64 {
	if elem := size(a.Type); a.ByteSize > 0 && elem > 0 {
		return a.ByteSize / elem
	}
	return max(a.Count, 0)
}

// name returns the type as Go source would name it, as far as DWARF tells.
func name(t godwarf.Type) string {
	if t == nil {
		return "unknown type"
	}
	if n := t.Common().Name; n != "" {
		return n
	}
	switch tt := t.(type) {
	case *godwarf.SliceType:
		return "[]" + name(tt.ElemType)
	case *godwarf.ArrayType:
		return fmt.Sprintf("[%d]%s", count(tt), name(tt.Type))
	case *godwarf.StructType:
		if tt.StructName != "" {
			return tt.StructName
		}
	}
	return t.String()
}
