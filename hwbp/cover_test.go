package hwbp

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestCoverByHand(t *testing.T) {
	w := func(addr uint64, n uint8) Point { return Point{addr, n, Write} }
	for _, c := range []struct {
		l          Limits
		addr, size uint64
		want       []Point
	}{
		{AMD64, 0x1000, 8, []Point{w(0x1000, 8)}},
		{AMD64, 0x1004, 8, []Point{w(0x1004, 4), w(0x1008, 4)}},
		{AMD64, 0x1001, 8, []Point{w(0x1001, 1), w(0x1002, 2), w(0x1004, 4), w(0x1008, 1)}},
		{AMD64, 0x1001, 6, []Point{w(0x1001, 1), w(0x1002, 2), w(0x1004, 2), w(0x1006, 1)}},
		{AMD64, 0x1000, 24, []Point{w(0x1000, 8), w(0x1008, 8), w(0x1010, 8)}},
		{AMD64, 0, 3, []Point{w(0, 2), w(2, 1)}},
		{AMD64, math.MaxUint64, 1, []Point{w(math.MaxUint64, 1)}},
		{AMD64, math.MaxUint64 - 15, 16, []Point{w(math.MaxUint64-15, 8), w(math.MaxUint64-7, 8)}},
		{ARM64, 0x1000, 8, []Point{w(0x1000, 8)}},
		{ARM64, 0x1001, 6, []Point{w(0x1001, 6)}},
		{ARM64, 0x1001, 8, []Point{w(0x1001, 7), w(0x1008, 1)}},
		{ARM64, 0x1004, 16, []Point{w(0x1004, 4), w(0x1008, 8), w(0x1010, 4)}},
		{ARM64, math.MaxUint64 - 2, 3, []Point{w(math.MaxUint64-2, 3)}},
	} {
		got, err := Cover(c.l, c.addr, c.size, Write)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s, %d at %#x: %v, %v, want %v", c.l.Arch, c.size, c.addr, got, err, c.want)
		}
	}
}

func TestCoverExecute(t *testing.T) {
	got, err := Cover(AMD64, 0x401003, 3, Execute)
	want := []Point{{0x401003, 1, Execute}, {0x401004, 1, Execute}, {0x401005, 1, Execute}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("amd64: %v, %v, want %v", got, err, want)
	}
	got, err = Cover(ARM64, 0x401004, 8, Execute)
	want = []Point{{0x401004, 4, Execute}, {0x401008, 4, Execute}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("arm64: %v, %v, want %v", got, err, want)
	}
}

func TestCoverErrors(t *testing.T) {
	for _, c := range []struct {
		name       string
		l          Limits
		addr, size uint64
		a          Access
		want       error
	}{
		{"empty", AMD64, 0x1000, 0, Write, ErrEmpty},
		{"empty at the end", ARM64, math.MaxUint64, 0, Write, ErrEmpty},
		{"past the end", AMD64, math.MaxUint64, 2, Write, ErrWrap},
		{"everything but one byte, from 2", ARM64, 2, math.MaxUint64, Write, ErrWrap},
		{"everything but one byte", AMD64, 0, math.MaxUint64, Write, ErrTooLarge},
		{"one byte too many", AMD64, 0, 8*MaxPoints + 1, Write, ErrTooLarge},
		{"one point too many by alignment", AMD64, 4, 8 * MaxPoints, Write, ErrTooLarge},
		{"arm64, one point too many by alignment", ARM64, 1, 8 * MaxPoints, Read, ErrTooLarge},
		{"too much code", AMD64, 0, MaxPoints + 1, Execute, ErrTooLarge},
		{"half an instruction", ARM64, 0x1000, 6, Execute, ErrInexact},
		{"from within an instruction", ARM64, 0x1002, 4, Execute, ErrInexact},
	} {
		got, err := Cover(c.l, c.addr, c.size, c.a)
		var re *RangeError
		if got != nil || !errors.Is(err, c.want) || !errors.As(err, &re) || re.Addr != c.addr || re.Size != c.size || re.Access != c.a {
			t.Errorf("%s: %d points, %v, want %v", c.name, len(got), err, c.want)
		}
	}
	for _, a := range []Access{Read, 0, 9} {
		var ae *AccessError
		if got, err := Cover(AMD64, 0x1000, 8, a); got != nil || !errors.As(err, &ae) || ae.Access != a {
			t.Errorf("amd64, %v: %v, %v", a, got, err)
		}
	}
	const text = "write range of 0 bytes at 0x1000: the range is empty; give a size of at least 1 byte"
	if _, err := Cover(AMD64, 0x1000, 0, Write); err.Error() != text {
		t.Errorf("got %q, want %q", err, text)
	}
}

// TestCoverHugeIsCheap: a size that is garbage must not cost the points it asks for.
func TestCoverHugeIsCheap(t *testing.T) {
	allocs := testing.AllocsPerRun(10, func() {
		if _, err := Cover(AMD64, 0, math.MaxUint64, Write); !errors.Is(err, ErrTooLarge) {
			t.Fatal(err)
		}
	})
	if allocs > 4 {
		t.Errorf("%v allocations to refuse it", allocs)
	}
}

func TestCoverLargest(t *testing.T) {
	for _, l := range []Limits{AMD64, ARM64} {
		points, err := Cover(l, 0x7f0000000000, 8*MaxPoints, Write)
		if err != nil || len(points) != MaxPoints {
			t.Errorf("%s: %d points, %v", l.Arch, len(points), err)
		}
	}
}

