package goroutine

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

type types map[string]godwarf.Type

func (ts types) FindType(name string) (godwarf.Type, error) {
	if t, ok := ts[name]; ok {
		return t, nil
	}
	return nil, errors.New("no such type")
}

func structType(name string, offsets map[string]int64) godwarf.Type {
	s := &godwarf.StructType{StructName: name}
	for f, o := range offsets {
		s.Field = append(s.Field, &godwarf.StructField{Name: f, ByteOffset: o})
	}
	return s
}

func known() types {
	return types{
		"runtime.g":     structType("runtime.g", map[string]int64{"stack": 0, "m": 48, "goid": 152, "startpc": 280}),
		"runtime.m":     structType("runtime.m", map[string]int64{"curg": 192}),
		"runtime.stack": structType("runtime.stack", map[string]int64{"lo": 0, "hi": 8}),
	}
}

// memory is words by address.
type memory map[uint64]uint64

func (m memory) ReadMemory(buf []byte, addr uint64) (int, error) {
	for i := 0; i+8 <= len(buf); i += 8 {
		binary.LittleEndian.PutUint64(buf[i:], m[addr+uint64(i)])
	}
	return len(buf), nil
}

func TestRead(t *testing.T) {
	r, err := New(known())
	if err != nil {
		t.Fatal(err)
	}
	mem := memory{
		0x1000: 0x9000, 0x1008: 0xa000, 0x1000 + 48: 0x3000, 0x1000 + 152: 18, 0x1000 + 280: 0x45f000, // a goroutine
		0x2000 + 48: 0x3000, 0x3000 + 192: 0x1000, // g0 of the thread it runs on
		0x4000 + 48: 0x5000, // g0 of an idle thread
	}
	want := Info{ID: 18, StartPC: 0x45f000, StackLo: 0x9000, StackHi: 0xa000}
	for _, c := range []struct {
		name string
		addr uint64
		want Info
	}{{"goroutine", 0x1000, want}, {"system stack", 0x2000, want}, {"idle thread", 0x4000, Info{}}, {"no runtime", 0, Info{}}} {
		got, err := r.Read(mem, c.addr)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
		buf := make([]byte, r.Size())
		if n := testing.AllocsPerRun(100, func() { _, _ = r.ReadInto(mem, c.addr, buf) }); n > 1 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
}

func TestUnknownRuntime(t *testing.T) {
	for name, change := range map[string]func(types){
		"no runtime": func(ts types) { delete(ts, "runtime.g") },
		"goid":       func(ts types) { ts["runtime.g"] = structType("runtime.g", map[string]int64{"m": 48}) },
		"bytes apart": func(ts types) {
			ts["runtime.g"] = structType("runtime.g", map[string]int64{"stack": 0, "m": 48, "goid": 152, "startpc": 1 << 20})
		},
		"and no struct": func(ts types) { ts["runtime.m"] = &godwarf.PtrType{} },
	} {
		ts := known()
		change(ts)
		if _, err := New(ts); err == nil || (name != "no runtime" && !strings.Contains(err.Error(), name)) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
