package goroutine

import (
	"encoding/binary"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"pgregory.net/rapid"
)

// labelTypes are those of Go 1.26.
func labelTypes() types {
	text := structType("string", fields{"str": {0, word}, "len": {8, word}})
	text.ByteSize = 16
	pair := &godwarf.StructType{StructName: "label.Label", Field: []*godwarf.StructField{{Name: "Key", Type: text}, {Name: "Value", ByteOffset: 16, Type: text}}}
	pair.ByteSize = 32
	list := &godwarf.SliceType{ElemType: pair}
	return types{"runtime/pprof.labelMap": structType("labelMap", fields{"Set": {8, structType("label.Set", fields{"List": {16, list}})}})}
}

// raw is memory of bytes.
type raw map[uint64]byte

func (m raw) ReadMemory(buf []byte, addr uint64) (int, error) {
	for i := range buf {
		b, ok := m[addr+uint64(i)]
		if !ok {
			return i, errFault
		}
		buf[i] = b
	}
	return len(buf), nil
}

func (m raw) put(addr uint64, data []byte) {
	for i, b := range data {
		m[addr+uint64(i)] = b
	}
}

func words(ws ...uint64) (b []byte) {
	for _, w := range ws {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

// TestLabels reads back labels that were written down.
func TestLabels(t *testing.T) {
	l, err := NewLabels(labelTypes())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		mem, free := raw{}, uint64(0x1000)
		put := func(data []byte) uint64 {
			at := free
			mem.put(at, data)
			free += uint64(len(data)) + 8
			return at
		}
		var addrs []uint64
		var want []map[string]string
		for range rapid.IntRange(0, 20).Draw(t, "sets") {
			switch rapid.IntRange(0, 9).Draw(t, "gone") {
			case 0:
				addrs, want = append(addrs, 8), append(want, nil)
				continue
			case 1: // the list is
				addrs, want = append(addrs, put(append(make([]byte, 24), words(8, 2, 2)...))), append(want, nil)
				continue
			}
			set := rapid.MapOfN(rapid.StringN(0, 9, -1), rapid.String(), 0, 5).Draw(t, "set")
			var pairs []byte
			for k, v := range set {
				pairs = append(pairs, words(put([]byte(k)), uint64(len(k)), put([]byte(v)), uint64(len(v)))...)
			}
			n := uint64(len(set))
			if rapid.IntRange(0, 9).Draw(t, "text") == 0 { // of one label
				pairs, n = append(pairs, words(put([]byte("k")), 1, 8, 5)...), n+1
			}
			addrs, want = append(addrs, put(append(make([]byte, 24), words(put(pairs), n, 99)...))), append(want, set)
		}
		got := l.Read(OneByOne{mem}, addrs)
		for i := range want {
			if (got[i] == nil) != (want[i] == nil) || !maps.Equal(got[i], want[i]) {
				t.Fatalf("%d: %q, want %q", i, got[i], want[i])
			}
		}
	})
	// Nonsense is not believed: a list without end, a text without end.
	mem := raw{}
	mem.put(0x1000+24, words(0x2000, 1<<60, 0))
	mem.put(0x2000, words(0x3000, 1<<60, 0x3000, 1))
	mem.put(0x3000, []byte(strings.Repeat("x", 1<<13)))
	if got := l.Read(OneByOne{mem}, []uint64{0x1000}); got[0] != nil {
		t.Errorf("%d labels out of nowhere", len(got[0]))
	}
	mem.put(0x1000+24, words(0x2000, 1, 0))
	if got := l.Read(OneByOne{mem}, []uint64{0x1000}); got[0][strings.Repeat("x", maxLabel)] != "x" {
		t.Errorf("%.40q", got)
	}
}

func TestNoLabels(t *testing.T) {
	if _, err := NewLabels(types{}); !errors.Is(err, ErrNoLabels) {
		t.Errorf("%v", err)
	}
	for name, change := range map[string]godwarf.Type{
		"a map":    &godwarf.MapType{},
		"no list":  structType("labelMap", fields{"Set": {0, structType("label.Set", nil)}}),
		"no slice": structType("labelMap", fields{"LabelSet": {0, structType("label.Set", fields{"list": {0, word}})}}),
		"no pair":  structType("labelMap", fields{"LabelSet": {0, structType("label.Set", fields{"list": {0, &godwarf.SliceType{ElemType: word}}})}}),
	} {
		if _, err := NewLabels(types{"runtime/pprof.labelMap": change}); err == nil || errors.Is(err, ErrNoLabels) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
