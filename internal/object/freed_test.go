package object

import (
	"reflect"
	"slices"
	"testing"
)

// TestFreed: what is let go is watched no longer, and is taken up again when what leads
// there is written, with the same words too, but not where it is only compared.
func TestFreed(t *testing.T) {
	type held struct {
		Name string
		List []*int
		Any  any
		N    int
	}
	m := ownMemory{map[uint64]reflect.Type{}}
	m.describe(reflect.TypeFor[string]())
	v := held{Name: string([]byte("a name")), List: []*int{new(int)}, Any: string([]byte("another")), N: 5}
	addr := uint64(reflect.ValueOf(&v).Pointer())
	o, err := Resolve("v", dwarfOf(reflect.TypeOf(v)), addr, m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := o.Ranges()
	self := func(a uint64) bool { return a-addr < uint64(reflect.TypeOf(v).Size()) }
	if r := o.Freed(self); len(r) != 0 {
		t.Errorf("the variable itself: %v", r)
	}
	root := []Range{{Addr: addr, Size: int64(reflect.TypeOf(v).Size())}}
	removed := o.Freed(func(a uint64) bool { return !self(a) })
	if len(removed) != len(before)-1 || !slices.Equal(o.Ranges(), root) || len(o.blocks) != 1 || o.Bytes() != root[0].Size {
		t.Errorf("removed %v of %v, left %v", removed, before, o.Ranges())
	}
	const none = "{Name:<freed> List:<freed> Any:<freed> N:5}"
	if got := o.Text(); got != none {
		t.Errorf("%s", got)
	}
	if u := o.Compare(root...); len(u.Changes)+len(u.Add)+len(u.Remove) > 0 || u.Err != nil {
		t.Errorf("compared: %+v", u)
	}
	there := v // the freed parts are no better elsewhere
	at := uint64(reflect.ValueOf(&there).Pointer())
	if u, err := o.MoveTo(at); err != nil || !slices.Equal(o.Ranges(), u.Add) || len(u.Add) != 1 || len(u.Remove) != 1 || o.Text() != none {
		t.Errorf("%v, %+v, %s", err, u, o.Text())
	}
	u := o.Changed(Range{Addr: at, Size: root[0].Size})
	want := []string{
		`v.Name: <freed> -> "a name"`, `v.Any: <freed> -> string "another"`,
	}
	got := lines(u)
	if len(got) != 3 || got[0] != want[0] || got[2] != want[1] || len(u.Add) != len(removed) || u.Err != nil {
		t.Errorf("%q, %v, %v", got, u.Add, u.Err)
	}
	reflect.ValueOf(&there).Elem().Field(3).SetInt(6)
	if u := o.Changed(Range{Addr: at, Size: root[0].Size}); len(u.Changes) != 1 || u.Changes[0].String() != "v.N: 5 -> 6" {
		t.Errorf("%q", lines(u))
	}
}
