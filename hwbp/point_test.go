package hwbp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestStrings(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Write.String(), "write"},
		{ReadWrite.String(), "read-write"},
		{Read.String(), "read"},
		{Execute.String(), "execute"},
		{Access(0).String(), "access(0)"},
		{Access(9).String(), "access(9)"},
		{Point{0xc000012340, 8, Write}.String(), "write 8 bytes at 0xc000012340"},
		{Point{0x10, 1, ReadWrite}.String(), "read-write 1 byte at 0x10"},
		{Point{0x45f0a0, 1, Execute}.String(), "execute at 0x45f0a0"},
		{Point{0x45f0a0, 4, Execute}.String(), "execute at 0x45f0a0"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestFiresManual is the table "Breakpoint Examples" of Intel SDM 3B, 18.2.5: four
// points, the accesses that trap and those that do not.
func TestFiresManual(t *testing.T) {
	points := []Point{
		{0xa0001, 1, ReadWrite},
		{0xa0002, 1, Write},
		{0xb0002, 2, ReadWrite},
		{0xc0000, 4, Write},
	}
	type access struct {
		kinds []Access
		addr  uint64
		size  uint64
	}
	either, write, read := []Access{Read, Write}, []Access{Write}, []Access{Read}
	trap := []access{
		{either, 0xa0001, 1},
		{either, 0xa0001, 2},
		{write, 0xa0002, 1},
		{write, 0xa0002, 2},
		{either, 0xb0001, 4},
		{either, 0xb0002, 1},
		{either, 0xb0002, 2},
		{write, 0xc0000, 4},
		{write, 0xc0001, 2},
		{write, 0xc0003, 1},
	}
	quiet := []access{
		{either, 0xa0000, 1},
		{read, 0xa0002, 1},
		{either, 0xa0003, 4},
		{either, 0xb0000, 2},
		{read, 0xc0000, 2},
		{either, 0xc0004, 4},
	}
	anyFires := func(kind Access, addr, size uint64) bool {
		for _, p := range points {
			if p.Fires(kind, addr, size) {
				return true
			}
		}
		return false
	}
	check := func(list []access, want bool) {
		for _, a := range list {
			for _, kind := range a.kinds {
				if got := anyFires(kind, a.addr, a.size); got != want {
					t.Errorf("%v of %d at %#x fires: %v, want %v", kind, a.size, a.addr, got, want)
				}
			}
		}
	}
	check(trap, true)
	check(quiet, false)
}

func TestFiresKinds(t *testing.T) {
	const at = 0x1000
	for _, c := range []struct {
		point, kind Access
		want        bool
	}{
		{Write, Write, true}, {Write, Read, false}, {Write, ReadWrite, true}, {Write, Execute, false},
		{Read, Write, false}, {Read, Read, true}, {Read, ReadWrite, true}, {Read, Execute, false},
		{ReadWrite, Write, true}, {ReadWrite, Read, true}, {ReadWrite, ReadWrite, true}, {ReadWrite, Execute, false},
		{Execute, Write, false}, {Execute, Read, false}, {Execute, ReadWrite, false}, {Execute, Execute, true},
		{Access(0), Write, false}, {Write, Access(0), false}, {Access(9), Access(9), false},
	} {
		if got := (Point{at, 4, c.point}).Fires(c.kind, at, 4); got != c.want {
			t.Errorf("%v point on %v: %v, want %v", c.point, c.kind, got, c.want)
		}
	}
}

func TestFiresEdges(t *testing.T) {
	top := Point{math.MaxUint64 - 7, 8, Write} // the last doubleword there is
	for _, c := range []struct {
		name       string
		p          Point
		kind       Access
		addr, size uint64
		want       bool
	}{
		{"last byte", top, Write, math.MaxUint64, 1, true},
		{"into the last doubleword", top, Write, math.MaxUint64 - 8, 2, true},
		{"before the last doubleword", top, Write, math.MaxUint64 - 8, 1, false},
		{"first address is not the neighbour of the last", top, Write, 0, 8, false},
		{"size 0 inside", Point{0x1000, 8, Write}, Write, 0x1004, 0, false},
		{"huge access", Point{0x1000, 8, Write}, Write, 1, math.MaxUint64, true},
		{"execution inside an instruction", Point{0x1000, 4, Execute}, Execute, 0x1002, 4, false},
		{"execution before it", Point{0x1000, 4, Execute}, Execute, 0xffe, 8, false},
	} {
		if got := c.p.Fires(c.kind, c.addr, c.size); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestFiresByBytes compares with going through the bytes one by one.
func TestFiresByBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Point{
			Addr:   rapid.Uint64Range(0x1000, 0x1040).Draw(t, "addr"),
			Len:    rapid.Uint8Range(0, 8).Draw(t, "len"),
			Access: ReadWrite,
		}
		at := rapid.Uint64Range(0xff0, 0x1050).Draw(t, "at")
		size := rapid.Uint64Range(0, 64).Draw(t, "size")
		want := false
		for b := at; b < at+size; b++ {
			want = want || b >= p.Addr && b < p.Addr+uint64(p.Len)
		}
		if got := p.Fires(Write, at, size); got != want {
			t.Fatalf("%v, write of %d at %#x: %v, want %v", p, size, at, got, want)
		}
	})
}
