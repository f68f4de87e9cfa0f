package object

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func at(g int64, pc uint64, line int, addr uint64, size int64) Store {
	return Store{Goroutine: g, PC: pc, Line: line, Range: Range{Addr: addr, Size: size}}
}

func helper(s Store) Store { s.Helper = true; return s }

// oneSlice relates the words from 0x100 to 0x118, as those of a slice.
func oneSlice(a, b Range) bool {
	in := func(r Range) bool { return r.Addr >= 0x100 && r.Addr < 0x118 }
	return in(a) && in(b)
}

// TestAssignments: which stores are one assignment.
func TestAssignments(t *testing.T) {
	for name, c := range map[string]struct {
		stores []Store
		want   []int // how many stores each assignment has
	}{
		"a slice, length first":    {[]Store{at(1, 10, 1, 0x108, 8), at(1, 20, 1, 0x110, 8), at(1, 900, 1, 0x100, 8)}, []int{3}},
		"two words of two lines":   {[]Store{at(1, 10, 1, 0x100, 8), at(1, 20, 2, 0x110, 8)}, []int{1, 1}},
		"of two goroutines":        {[]Store{at(1, 10, 1, 0x100, 8), at(2, 20, 1, 0x110, 8)}, []int{1, 1}},
		"a struct in pieces":       {[]Store{at(1, 10, 1, 0x200, 16), at(1, 15, 1, 0x210, 16), at(1, 20, 1, 0x220, 4), at(1, 25, 1, 0x228, 8)}, []int{4}},
		"from its end":             {[]Store{at(1, 10, 1, 0x208, 8), at(1, 15, 1, 0x200, 8)}, []int{2}},
		"unrelated":                {[]Store{at(1, 10, 1, 0x200, 8), at(1, 15, 1, 0x300, 8)}, []int{1, 1}},
		"neighbours far apart":     {[]Store{at(1, 10, 1, 0x200, 8), at(1, 900, 1, 0x208, 8)}, []int{1, 1}},
		"the same twice":           {[]Store{at(1, 10, 1, 0x200, 8), at(1, 15, 1, 0x200, 8)}, []int{1, 1}},
		"a loop come round":        {[]Store{at(1, 20, 1, 0x200, 8), at(1, 10, 1, 0x210, 8)}, []int{1, 1}},
		"a loop over each second":  {[]Store{at(1, 20, 1, 0x200, 4), at(1, 20, 1, 0x208, 4)}, []int{1, 1}},
		"a copy in a loop":         {[]Store{at(1, 10, 1, 0x200, 16), at(1, 15, 1, 0x210, 16), at(1, 10, 1, 0x220, 16), at(1, 15, 1, 0x230, 16)}, []int{4}},
		"one REP MOVS":             {[]Store{at(1, 10, 1, 0x200, 8), at(1, 10, 1, 0x208, 8), at(1, 10, 1, 0x210, 8)}, []int{3}},
		"a last piece of 12":       {[]Store{at(1, 10, 1, 0x200, 16), at(1, 15, 1, 0x20c, 16)}, []int{2}},
		"zeroed and then set":      {[]Store{at(1, 10, 1, 0x200, 16), at(1, 15, 1, 0x210, 16), at(1, 20, 1, 0x20c, 8)}, []int{2, 1}},
		"memmove from both ends":   {[]Store{helper(at(1, 10, 1, 0x200, 16)), helper(at(1, 15, 1, 0x208, 16))}, []int{2}},
		"the runtime's two calls":  {[]Store{helper(at(1, 10, 1, 0x200, 8)), helper(at(1, 10, 1, 0x200, 8))}, []int{1, 1}},
		"runtime code lies before": {[]Store{at(1, 100, 1, 0x200, 8), helper(at(1, 10, 1, 0x208, 8)), at(1, 105, 1, 0x210, 8)}, []int{3}},
		"another wrote there":      {[]Store{at(1, 10, 1, 0x100, 8), at(2, 50, 7, 0x100, 8), at(1, 15, 1, 0x108, 8)}, []int{1, 1, 1}},
	} {
		cs := NewCoalescer(oneSlice)
		var got []int
		for _, s := range c.stores {
			for _, a := range cs.Add(s) {
				got = append(got, len(a.Stores))
			}
		}
		if !cs.Pending(c.stores[len(c.stores)-1].Goroutine) {
			t.Errorf("%s: nothing is pending", name)
		}
		for _, a := range cs.Flush() {
			got = append(got, len(a.Stores))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	frames := []Store{at(1, 10, 1, 0x100, 8), at(1, 20, 1, 0x108, 8)}
	frames[1].Frame = 5
	cs := NewCoalescer(oneSlice)
	cs.Add(frames[0])
	if over := cs.Add(frames[1]); len(over) != 1 {
		t.Error("stores of two calls of one function are one assignment")
	}
	if len(cs.Leave(1)) != 1 || cs.Pending(1) || len(cs.Leave(1)) != 0 {
		t.Error("left, and not over")
	}
}

// TestEveryStoreOnce: no store is lost or told twice, those of a goroutine keep their
// order, and an assignment is one goroutine's in one statement.
func TestEveryStoreOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cs := NewCoalescer(oneSlice)
		var over []Assignment
		var made []Store
		for i := range rapid.IntRange(1, 40).Draw(t, "stores") {
			g := rapid.Int64Range(1, 3).Draw(t, "goroutine")
			if rapid.IntRange(0, 9).Draw(t, "leave") == 0 {
				over = append(over, cs.Leave(g)...)
			}
			s := at(g, rapid.Uint64Range(0, 200).Draw(t, "pc"), rapid.IntRange(1, 2).Draw(t, "line"),
				0xf0+8*rapid.Uint64Range(0, 8).Draw(t, "addr"), rapid.Int64Range(1, 16).Draw(t, "size"))
			s.Helper, s.Tag = rapid.Bool().Draw(t, "helper"), i
			made = append(made, s)
			over = append(over, cs.Add(s)...)
		}
		over = append(over, cs.Flush()...)
		told := map[int64][]Store{}
		for _, a := range over {
			for i, s := range a.Stores {
				told[s.Goroutine] = append(told[s.Goroutine], s)
				if i == 0 {
					continue
				}
				was := a.Stores[i-1]
				if was.Goroutine != s.Goroutine || was.Line != s.Line || !s.Helper && !was.Helper && s.PC <= was.PC && s.Range.Addr != was.Range.Addr+uint64(was.Range.Size) {
					t.Fatalf("one assignment: %+v", a.Stores)
				}
			}
			if len(a.Ranges()) != len(a.Stores) || a.Ranges()[0] != a.Stores[0].Range {
				t.Fatal("ranges are not those of the stores")
			}
		}
		for g := range int64(4) {
			want := slices.DeleteFunc(slices.Clone(made), func(s Store) bool { return s.Goroutine != g })
			if fmt.Sprint(told[g]) != fmt.Sprint(want) {
				t.Fatalf("goroutine %d: %v, want %v", g, told[g], want)
			}
		}
	})
}

