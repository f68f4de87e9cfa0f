package value

import (
	"math"
	"strconv"
	"time"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// appendScalar appends a bool or a number of type t, which is all of b.
func appendScalar(dst []byte, t godwarf.Type, b []byte) []byte {
	if _, ok := t.(*godwarf.ComplexType); ok {
		return appendComplex(dst, b)
	}
	w, ok := word(b)
	if !ok {
		return appendHex(dst, b)
	}
	bits := 8 * len(b)
	switch t := t.(type) {
	case *godwarf.BoolType:
		return strconv.AppendBool(dst, w != 0)
	case *godwarf.IntType:
		n := signed(w, bits)
		if t.Name == "time.Duration" {
			return append(dst, time.Duration(n).String()...)
		}
		return strconv.AppendInt(dst, n, 10)
	case *godwarf.CharType, *godwarf.EnumType:
		return strconv.AppendInt(dst, signed(w, bits), 10)
	case *godwarf.UintType, *godwarf.UcharType:
		return strconv.AppendUint(dst, w, 10)
	case *godwarf.FloatType:
		return appendFloat(dst, w, bits)
	}
	return appendHex(dst, b)
}

func signed(w uint64, bits int) int64 {
	return int64(w<<(64-bits)) >> (64 - bits)
}

// appendFloat appends the shortest decimal that reads back as the same float.
func appendFloat(dst []byte, w uint64, bits int) []byte {
	switch bits {
	case 32:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(uint32(w))), 'g', -1, 32)
	case 64:
		return strconv.AppendFloat(dst, math.Float64frombits(w), 'g', -1, 64)
	}
	return strconv.AppendUint(append(dst, "0x"...), w, 16)
}

// appendComplex appends (1+2i): the imaginary part always has a sign, as in fmt.
func appendComplex(dst, b []byte) []byte {
	half := len(b) / 2
	re, ok := word(b[:half])
	if !ok || half < 4 {
		return appendHex(dst, b)
	}
	im, _ := word(b[half:])
	dst = appendFloat(append(dst, '('), re, 8*half)
	at := len(dst)
	dst = appendFloat(append(dst, '+'), im, 8*half)
	if s := dst[at+1]; s == '-' || s == '+' {
		dst = append(dst[:at], dst[at+1:]...)
	}
	return append(dst, "i)"...)
}
