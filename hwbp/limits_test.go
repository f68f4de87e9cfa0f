package hwbp

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// legal says in the manuals' words, not in those of Limits, whether one slot of
// arch holds the data bytes [addr, addr+n): x86 lengths 1, 2, 4 and 8 aligned to
// themselves; arm64 any run inside one doubleword.
func legal(arch string, addr, n uint64) bool {
	if arch == "amd64" {
		return (n == 1 || n == 2 || n == 4 || n == 8) && addr%n == 0
	}
	return n >= 1 && n <= 8 && addr/8 == (addr+n-1)/8
}

func TestCheckEveryDataPoint(t *testing.T) {
	for _, l := range []Limits{AMD64, ARM64} {
		for addr := uint64(0x1000); addr < 0x1010; addr++ {
			for n := range 256 {
				p := Point{addr, uint8(n), Write}
				err := l.Check(p)
				if legal(l.Arch, addr, uint64(n)) != (err == nil) {
					t.Errorf("%s, %v: %v", l.Arch, p, err)
				}
				var pe *PointError
				if err != nil && (!errors.As(err, &pe) || pe.Point != p || pe.Arch != l.Arch) {
					t.Errorf("%s, %v: not a PointError about it: %v", l.Arch, p, err)
				}
			}
		}
	}
}

func TestCheckExecute(t *testing.T) {
	for _, c := range []struct {
		l    Limits
		p    Point
		want bool
	}{
		{AMD64, Point{0x401001, 1, Execute}, true},
		{AMD64, Point{0x401000, 8, Execute}, false},
		{AMD64, Point{0x401000, 0, Execute}, false},
		{ARM64, Point{0x401004, 4, Execute}, true},
		{ARM64, Point{0x401002, 4, Execute}, false},
		{ARM64, Point{0x401000, 1, Execute}, false},
		{ARM64, Point{0x401000, 8, Execute}, false},
	} {
		if err := c.l.Check(c.p); (err == nil) != c.want {
			t.Errorf("%s, %v length %d: %v", c.l.Arch, c.p, c.p.Len, err)
		}
	}
}

func TestCheckAccess(t *testing.T) {
	has := map[string][]Access{
		"amd64": {Write, ReadWrite, Execute},
		"arm64": {Write, ReadWrite, Read, Execute},
	}
	for _, l := range []Limits{AMD64, ARM64} {
		for a := range 256 {
			want := false
			for _, h := range has[l.Arch] {
				want = want || h == Access(a)
			}
			n := uint8(4)
			if Access(a) == Execute {
				n = l.ExecLen
			}
			err := l.Check(Point{0x1000, n, Access(a)})
			var ae *AccessError
			if want && err != nil || !want && (!errors.As(err, &ae) || ae.Access != Access(a)) {
				t.Errorf("%s, access %v: %v", l.Arch, Access(a), err)
			}
			if l.Has(Access(a)) != want {
				t.Errorf("%s has %v: %v", l.Arch, Access(a), !want)
			}
		}
	}
}

func TestSlots(t *testing.T) {
	for _, c := range []struct {
		l    Limits
		a    Access
		want int
	}{
		{AMD64, Write, 4}, {AMD64, ReadWrite, 4}, {AMD64, Execute, 4}, {AMD64, Read, 0},
		{ARM64, Write, 4}, {ARM64, Read, 4}, {ARM64, Execute, 6}, {ARM64, Access(0), 0},
	} {
		if got := c.l.Slots(c.a); got != c.want {
			t.Errorf("%s slots for %v: %d, want %d", c.l.Arch, c.a, got, c.want)
		}
	}
	if !AMD64.Shared || ARM64.Shared {
		t.Error("x86 shares one pool, arm64 has two")
	}
}

func TestNewARM64(t *testing.T) {
	for watch := -1; watch <= 17; watch++ {
		for brk := -1; brk <= 17; brk++ {
			l, err := NewARM64(watch, brk)
			var ce *CountError
			switch ok := watch >= 1 && watch <= 16 && brk >= 1 && brk <= 16; {
			case ok && (err != nil || l.DataSlots != watch || l.ExecSlots != brk):
				t.Errorf("%d and %d: %+v, %v", watch, brk, l, err)
			case !ok && (l != Limits{} || !errors.As(err, &ce)):
				t.Errorf("%d and %d: %+v, %v", watch, brk, l, err)
			}
		}
	}
	if l, err := NewARM64(4, 6); err != nil || l != ARM64 {
		t.Errorf("4 and 6: %+v, want ARM64", l)
	}
}

