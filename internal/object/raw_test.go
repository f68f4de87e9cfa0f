package object

import (
	"reflect"
	"testing"
)

// TestRaw: each store is told with the value before it, whether or not an assignment is
// over in between.
func TestRaw(t *testing.T) {
	v := struct {
		N int
		S string
	}{N: 1}
	ty, addr := dwarfOf(reflect.TypeOf(v)), uint64(reflect.ValueOf(&v).Pointer())
	o, err := Resolve("v", ty, addr, ownMemory{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := Range{Addr: addr, Size: 8}
	raw := func(set int, want string) {
		t.Helper()
		v.N = set
		c, err := o.Raw(n)
		if err != nil || len(c) != 1 || c[0].String() != want {
			t.Errorf("%v, %q, want %s", err, lines(Update{Changes: c}), want)
		}
	}
	raw(2, "v.N: 1 -> 2")
	raw(3, "v.N: 2 -> 3")
	if u := o.Changed(n); len(u.Changes) != 1 || u.Changes[0].String() != "v.N: 1 -> 3" {
		t.Errorf("%q", lines(u))
	}
	v.N = 7
	o.Changed(n)
	raw(9, "v.N: 7 -> 9")
	if c, err := o.Raw(n); err != nil || len(c) > 0 {
		t.Errorf("nothing was written: %v, %q", err, lines(Update{Changes: c}))
	}
}

// TestRelated: the words of one string are, those of two are not.
func TestRelated(t *testing.T) {
	var v struct {
		A, B string
		C, D int
	}
	addr := uint64(reflect.ValueOf(&v).Pointer())
	o, err := Resolve("v", dwarfOf(reflect.TypeOf(v)), addr, ownMemory{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	word := func(i int) Range { return Range{Addr: addr + uint64(8*i), Size: 8} }
	for i := range 6 {
		for j := range 6 {
			if got, want := o.Related(word(i), word(j)), i/2 == j/2 && i < 4; got != want {
				t.Errorf("words %d and %d: %v", i, j, got)
			}
		}
	}
}
