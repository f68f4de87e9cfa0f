package value

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// MaxText is the length in bytes at which the text of a struct or array is cut
// short and ends with "...".
const MaxText = 16 << 10

const (
	unreadable = "<unreadable>"
	cut        = "..."
)

// Env is what the bytes alone do not tell. A nil Env is allowed: func values
// then show as addresses.
type Env interface {
	// FuncName returns the name of the function that contains pc, "" if unknown.
	FuncName(pc uint64) string
	// ReadMemory reads len(buf) bytes of the target at addr.
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Format returns the value b of type t as Go's %+v would print it, with these
// differences: a nil pointer or func is "nil", other pointers are addresses and
// never what they point to, a func value is the name of its function,
// time.Duration is the only type that speaks for itself ("1.5s", in unexported
// fields too), and fields named _ that have no size are left out. Strings,
// slices and interfaces, which cannot be watched, show as their type's name.
//
// If b is shorter than t the result is "<unreadable>"; bytes beyond t are
// ignored. Text longer than [MaxText] is cut.
func Format(t godwarf.Type, b []byte, env Env) string {
	return string(AppendFormat(nil, t, b, env))
}

// AppendFormat appends what [Format] returns to dst. It allocates nothing for
// scalars if dst has room.
func AppendFormat(dst []byte, t godwarf.Type, b []byte, env Env) []byte {
	p := printer{env: env, limit: len(dst) + MaxText}
	return p.value(dst, t, b)
}

type printer struct {
	env   Env
	limit int // no composite begins or goes on beyond this length of dst
}

func (p printer) value(dst []byte, t godwarf.Type, b []byte) []byte {
	u := Underlying(t)
	if u == nil {
		return append(dst, unreadable...)
	}
	n := Size(u)
	if n < 0 || n > int64(len(b)) {
		return append(dst, unreadable...)
	}
	b = b[:n]
	switch u := u.(type) {
	case *godwarf.StringType, *godwarf.SliceType, *godwarf.InterfaceType:
		dst = append(dst, '<')
		dst = append(dst, TypeName(t)...)
		return append(dst, '>')
	case *godwarf.StructType:
		return p.fields(dst, u, b)
	case *godwarf.ArrayType:
		return p.elements(dst, u, b)
	case *godwarf.FuncType:
		return p.function(dst, b)
	case *godwarf.PtrType, *godwarf.MapType, *godwarf.ChanType, *godwarf.AddrType:
		return appendPointer(dst, b)
	default:
		return appendScalar(dst, u, b)
	}
}

func (p printer) fields(dst []byte, t *godwarf.StructType, b []byte) []byte {
	dst = append(dst, '{')
	first := true
	for _, f := range t.Field {
		if f.Name == "_" && Size(f.Type) == 0 {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		if len(dst) > p.limit {
			return append(dst, cut+"}"...)
		}
		dst = append(dst, f.Name...)
		dst = append(dst, ':')
		switch {
		case f.BitSize > 0:
			dst = append(dst, "<bit field>"...)
		case f.ByteOffset < 0 || f.ByteOffset > int64(len(b)):
			dst = append(dst, unreadable...)
		default:
			dst = p.value(dst, f.Type, b[f.ByteOffset:])
		}
	}
	return append(dst, '}')
}

func (p printer) elements(dst []byte, t *godwarf.ArrayType, b []byte) []byte {
	elem := max(Size(t.Type), 0) // Count(t) of these fit into b, see there
	dst = append(dst, '[')
	for i := range Count(t) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if len(dst) > p.limit {
			return append(dst, cut+"]"...)
		}
		dst = p.value(dst, t.Type, b[i*elem:])
	}
	return append(dst, ']')
}

// function names a func value. It points to a closure object, whose first word
// is the address of the code (Go 1.1 Function Calls, golang.org/s/go11func).
func (p printer) function(dst, b []byte) []byte {
	closure, ok := word(b)
	if !ok || closure == 0 || p.env == nil {
		return appendPointer(dst, b)
	}
	var code [8]byte
	if n, err := p.env.ReadMemory(code[:], closure); err == nil && n == len(code) {
		if s := p.env.FuncName(binary.LittleEndian.Uint64(code[:])); s != "" {
			return append(dst, s...)
		}
	}
	return appendPointer(dst, b)
}

// word reads an unsigned integer of 1, 2, 4 or 8 bytes.
func word(b []byte) (uint64, bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), true
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

func appendPointer(dst, b []byte) []byte {
	w, ok := word(b)
	switch {
	case !ok:
		return appendHex(dst, b)
	case w == 0:
		return append(dst, "nil"...)
	}
	return strconv.AppendUint(append(dst, "0x"...), w, 16)
}

// appendHex shows a number of a size Go has none of (C's long double, say).
func appendHex(dst, b []byte) []byte {
	dst = append(dst, "0x"...)
	at := len(dst)
	dst = hex.AppendEncode(dst, b)
	// Digits are in pairs: turning all of them round and then each pair back
	// puts the most significant byte first.
	digits := dst[at:]
	slices.Reverse(digits)
	for i := 0; i+1 < len(digits); i += 2 {
		digits[i], digits[i+1] = digits[i+1], digits[i]
	}
	return dst
}
