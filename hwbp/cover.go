package hwbp

// MaxPoints is the most points [Cover] returns. It is far beyond any number of
// slots; a range that needs more (8 MiB and up) is a mistake or a page guard's job.
const MaxPoints = 1 << 20

// Cover returns the fewest points that together watch exactly the size bytes at
// addr for access a: in address order, none overlapping, none reaching outside.
// How many of them fit into slots is for the caller to compare.
//
// For Execute it returns a point for every place in the range where an
// instruction may start: each byte on x86-64, each word on arm64.
//
// The error is an [*AccessError], or a [*RangeError] that wraps [ErrEmpty],
// [ErrWrap], [ErrTooLarge] or [ErrInexact].
func Cover(l Limits, addr, size uint64, a Access) ([]Point, error) {
	if !l.Has(a) {
		return nil, &AccessError{Arch: l.Arch, Access: a}
	}
	fail := func(err error) ([]Point, error) {
		return nil, &RangeError{Addr: addr, Size: size, Access: a, Err: err}
	}
	switch {
	case size == 0:
		return fail(ErrEmpty)
	case addr+(size-1) < addr:
		return fail(ErrWrap)
	case size > MaxPoints*window:
		return fail(ErrTooLarge)
	}
	var points []Point
	for at, left := addr, size; left > 0; {
		p, ok := l.longest(at, left, a)
		switch {
		case !ok:
			return fail(ErrInexact)
		case len(points) == MaxPoints:
			return fail(ErrTooLarge)
		}
		points = append(points, p)
		at += uint64(p.Len)
		left -= uint64(p.Len)
	}
	return points, nil
}

// longest returns the longest point that starts at addr and stays within left
// bytes. Taking the longest each time gives the fewest in all: on x86-64 the
// aligned blocks nest, on arm64 nothing crosses a doubleword, so that a shorter
// point never lets a later one reach further.
func (l Limits) longest(addr, left uint64, a Access) (Point, bool) {
	for n := min(left, window); n > 0; n-- {
		p := Point{Addr: addr, Len: uint8(n), Access: a}
		if l.holds(p) {
			return p, true
		}
	}
	return Point{}, false
}