// fewest finds the number of points by trying every legal one, overlapping ones
// too: best[i] is the fewest that cover the first i bytes and none outside.
func fewest(arch string, addr, size uint64) int {
	best := make([]int, size+1)
	for end := uint64(1); end <= size; end++ {
		best[end] = math.MaxInt
		for from := range end {
			for n := end - from; from+n <= size; n++ {
				if legal(arch, addr+from, n) {
					best[end] = min(best[end], best[from]+1)
				}
			}
		}
	}
	return best[size]
}

func TestCoverFewest(t *testing.T) {
	for _, l := range []Limits{AMD64, ARM64} {
		for addr := uint64(0x1000); addr < 0x1010; addr++ {
			for size := uint64(1); size <= 40; size++ {
				points, err := Cover(l, addr, size, Write)
				if want := fewest(l.Arch, addr, size); err != nil || len(points) != want {
					t.Errorf("%s, %d at %#x: %v, %v, want %d points", l.Arch, size, addr, points, err, want)
				}
			}
		}
	}
}

// TestCoverNeedsSlots states what a user with four slots can have at any alignment.
func TestCoverNeedsSlots(t *testing.T) {
	worst := func(l Limits, size uint64) (most int) {
		for addr := uint64(0); addr < 8; addr++ {
			points, _ := Cover(l, addr, size, Write)
			most = max(most, len(points))
		}
		return most
	}
	for _, c := range []struct {
		l    Limits
		size uint64
		want int
	}{{AMD64, 8, 4}, {AMD64, 16, 5}, {AMD64, 24, 6}, {ARM64, 8, 2}, {ARM64, 24, 4}, {ARM64, 32, 5}} {
		if got := worst(c.l, c.size); got != c.want {
			t.Errorf("%s, %d bytes: up to %d points, want %d", c.l.Arch, c.size, got, c.want)
		}
	}
}

// TestCoverExactly: every byte of the range in one point, no byte outside in any.
func TestCoverExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom([]Limits{AMD64, ARM64}).Draw(t, "limits")
		a := rapid.SampledFrom([]Access{Write, ReadWrite}).Draw(t, "access")
		size := rapid.Uint64Range(1, 300).Draw(t, "size")
		addr := rapid.Uint64Range(0, math.MaxUint64-size+1).Draw(t, "addr")
		points, err := Cover(l, addr, size, a)
		if err != nil {
			t.Fatal(err)
		}
		covered := make([]int, size)
		for _, p := range points {
			if !legal(l.Arch, p.Addr, uint64(p.Len)) || l.Check(p) != nil || p.Access != a {
				t.Fatalf("%s cannot hold %v", l.Arch, p)
			}
			for b := range uint64(p.Len) {
				at := p.Addr + b - addr
				if at >= size {
					t.Fatalf("%v reaches outside %d at %#x", p, size, addr)
				}
				covered[at]++
			}
		}
		for i, n := range covered {
			if n != 1 {
				t.Fatalf("byte %d of %d at %#x is in %d points: %v", i, size, addr, n, points)
			}
		}
		if !slices.IsSortedFunc(points, func(p, q Point) int {
			if p.Addr < q.Addr {
				return -1
			}
			return 1
		}) {
			t.Fatalf("not in address order: %v", points)
		}
	})
}

// TestCoverLetsNothingThrough: an access of any size and alignment fires a point
// if, and only if, it touches the range.
func TestCoverLetsNothingThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rapid.SampledFrom([]Limits{AMD64, ARM64}).Draw(t, "limits")
		addr := rapid.Uint64Range(0x1000, 0x1010).Draw(t, "addr")
		size := rapid.Uint64Range(1, 64).Draw(t, "size")
		points, err := Cover(l, addr, size, Write)
		if err != nil {
			t.Fatal(err)
		}
		for n := uint64(1); n <= 64; n++ {
			for at := addr - n - 1; at <= addr+size+1; at++ {
				fires := slices.ContainsFunc(points, func(p Point) bool { return p.Fires(Write, at, n) })
				if touches := at < addr+size && addr < at+n; fires != touches {
					t.Fatalf("%v: a write of %d at %#x fires: %v, want %v", points, n, at, fires, touches)
				}
			}
		}
	})
}

func FuzzCover(f *testing.F) {
	f.Add(uint64(0x1001), uint64(8), uint8(Write), false)
	f.Add(uint64(0x1002), uint64(6), uint8(Execute), true)
	f.Add(uint64(math.MaxUint64), uint64(2), uint8(Read), true)
	f.Add(uint64(0), uint64(math.MaxUint64), uint8(ReadWrite), false)
	f.Fuzz(func(t *testing.T, addr, size uint64, access uint8, arm bool) {
		l := AMD64
		if arm {
			l = ARM64
		}
		points, err := Cover(l, addr, size, Access(access))
		if (err == nil) == (points == nil) || len(points) > MaxPoints {
			t.Fatalf("%d points, %v", len(points), err)
		}
		next := addr
		for _, p := range points {
			if p.Addr != next || l.Check(p) != nil {
				t.Fatalf("%v where %#x comes next: %v", p, next, l.Check(p))
			}
			next += uint64(p.Len)
		}
		if err == nil && next != addr+size {
			t.Fatalf("ends at %#x, not at %#x", next, addr+size)
		}
	})
}