// TestHalfAHeader: a string whose pointer is new and whose length is old is not followed:
// there are three bytes behind the new pointer, and the old length is five.
func TestHalfAHeader(t *testing.T) {
	m := &fakeMemory{pieces: map[uint64][]byte{0x2000: []byte("hello"), 0x3000: []byte("new")}}
	m.put(0x1000, 0x2000, 5)
	o, err := Resolve("v", dwarfOf(stringType), 0x1000, m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	cs := NewCoalescer(o.Related)
	m.reads = nil
	m.put(0x1000, 0x3000)
	if over := cs.Add(at(1, 10, 1, 0x1000, 8)); len(over) != 0 {
		t.Fatalf("over: %v", over)
	}
	raw, err := o.Raw(Range{Addr: 0x1000, Size: 8})
	if err != nil || len(raw) != 1 || raw[0].Path != "v.str" {
		t.Errorf("%v, %v", raw, err)
	}
	m.put(0x1008, 3)
	if over := cs.Add(at(1, 20, 1, 0x1008, 8)); len(over) != 0 {
		t.Fatalf("over: %v", over)
	}
	raw, err = o.Raw(Range{Addr: 0x1008, Size: 8})
	if err != nil || len(raw) != 1 || raw[0].String() != "v.len: 5 -> 3" {
		t.Errorf("%v, %v", raw, err)
	}
	for _, r := range m.reads {
		if r.Addr >= 0x2000 {
			t.Errorf("%d bytes at %#x were read", r.Size, r.Addr)
		}
	}
	over := cs.Leave(1)
	if len(over) != 1 {
		t.Fatalf("%d assignments", len(over))
	}
	u := o.Changed(over[0].Ranges()...)
	if u.Err != nil || len(u.Changes) != 1 || u.Changes[0].String() != `v: "hello" -> "new"` {
		t.Errorf("%v, %q", u.Err, lines(u))
	}
	// And if nobody waits it is said, and put right later.
	m.put(0x1000, 0x2000, 1<<40)
	u = o.Changed(Range{Addr: 0x1008, Size: 8})
	if u.Err == nil || len(u.Remove) != 1 || u.Changes[0].New != unreadable {
		t.Errorf("%v, %q", u.Err, lines(u))
	}
	m.put(0x1008, 5)
	u = o.Changed(Range{Addr: 0x1008, Size: 8})
	if u.Err != nil || len(u.Add) != 1 || u.Changes[0].String() != `v: <unreadable> -> "hello"` {
		t.Errorf("%v, %q", u.Err, lines(u))
	}
}
