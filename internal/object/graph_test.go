package object

import (
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type vertex struct {
	Val  int
	Next *vertex
	More []*vertex
	Any  any
}

// TestAnyGraph: pointers that lead to shared values and round in circles, of which so
// many are followed as was asked for.
func TestAnyGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ownMemory{map[uint64]reflect.Type{}}
		m.describe(reflect.TypeFor[*vertex]())
		m.describe(reflect.TypeFor[vertex]())
		all := make([]*vertex, 6)
		for i := range all {
			all[i] = &vertex{Val: i}
		}
		some := func() *vertex {
			return append(all, nil)[rapid.IntRange(0, len(all)).Draw(t, "vertex")]
		}
		change := func(v *vertex) {
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				v.Val++
			case 1, 2:
				v.Next = some()
			case 3:
				v.More = append(v.More, some())
			case 4:
				if v.More = slices.Clone(v.More); len(v.More) > 0 {
					v.More[0] = some()
				}
			case 5:
				v.Any = some()
				if rapid.Bool().Draw(t, "value") {
					v.Any = *all[0]
				}
			}
		}
		for range rapid.IntRange(0, 12).Draw(t, "before") {
			change(all[rapid.IntRange(0, len(all)-1).Draw(t, "which")])
		}
		ty, addr := dwarfOf(reflect.TypeFor[vertex]()), uint64(reflect.ValueOf(all[0]).Pointer())
		follow := rapid.IntRange(-1, 3).Draw(t, "follow")
		w := watch(t, m, func() (*Object, error) { return Resolve("v", ty, addr, m, Options{Follow: follow}) })
		for range rapid.IntRange(1, 8).Draw(t, "rounds") {
			for range rapid.IntRange(1, 3).Draw(t, "at once") {
				change(all[rapid.IntRange(0, len(all)-1).Draw(t, "which")])
			}
			w.changed(t)
			for _, r := range w.Ranges() {
				if path := w.Path(r.Addr); path == "" || path[0] != 'v' {
					t.Fatalf("%v is %q", r, path)
				}
			}
		}
	})
}

// TestNearAndFar: three pointers are followed, and a value that is reached by one, by two
// and by one again leads to others as far as that.
func TestNearAndFar(t *testing.T) {
	m := ownMemory{map[uint64]reflect.Type{}}
	m.describe(reflect.TypeFor[*vertex]())
	for name, lead := range map[string]func(from, to *vertex){
		"pointer":   func(from, to *vertex) { from.Next = to },
		"interface": func(from, to *vertex) { from.Any = to },
	} {
		last := &vertex{Val: 1}
		between := &vertex{}
		lead(between, last)
		far := &vertex{Next: between}
		near := &vertex{Next: far}
		v := &vertex{Next: near}
		w := watch(t, m, func() (*Object, error) {
			return Resolve("v", dwarfOf(reflect.TypeFor[vertex]()), uint64(reflect.ValueOf(v).Pointer()), m, Options{Follow: 3})
		})
		for round, there := range []int{0, 1, 0, 1} {
			v.Next = []*vertex{near, far}[there]
			w.changed(t)
			last.Val++
			if got := len(w.changed(t).Changes); got != there {
				t.Errorf("%s, round %d: %d changes", name, round, got)
			}
		}
	}
}

// TestPaths names parts by their address.
func TestPaths(t *testing.T) {
	m := ownMemory{map[uint64]reflect.Type{}}
	m.describe(reflect.TypeFor[vertex]())
	n := &vertex{Val: 1, Next: &vertex{More: []*vertex{nil, {Val: 2}}}, Any: vertex{Val: 3}}
	held := struct {
		P *[2]vertex
		I *int
	}{&[2]vertex{{}, {Next: n}}, &n.Val}
	o, err := Resolve("v", dwarfOf(reflect.TypeOf(held)), uint64(reflect.ValueOf(&held).Pointer()), m, Options{Follow: -1})
	if err != nil {
		t.Fatal(err)
	}
	at := func(p any) uint64 { return uint64(reflect.ValueOf(p).Pointer()) }
	for want, addr := range map[string]uint64{
		"v.P":                             at(&held.P),
		"(*v.P)[1].Next":                  at(&held.P[1].Next),
		"*v.I":                            at(&n.Val), // the shorter way
		"(*v.P)[1].Next.Next":             at(&n.Next),
		"(*v.P)[1].Next.Next.More":        at(&n.Next.More) + 8,
		"(*v.P)[1].Next.Next.More[1]":     at(&n.Next.More[1]),
		"(*v.P)[1].Next.Next.More[1].Val": at(&n.Next.More[1].Val),
		"":                                at(new(int)),
	} {
		if got := o.Path(addr); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	data := o.blocks[key{someValues, at(n), 1, dwarfOf(reflect.TypeFor[vertex]())}].linkAt(int64(reflect.TypeFor[vertex]().Field(3).Offset)).to
	if got, want := o.Path(data.addr), "(*v.P)[1].Next.Any.(object.vertex).Val"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	// Round in a circle names come to an end.
	n.Next.Next = n
	for range 100 {
		n = &vertex{Next: n}
	}
	o, err = Resolve("v", dwarfOf(reflect.TypeFor[vertex]()), at(n), m, Options{Follow: -1})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range o.Ranges() {
		if path := o.Path(r.Addr); len(path) > 300 {
			t.Errorf("a long name: %s", path)
		}
	}
}

// TestMoveTo: a variable that is somewhere else is watched there.
func TestMoveTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := ownMemory{map[uint64]reflect.Type{}}
		v := reflect.New(drawType(t, 3)).Elem()
		if v.Type().Size() == 0 {
			t.Skip("nothing to watch")
		}
		fill(t, v, m, 2)
		w := watch(t, m, func() (*Object, error) {
			return Resolve("v", dwarfOf(v.Type()), uint64(v.Addr().Pointer()), m, Options{Follow: 1})
		})
		there := reflect.New(v.Type()).Elem()
		there.Set(v)
		v = there
		u, err := w.MoveTo(uint64(v.Addr().Pointer()))
		if err != nil || len(u.Changes) > 0 {
			t.Fatalf("%v, %q", err, lines(u))
		}
		w.arm(t, u.Add)
		for _, r := range u.Remove {
			delete(w.armed, r)
		}
		write(t, v, "v", m)
		w.changed(t)
	})
}
