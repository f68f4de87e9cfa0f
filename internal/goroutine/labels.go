package goroutine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// ErrNoLabels means that the program has no labels: nothing in it can set them.
var ErrNoLabels = errors.New("the program does not use the labels of runtime/pprof")

const (
	maxLabels = 1000    // of a goroutine
	maxLabel  = 1 << 12 // bytes of a key or a value
)

// Labels reads what runtime.g.labels points to, which only package runtime/pprof knows:
// a list of pairs of strings (since Go 1.24; before it was a map, for which NewLabels
// returns an error).
type Labels struct{ list, key, value, stride int }

// NewLabels finds the fields.
func NewLabels(types Types) (*Labels, error) {
	t, err := types.FindType("runtime/pprof.labelMap")
	if err != nil {
		return nil, ErrNoLabels
	}
	l := &Labels{}
	for _, names := range [][]string{{"LabelSet", "Set"}, {"list", "List"}} {
		f := fieldOf(t, names...)
		if f == nil {
			return nil, fmt.Errorf("runtime/pprof.labelMap has no field %s: a Go version that is not known", names[0])
		}
		l.list += int(f.ByteOffset)
		t = f.Type
	}
	slice, ok := godwarf.ResolveTypedef(t).(*godwarf.SliceType)
	if !ok {
		return nil, fmt.Errorf("the labels of runtime/pprof are in a %T and no slice", t)
	}
	pair, ok := godwarf.ResolveTypedef(slice.ElemType).(*godwarf.StructType)
	if !ok || len(pair.Field) != 2 || pair.ByteSize <= 0 {
		return nil, fmt.Errorf("a label of runtime/pprof is not a pair")
	}
	l.key, l.value, l.stride = int(pair.Field[0].ByteOffset), int(pair.Field[1].ByteOffset), int(pair.ByteSize)
	return l, nil
}

func fieldOf(t godwarf.Type, names ...string) *godwarf.StructField {
	s, ok := godwarf.ResolveTypedef(t).(*godwarf.StructType)
	if !ok {
		return nil
	}
	for _, f := range s.Field {
		for _, name := range names {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}

// Read returns the labels at each address, as far as they can be read.
func (l *Labels) Read(bulk Bulk, addrs []uint64) []map[string]string {
	lists := make([]Piece, len(addrs))
	for i, a := range addrs {
		lists[i] = Piece{Addr: a + uint64(l.list), Buf: make([]byte, 16)} // pointer and length
	}
	bulk.ReadPieces(lists)
	pairs := make([]Piece, len(addrs))
	for i, p := range lists {
		if n := binary.LittleEndian.Uint64(p.Buf[8:]); p.Err == nil {
			pairs[i] = Piece{Addr: binary.LittleEndian.Uint64(p.Buf), Buf: make([]byte, l.stride*int(min(n, maxLabels)))}
		}
	}
	bulk.ReadPieces(pairs)
	var texts []Piece // keys and values by turns
	for _, p := range pairs {
		for at := 0; p.Err == nil && at < len(p.Buf); at += l.stride {
			texts = append(texts, stringAt(p.Buf[at+l.key:]), stringAt(p.Buf[at+l.value:]))
		}
	}
	bulk.ReadPieces(texts)
	all := make([]map[string]string, len(addrs))
	for i, p := range pairs {
		if p.Err != nil || lists[i].Err != nil {
			continue
		}
		all[i] = map[string]string{}
		for range len(p.Buf) / l.stride {
			if k, v := texts[0], texts[1]; k.Err == nil && v.Err == nil {
				all[i][string(k.Buf)] = string(v.Buf)
			}
			texts = texts[2:]
		}
	}
	return all
}

// stringAt is the text of a string.
func stringAt(header []byte) Piece {
	return Piece{Addr: binary.LittleEndian.Uint64(header), Buf: make([]byte, min(binary.LittleEndian.Uint64(header[8:]), maxLabel))}
}
