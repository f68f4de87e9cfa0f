package value

import (
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// NotWatchable is the error of [Watchable]: a variable of this type cannot be
// watched as a whole, because a hit would show something that is not so.
type NotWatchable struct {
	Root   string // the type that was asked about, "main.order"
	Path   string // where in it the trouble is, ".Name" or "[i].Name"; "" if it is Root itself
	Type   string // the type found there, "string"
	Kind   string // what that is: string, slice, interface, map, chan, zero-size, bit field or unknown
	Reason string // why it cannot be watched
	Advice string // what to watch instead; may be empty
}

// Error is one line: what it is, why it cannot be watched, what to do.
func (e *NotWatchable) Error() string {
	var s strings.Builder
	if e.Path != "" {
		s.WriteString(e.Root + e.Path + " is a " + e.Type + ", and that cannot be watched: ")
	} else {
		s.WriteString("a variable of type " + e.Type + " cannot be watched: ")
	}
	s.WriteString(e.Reason)
	if e.Advice != "" {
		s.WriteString("; " + e.Advice)
	}
	return s.String()
}

// Watchable reports whether every write to a variable of type t leaves a value
// behind that Go meant to be there. It returns nil for bools, numbers,
// pointers, uintptr, func values, and structs and arrays made of those, of any
// size: whether a machine has slots for so many bytes is asked elsewhere.
// Fields without size (sync's noCopy) do not matter.
//
// For everything else the error is a [*NotWatchable].
func Watchable(t godwarf.Type) error {
	e := reject(t, 0)
	if e == nil {
		return nil
	}
	e.Root = TypeName(t)
	if e.Path != "" {
		e.Advice = adviseParts(t)
	}
	return e
}

// reject finds the first part of t that cannot be watched.
func reject(t godwarf.Type, depth int) *NotWatchable {
	u := Underlying(t)
	no := func(kind, reason, advice string) *NotWatchable {
		return &NotWatchable{Type: TypeName(t), Kind: kind, Reason: reason, Advice: advice}
	}
	if u == nil || depth > maxDepth {
		return no("unknown", "its definition has no end: the debug information is damaged", adviseCast)
	}
	switch u.(type) {
	case *godwarf.VoidType, *godwarf.UnspecifiedType, *godwarf.UnsupportedType, *godwarf.DotDotDotType:
		return no("unknown", "the debug information does not say what it holds", adviseCast)
	}
	switch n := Size(u); {
	case n == 0:
		return no("zero-size", "it takes no memory, so nothing is ever written to it", "")
	case n < 0:
		return no("unknown", "the debug information does not say how large it is", adviseCast)
	}

	switch u := u.(type) {
	case *godwarf.StringType:
		return no("string", words("two"), adviseWord+", its second is the length")
	case *godwarf.SliceType:
		return no("slice", words("three"), adviseWord+", its second is the length; or watch an element, v[0]")
	case *godwarf.InterfaceType:
		return no("interface", words("two"), adviseWord)
	case *godwarf.MapType:
		return no("map", elsewhere, "*(*uintptr)(ADDR) sees the variable get another map")
	case *godwarf.ChanType:
		return no("chan", elsewhere, "*(*uintptr)(ADDR) sees the variable get another channel")
	case *godwarf.ArrayType:
		return reject(u.Type, depth+1).under("[i]")
	case *godwarf.StructType:
		for _, f := range u.Field {
			if f.BitSize > 0 {
				e := no("bit field", "it shares its bytes with its neighbours", "")
				return e.under("." + f.Name)
			}
			if Size(f.Type) == 0 {
				continue
			}
			if e := reject(f.Type, depth+1); e != nil {
				return e.under("." + f.Name)
			}
		}
	}
	return nil
}

// under puts step in front of the path.
func (e *NotWatchable) under(step string) *NotWatchable {
	if e != nil {
		e.Path = step + e.Path
	}
	return e
}

const (
	elsewhere  = "the variable holds only a pointer, its entries live elsewhere"
	adviseCast = "watch its address as a type you know, *(*int64)(ADDR)"
	adviseWord = "watch one word of it by its address, *(*uintptr)(ADDR)"
)

func words(n string) string {
	return "Go writes its " + n + " words one at a time, so a hit in between would show a value that never was"
}

// adviseParts names up to three parts of a struct or array that can be watched.
func adviseParts(t godwarf.Type) string {
	const most = 3
	switch u := Underlying(t).(type) {
	case *godwarf.StructType:
		var good []string
		for _, f := range u.Field {
			if f.Name != "_" && f.BitSize == 0 && reject(f.Type, 0) == nil {
				good = append(good, "."+f.Name)
			}
			if len(good) == most {
				break
			}
		}
		if len(good) > 0 {
			return "watch a field of it, such as " + strings.Join(good, ", ")
		}
	case *godwarf.ArrayType:
		if s, ok := Underlying(u.Type).(*godwarf.StructType); ok {
			for _, f := range s.Field {
				if f.Name != "_" && f.BitSize == 0 && reject(f.Type, 0) == nil {
					return "watch a field of one element, such as [0]." + f.Name
				}
			}
		}
	}
	return adviseWord
}
