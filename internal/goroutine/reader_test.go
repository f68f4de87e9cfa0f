package goroutine

import (
	"encoding/binary"
	"errors"
	"slices"
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

// word is a number of 8 bytes, small one of 4, tiny one of 1.
var word, small, tiny = number(8), number(4), number(1)

func number(size int64) godwarf.Type {
	return &godwarf.UintType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{ByteSize: size}}}
}

type fields map[string]struct {
	at  int64
	typ godwarf.Type
}

func structType(name string, fs fields) *godwarf.StructType {
	s := &godwarf.StructType{StructName: name}
	for f, o := range fs {
		s.Field = append(s.Field, &godwarf.StructField{Name: f, ByteOffset: o.at, Type: o.typ})
	}
	return s
}

func known() types {
	stack := structType("runtime.stack", fields{"lo": {0, word}, "hi": {8, word}})
	status := structType("atomic.Uint32", fields{"noCopy": {0, structType("noCopy", nil)}, "value": {0, small}})
	return types{
		"runtime.g": structType("runtime.g", fields{
			"stack": {0, stack}, "m": {48, word}, "sched": {56, structType("runtime.gobuf", fields{"sp": {0, word}, "pc": {8, word}, "lr": {32, word}})},
			"atomicstatus": {144, status}, "goid": {152, word}, "waitsince": {168, word}, "waitreason": {176, tiny},
			"gopc": {272, word}, "startpc": {280, word}, "labels": {360, word},
		}),
		"runtime.m":     structType("runtime.m", fields{"curg": {192, word}}),
		"runtime.stack": stack,
	}
}

// without returns the type without a field, or with another in its place.
func without(t godwarf.Type, name string, instead ...*godwarf.StructField) godwarf.Type {
	changed := *t.(*godwarf.StructType)
	changed.Field = slices.DeleteFunc(slices.Clone(changed.Field), func(f *godwarf.StructField) bool { return f.Name == name })
	changed.Field = append(changed.Field, instead...)
	return &changed
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
	for want, change := range map[string]func(types){
		"no runtime.g":  func(ts types) { delete(ts, "runtime.g") },
		"no field goid": func(ts types) { ts["runtime.g"] = without(ts["runtime.g"], "goid") },
		"no field gopc": func(ts types) { ts["runtime.g"] = without(ts["runtime.g"], "gopc") },
		"sched is a": func(ts types) {
			ts["runtime.g"] = without(ts["runtime.g"], "sched", &godwarf.StructField{Name: "sched", Type: word})
		},
		"goid has 3 bytes": func(ts types) {
			ts["runtime.g"] = without(ts["runtime.g"], "goid", &godwarf.StructField{Name: "goid", Type: number(3)})
		},
		"bytes apart": func(ts types) {
			ts["runtime.g"] = without(ts["runtime.g"], "startpc", &godwarf.StructField{Name: "startpc", ByteOffset: 1 << 20, Type: word})
		},
		"and no struct": func(ts types) { ts["runtime.m"] = &godwarf.PtrType{} },
	} {
		ts := known()
		change(ts)
		if _, err := New(ts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	ts := known() // an older one
	ts["runtime.g"] = without(without(ts["runtime.g"], "labels"), "atomicstatus", &godwarf.StructField{Name: "atomicstatus", ByteOffset: 144, Type: small})
	if _, err := New(ts); err != nil {
		t.Error(err)
	}
}
