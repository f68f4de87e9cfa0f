package goroutine

import (
	"encoding/binary"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// field is where a number is in a struct.
type field struct{ at, size int }

// in reads the number; 0 if there is no such field.
func (f field) in(b []byte) uint64 {
	switch f.size {
	case 1:
		return uint64(b[f.at])
	case 4:
		return uint64(binary.LittleEndian.Uint32(b[f.at:]))
	case 8:
		return binary.LittleEndian.Uint64(b[f.at:])
	}
	return 0
}

// layout is where the fields of runtime.g are that describe a goroutine.
type layout struct {
	size                          int
	goid, startPC, goPC, lo, hi   field
	pc, sp, lr                    field
	status, waitReason, waitSince field
	labels                        field
}

func layoutOf(types Types, g *godwarf.StructType) (layout, error) {
	var l layout
	for _, f := range []struct {
		into     *field
		path     []string
		optional bool
	}{
		{&l.goid, []string{"goid"}, false}, {&l.startPC, []string{"startpc"}, false}, {&l.goPC, []string{"gopc"}, false},
		{&l.lo, []string{"stack", "lo"}, false}, {&l.hi, []string{"stack", "hi"}, false},
		{&l.pc, []string{"sched", "pc"}, false}, {&l.sp, []string{"sched", "sp"}, false}, {&l.lr, []string{"sched", "lr"}, true},
		{&l.status, []string{"atomicstatus"}, false}, {&l.waitReason, []string{"waitreason"}, true},
		{&l.waitSince, []string{"waitsince"}, true}, {&l.labels, []string{"labels"}, true},
	} {
		var err error
		if *f.into, err = find(g, f.path...); err != nil {
			if f.optional {
				continue
			}
			return l, err
		}
		l.size = max(l.size, f.into.at+f.into.size)
	}
	return l, nil
}

// find follows a path of fields. A number that is wrapped in a struct, as those of
// package atomic are, is the field named value of that.
func find(in *godwarf.StructType, path ...string) (field, error) {
	name, rest := path[0], path[1:]
	for _, f := range in.Field {
		if f.Name != name {
			continue
		}
		t := godwarf.ResolveTypedef(f.Type)
		s, isStruct := t.(*godwarf.StructType)
		if isStruct && len(rest) == 0 {
			rest = []string{"value"}
		}
		if len(rest) > 0 {
			if !isStruct {
				return field{}, fmt.Errorf("%s.%s is a %T and no struct", in.StructName, name, t)
			}
			inner, err := find(s, rest...)
			return field{at: int(f.ByteOffset) + inner.at, size: inner.size}, err
		}
		switch size := t.Common().ByteSize; size {
		case 1, 4, 8:
			return field{int(f.ByteOffset), int(size)}, nil
		default:
			return field{}, fmt.Errorf("%s.%s has %d bytes", in.StructName, name, size)
		}
	}
	return field{}, fmt.Errorf("%s has no field %s: a Go version that is not known", in.StructName, name)
}
