package value

import (
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// maxDepth ends the walk through a type that contains itself, which only
// damaged DWARF can describe.
const maxDepth = 64

// Underlying strips names, qualifiers and type parameters. It returns nil when
// the chain has no end.
func Underlying(t godwarf.Type) godwarf.Type {
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

// Size returns the type's size in bytes, or -1 if it is not known.
func Size(t godwarf.Type) int64 {
	u := Underlying(t)
	if u == nil {
		return -1
	}
	if n := u.Common().ByteSize; n > 0 {
		return n
	}
	if a, ok := u.(*godwarf.ArrayType); ok && a.Count > 0 {
		n := Size(a.Type)
		if n < 0 || n > (1<<62)/a.Count {
			return -1
		}
		return n * a.Count
	}
	return u.Common().ByteSize
}

// Count returns an array's number of elements, from its size where it has one:
// godwarf sets the Count of [3]int to zero, for every user of the type, once
// it has met a field of type [0][3]int (zeroArray in its type.go).
func Count(a *godwarf.ArrayType) int64 {
	if elem := Size(a.Type); a.ByteSize > 0 && elem > 0 {
		return a.ByteSize / elem
	}
	return max(a.Count, 0)
}

// TypeName returns the type as Go source would name it, as far as DWARF tells.
func TypeName(t godwarf.Type) string {
	if t == nil {
		return "unknown type"
	}
	if n := t.Common().Name; n != "" {
		return n
	}
	switch tt := t.(type) {
	case *godwarf.SliceType:
		return "[]" + TypeName(tt.ElemType)
	case *godwarf.ArrayType:
		return fmt.Sprintf("[%d]%s", Count(tt), TypeName(tt.Type))
	case *godwarf.StructType:
		if tt.StructName != "" {
			return tt.StructName
		}
	}
	return t.String()
}

// Scalar reports whether a value of type t is one bool, number or pointer: its text is
// that of its bytes, and takes no [Env].
func Scalar(t godwarf.Type) bool {
	switch Underlying(t).(type) {
	case *godwarf.BoolType, *godwarf.IntType, *godwarf.UintType, *godwarf.CharType, *godwarf.UcharType, *godwarf.EnumType,
		*godwarf.FloatType, *godwarf.ComplexType, *godwarf.PtrType, *godwarf.AddrType:
		return true
	}
	return false
}
