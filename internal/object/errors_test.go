package object

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

// TestLimits: an object that is too large is refused, with what it would be.
func TestLimits(t *testing.T) {
	v := make([]string, 100)
	for i := range v {
		v[i] = strings.Repeat("x", i+1)
	}
	resolve := func(opt Options) (*Object, error) {
		return Resolve("v", dwarfOf(reflect.TypeFor[[]string]()), uint64(reflect.ValueOf(&v).Pointer()), ownMemory{}, opt)
	}
	o, err := resolve(Options{MaxRanges: 102, MaxBytes: 24 + 1600 + 5050})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(o.Ranges()); n != 102 {
		t.Errorf("%d ranges", n)
	}
	for _, c := range []struct {
		opt  Options
		what string
		need int64
		path string
	}{
		{Options{MaxRanges: 101}, "ranges", 102, "v[99]"},
		{Options{MaxBytes: 24 + 1599}, "bytes", 24 + 1600, "v"},
		{Options{MaxBytes: 24 + 1600 + 5049}, "bytes", 24 + 1600 + 5050, "v[99]"},
	} {
		_, err := resolve(c.opt)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.What != c.what || limit.Need != c.need || limit.Path != c.path {
			t.Errorf("%+v: %v", c.opt, err)
		} else if !strings.Contains(err.Error(), "or raise the limit") || !strings.Contains(err.Error(), c.path) {
			t.Errorf("no advice in %q", err)
		}
	}
}

// TestGrowsTooLarge: what is too much is left out with an error, and taken up again when
// there is room.
func TestGrowsTooLarge(t *testing.T) {
	v := make([]int, 4, 100)
	o, err := Resolve("v", dwarfOf(reflect.TypeFor[[]int]()), uint64(reflect.ValueOf(&v).Pointer()), ownMemory{}, Options{MaxBytes: 24 + 80})
	if err != nil {
		t.Fatal(err)
	}
	header := o.Ranges()[0]
	if header.Size != 24 {
		header = o.Ranges()[1]
	}
	v = v[:20]
	u := o.Changed(header)
	var limit *LimitError
	if !errors.As(u.Err, &limit) || limit.Path != "v" || len(o.Ranges()) != 1 || len(u.Remove) != 1 {
		t.Errorf("%v; %v", u.Err, o.Ranges())
	}
	if len(u.Changes) != 1 || u.Changes[0].New != unreadable {
		t.Errorf("told is %q", lines(u))
	}
	v = v[:5]
	v[4] = 9
	u = o.Changed(header)
	if u.Err != nil || len(o.Ranges()) != 2 || o.Text() != "[0 0 0 0 9]" {
		t.Errorf("%v; %v; %s", u.Err, o.Ranges(), o.Text())
	}
}

func pointerTo(s *godwarf.StructType) godwarf.TypedefType {
	return godwarf.TypedefType{CommonType: godwarf.CommonType{ByteSize: 8, Name: "T"},
		Type: &godwarf.PtrType{CommonType: godwarf.CommonType{ByteSize: 8}, Type: s}}
}