// TestOddLimits: the zero value holds nothing, no limits hold 0 bytes, and neither
// panics.
func TestOddLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPoint().Draw(t, "p")
		if err := (Limits{}).Check(p); err == nil {
			t.Fatalf("zero limits hold %v", p)
		}
		p.Len = 0
		l := Limits{Accesses: 0xff, DataLens: 0xffff, DataAligned: rapid.Bool().Draw(t, "aligned")}
		if err := l.Check(p); err == nil {
			t.Fatalf("%+v hold %v", l, p)
		}
	})
}

func TestHasLen(t *testing.T) {
	for n := range 256 {
		power := n == 1 || n == 2 || n == 4 || n == 8
		if AMD64.HasLen(uint8(n)) != power || ARM64.HasLen(uint8(n)) != (n >= 1 && n <= 8) {
			t.Errorf("%d: amd64 %v, arm64 %v", n, AMD64.HasLen(uint8(n)), ARM64.HasLen(uint8(n)))
		}
	}
}

func TestErrorTexts(t *testing.T) {
	_, few := NewARM64(0, 6)
	_, many := NewARM64(4, 17)
	for _, c := range []struct {
		err  error
		want string
	}{
		{AMD64.Check(Point{0x1004, 8, Write}), `a debug register of amd64 cannot hold "write 8 bytes at 0x1004": the address must be a multiple of 8; use several points`},
		{AMD64.Check(Point{0x1000, 3, Write}), `a debug register of amd64 cannot hold "write 3 bytes at 0x1000": 3 is not one of its lengths`},
		{AMD64.Check(Point{0x1000, 4, Execute}), `a debug register of amd64 cannot hold "execute at 0x1000": an execution point has length 1, not 4`},
		{ARM64.Check(Point{0x1002, 4, Execute}), `a debug register of arm64 cannot hold "execute at 0x1002": the address must be a multiple of 4`},
		{ARM64.Check(Point{0x1004, 8, Read}), `a debug register of arm64 cannot hold "read 8 bytes at 0x1004": the bytes must lie in one aligned group of 8; use several points`},
		{AMD64.Check(Point{0x1000, 8, Read}), "amd64 has no read-only watchpoints; use read-write, which fires on writes as well"},
		{AMD64.Check(Point{0x1000, 8, 7}), "amd64 has no access(7) points; use write, read-write or execute"},
		{few, "no hardware watchpoint slots on this machine (emulators and some hypervisors hide them)"},
		{many, "17 hardware breakpoint slots reported; arm64 has 1 to 16"},
		{&SlotError{Slot: 4, Slots: 4}, "no debug register 4; use 0 to 3"},
		{&DecodeError{Register: "DR7", Value: 0x20001, Reason: "why"}, "DR7 0x20001 holds no point: why"},
	} {
		if got := fmt.Sprint(c.err); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func anyPoint() *rapid.Generator[Point] {
	return rapid.Custom(func(t *rapid.T) Point {
		return Point{
			Addr:   rapid.Uint64().Draw(t, "addr"),
			Len:    rapid.Uint8().Draw(t, "len"),
			Access: Access(rapid.Uint8Range(0, 6).Draw(t, "access")),
		}
	})
}

// legalPoint draws a point that a slot of l holds, of one of the accesses given,
// anywhere in the address space.
func legalPoint(l Limits, accesses ...Access) *rapid.Generator[Point] {
	return rapid.Custom(func(t *rapid.T) Point {
		p := Point{
			Addr:   rapid.Uint64().Draw(t, "addr"),
			Access: rapid.SampledFrom(accesses).Draw(t, "access"),
		}
		switch {
		case p.Access == Execute && l.Arch == "amd64":
			p.Len = 1
		case p.Access == Execute:
			p.Len = 4
			p.Addr &^= 3
		case l.Arch == "amd64":
			p.Len = rapid.SampledFrom([]uint8{1, 2, 4, 8}).Draw(t, "len")
			p.Addr &^= uint64(p.Len) - 1
		default:
			p.Len = uint8(rapid.Uint64Range(1, 8-p.Addr%8).Draw(t, "len"))
		}
		return p
	})
}
