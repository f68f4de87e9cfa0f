package goroutine

import (
	"encoding/binary"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// Memory is the target's.
type Memory interface {
	ReadMemory(buf []byte, addr uint64) (int, error)
}

// Types finds a type of the target by name (proc.BinaryInfo does).
type Types interface {
	FindType(name string) (godwarf.Type, error)
}

// Info is what is known of a goroutine.
type Info struct {
	ID      int64  // 0: none, as on a thread of C code or before the runtime has started
	StartPC uint64 // entry of the function that the goroutine began with
	StackLo uint64 // its stack is [StackLo, StackHi)
	StackHi uint64
}

// maxG bounds runtime.g; it has about 450 bytes in Go 1.26.
const maxG = 4096

// Reader knows where the fields are.
type Reader struct {
	size                            int
	goid, startPC, m, lo, hi, mCurg uint64
	sched                           uint64
	all                             layout
}

// New finds the fields of runtime.g and runtime.m.
func New(types Types) (*Reader, error) {
	g, err := structOf(types, "runtime.g")
	if err != nil {
		return nil, err
	}
	m, err := structOf(types, "runtime.m")
	if err != nil {
		return nil, err
	}
	stack, err := structOf(types, "runtime.stack")
	if err != nil {
		return nil, err
	}
	r := &Reader{}
	var base uint64
	for _, f := range []struct {
		in   *godwarf.StructType
		name string
		into *uint64
	}{
		{g, "goid", &r.goid}, {g, "startpc", &r.startPC}, {g, "m", &r.m}, {g, "stack", &base}, {g, "sched", &r.sched},
		{stack, "lo", &r.lo}, {stack, "hi", &r.hi}, {m, "curg", &r.mCurg},
	} {
		if *f.into, err = offset(f.in, f.name); err != nil {
			return nil, err
		}
		if f.in == g {
			r.size = max(r.size, int(*f.into)+8)
		}
	}
	r.lo, r.hi = r.lo+base, r.hi+base
	r.size = max(r.size, int(r.hi)+8)
	if r.all, err = layoutOf(types, g); err != nil {
		return nil, err
	}
	if r.size > maxG || r.all.size > maxG {
		return nil, fmt.Errorf("runtime.g has its fields %d bytes apart, which no Go version known has", max(r.size, r.all.size))
	}
	return r, nil
}

func structOf(types Types, name string) (*godwarf.StructType, error) {
	t, err := types.FindType(name)
	if err != nil {
		return nil, fmt.Errorf("the program's debug information has no %s (is it a Go program with its runtime?): %w", name, err)
	}
	s, ok := godwarf.ResolveTypedef(t).(*godwarf.StructType)
	if !ok {
		return nil, fmt.Errorf("%s is a %T and no struct", name, t)
	}
	return s, nil
}

func offset(s *godwarf.StructType, name string) (uint64, error) {
	for _, f := range s.Field {
		if f.Name == name {
			return uint64(f.ByteOffset), nil
		}
	}
	return 0, fmt.Errorf("%s has no field %s: a Go version that is not known", s.StructName, name)
}

// Read returns the goroutine whose runtime.g is at addr. For a g that schedules
// or handles signals it is the user's goroutine on the same thread, on whose
// behalf the runtime works; ID is 0 if there is none.
func (r *Reader) Read(mem Memory, addr uint64) (Info, error) {
	var buf [maxG]byte
	return r.read(mem, addr, buf[:r.size])
}

// ReadInto is Read with a buffer of at least [Reader.Size] bytes, which spares
// an allocation.
func (r *Reader) ReadInto(mem Memory, addr uint64, buf []byte) (Info, error) {
	return r.read(mem, addr, buf[:r.size])
}

// Size is how many bytes Read reads.
func (r *Reader) Size() int { return r.size }

func (r *Reader) read(mem Memory, addr uint64, buf []byte) (Info, error) {
	for range 2 {
		if addr == 0 {
			return Info{}, nil
		}
		if _, err := mem.ReadMemory(buf, addr); err != nil {
			return Info{}, fmt.Errorf("read runtime.g: %w", err)
		}
		word := func(at uint64) uint64 { return binary.LittleEndian.Uint64(buf[at:]) }
		if id := int64(word(r.goid)); id != 0 {
			return Info{ID: id, StartPC: word(r.startPC), StackLo: word(r.lo), StackHi: word(r.hi)}, nil
		}
		m := word(r.m)
		if m == 0 {
			return Info{}, nil
		}
		var curg [8]byte
		if _, err := mem.ReadMemory(curg[:], m+r.mCurg); err != nil {
			return Info{}, fmt.Errorf("read runtime.m: %w", err)
		}
		addr = binary.LittleEndian.Uint64(curg[:])
	}
	return Info{}, nil
}