// TestUnknownRuntimes: a runtime that keeps things in other ways is refused, and old maps
// are called what they are.
func TestUnknownRuntimes(t *testing.T) {
	number := dwarfOf(reflect.TypeFor[int]())
	hmap := &godwarf.StructType{StructName: "hmap", Field: fields("count", "flags", "buckets", "oldbuckets")}
	other := &godwarf.StructType{StructName: "other", Field: fields("one", "two")}
	for _, c := range []struct {
		t    godwarf.Type
		what string
		says string
	}{
		{&godwarf.MapType{TypedefType: pointerTo(hmap), KeyType: number, ElemType: number}, "maps", "Go 1.24 or later"},
		{&godwarf.MapType{TypedefType: pointerTo(other), KeyType: number, ElemType: number}, "maps", "there is no field used in other"},
		{&godwarf.ChanType{TypedefType: pointerTo(other), ElemType: number}, "channels", "there is no field qcount in other"},
		{&godwarf.InterfaceType{TypedefType: godwarf.TypedefType{CommonType: godwarf.CommonType{ByteSize: 16}, Type: other}}, "interfaces", "no field data"},
	} {
		m := &fakeMemory{pieces: map[uint64][]byte{}}
		m.put(0x1000, 0x2000, 0x2000)
		m.put(0x2000, 0, 0, 0, 0, 0, 0)
		_, err := Resolve("v", c.t, 0x1000, m, Options{})
		var layout *LayoutError
		if !errors.As(err, &layout) || layout.What != c.what || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// TestWhatCannotBeThere: words that are no string's, memory that cannot be read, types
// that nobody knows.
func TestWhatCannotBeThere(t *testing.T) {
	text, slice, object := dwarfOf(reflect.TypeFor[string]()), dwarfOf(reflect.TypeFor[[]int]()), dwarfOf(reflect.TypeFor[any]())
	for _, c := range []struct {
		t     godwarf.Type
		words []uint64
		want  any
	}{
		{text, []uint64{0x9000, 5}, new(*ReadError)},
		{text, []uint64{0, 5}, new(*HeaderError)},
		{text, []uint64{0x2000, 1 << 63}, new(*HeaderError)},
		{text, []uint64{0x2000, 1 << 62}, new(*LimitError)},
		{slice, []uint64{0x2000, 3, 2}, new(*HeaderError)},
		{slice, []uint64{0x2000, 1 << 60, 1 << 60}, new(*LimitError)},
		{object, []uint64{0x2000, 0x2000}, nil},
		{dwarfOf(reflect.TypeFor[struct{}]()), []uint64{0}, new(*HeaderError)},
	} {
		m := &fakeMemory{pieces: map[uint64][]byte{}}
		m.put(0x1000, c.words...)
		m.put(0x2000, 1, 2, 3)
		_, err := Resolve("v", c.t, 0x1000, m, Options{})
		if c.want == nil {
			if !errors.Is(err, errNoType) {
				t.Errorf("%v: %v", c.words, err)
			}
		} else if !errors.As(err, c.want) || !strings.HasPrefix(err.Error(), "v") && !strings.Contains(err.Error(), "with v ") {
			t.Errorf("%v: %v, want a %T", c.words, err, c.want)
		}
	}
	if _, err := ResolveEntry("v", text, 0x1000, "1", &fakeMemory{}, Options{}); err == nil {
		t.Error("an entry of a string")
	}
}

// TestBusy: a map or channel in the middle of an operation is not looked at, and what
// was done is found when it is over.
func TestBusy(t *testing.T) {
	p := start(t, build(t, ""))
	for _, c := range []struct{ variable, field, op, want string }{
		{"small", "writing", "set b", `main.small["b"]: 2 -> 3`},
		{"pipe", "lock", "send", `main.pipe: sent "v0": len 0 -> 1`},
	} {
		ty, addr := p.variable(t, c.variable)
		env := &altered{Env: p, patches: map[uint64]byte{}}
		w := watch(t, env, func() (*Object, error) { return Resolve("main."+c.variable, ty, addr, env, Options{}) })
		head := w.root.links[0].to
		p.do(t, c.op)
		if c.field == "writing" {
			env.patches[head.addr+uint64(head.m.lay.writing.off)] = 1
			var busy *BusyError
			if _, err := w.again(); !errors.As(err, &busy) || busy.Path != "main.small" {
				t.Errorf("%v", err)
			}
		} else {
			env.patches[head.addr+uint64(head.c.lay.key.off)] = 1
		}
		var flag Range
		if head.m != nil {
			flag = Range{Addr: head.addr + uint64(head.m.lay.writing.off), Size: head.m.lay.writing.size}
		}
		if u := w.Changed(w.written(t)...); !u.Busy || len(u.Changes) > 0 || slices.Contains(u.Add, flag) != (head.m != nil) {
			t.Errorf("busy %v, told is %q, to be watched are %v", u.Busy, lines(u), u.Add)
		}
		if u := w.Changed(); !u.Busy || len(u.Changes) > 0 {
			t.Errorf("still busy %v, told is %q", u.Busy, lines(u))
		}
		clear(env.patches)
		if u := w.Changed(); u.Busy || len(u.Changes) != 1 || u.Changes[0].String() != c.want || slices.Contains(u.Remove, flag) != (head.m != nil) {
			t.Errorf("busy %v, told is %q, watched no more are %v", u.Busy, lines(u), u.Remove)
		}
	}
}

// TestBusyMapComes: a map that is being changed when it comes into an object is made out
// when that is over, and its entries are no changes then.
func TestBusyMapComes(t *testing.T) {
	p := start(t, build(t, ""))
	ty, addr := p.variable(t, "nested")
	env := &altered{Env: p, patches: map[uint64]byte{}}
	w := watch(t, env, func() (*Object, error) { return Resolve("main.nested", ty, addr, env, Options{}) })
	p.do(t, "nested2")
	head := w.root.links[0].to
	writing := uint64(head.m.lay.writing.off)
	env.hook = func(at uint64, buf []byte) { // as if every map but the first were being written to
		if at != head.addr && len(buf) == int(head.m.lay.size) {
			buf[writing] = 1
		}
	}
	if u := w.Changed(w.written(t)...); u.Err != nil {
		t.Errorf("%v", u.Err)
	}
	env.hook = nil
	var inner *block
	for _, b := range w.blocks {
		if b.role == mapHead && b.m.blank {
			inner = b
		}
	}
	if inner == nil {
		t.Fatal("no map is blank")
	}
	flag := Range{Addr: inner.addr + writing, Size: inner.m.lay.writing.size}
	if !slices.Contains(w.Ranges(), flag) {
		t.Error("nobody would see the end of the operation")
	}
	if u := w.Changed(flag); u.Busy || u.Err != nil || len(u.Changes) > 0 || inner.m.blank || len(inner.m.parts) == 0 {
		t.Errorf("%+v", u)
	}
	if slices.Contains(w.Ranges(), flag) {
		t.Error("the flag is still watched")
	}
}
