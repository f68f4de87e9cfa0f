// Values holds a value of every kind that Go has, and of those that are awkward to show,
// in local and package variables.
package main

import (
	"container/list"
	"errors"
	"fmt"
	"math"
	"time"
)

type point struct{ X, Y int }

type node struct {
	Name string
	Next *node
	Kids []*node
}

type deep struct {
	In struct {
		In   struct{ In struct{ Last int } }
		List []point
	}
	Table map[string]map[string]point
}

type embedded struct {
	point
	*node
	Own bool
}

func (e embedded) Sum() int     { return e.X + e.Y }
func (e *embedded) Move(by int) { e.X += by }

type weekday int

const (
	monday weekday = iota + 1
	tuesday
)

type heading string

type flags uint8

const (
	bold flags = 1 << iota
	italic
)

type fault struct{ Code int }

func (f *fault) Error() string { return fmt.Sprint("fault ", f.Code) }

type stringer interface{ String() string }

type pair[K comparable, V any] struct {
	Key   K
	Value V
}

type alias = map[point]string

var (
	global    = 42
	text      = "global"
	settings  = map[string]int{"a": 1}
	huge      = make([]int, 100_000)
	hugeTable = map[int]int{}
	anything  any
	pointer   *int
	title     = heading("Ms.")
)

func nothing() {}

// use keeps values from being optimized away.
//
//go:noinline
func use(...any) {}

// results has several.
func results(a, b int) (sum int, text string, err error) {
	return a + b, "done", nil // here: results
}

// double is for calls.
func double(n int) int { return 2 * n }

// titled shows what the program takes its own variables for.
func titled() string { return string(title) + " " + text }

// unlucky panics when it is called.
func unlucky() { panic("unlucky") }

func hidden(n int) int {
	x := n
	if n > 0 {
		x := "inner"
		use(x) // here: hidden
	}
	return x
}

func generic[T any](value T) T {
	kept := pair[string, T]{"k", value}
	use(kept.Key) // here: generic
	return kept.Value
}

// registers has its arguments in registers, if it is optimized.
//
//go:noinline
func registers(n int, small int8, s string, list []int, f float64) int {
	if n > len(s) && f > 1 { // here: registers
		n += list[0]
	}
	return n + len(list) + int(small)
}

func main() {
	for i := range huge {
		huge[i] = i
	}
	for i := range 5000 {
		hugeTable[i] = -i
	}
	anything = point{1, 2}
	pointer = &global
	values()
	hidden(3)
	use(registers(7, -3, "args", []int{1, 2}, 2.5))
	generic(7)
	a, b, c := results(2, 3)
	fmt.Println(a, b, c, double(1), text, settings, monday, tuesday)
	nothing()
	if len(text) == 0 {
		unlucky()
		fmt.Println(titled())
	}
}

//go:noinline
func values() {
	var (
		yes   = true
		i8    = int8(-8)
		i64   = int64(math.MinInt64)
		u8    = uint8(255)
		u64   = uint64(math.MaxUint64)
		up    = uintptr(4096)
		f32   = float32(1.2)
		f64   = 7.23
		tiny  = 1e-7
		nan   = math.NaN()
		inf   = math.Inf(1)
		ninf  = math.Inf(-1)
		c64   = complex64(1 + 2i)
		c128  = complex(2, -3)
		cnan  = complex(math.NaN(), math.Inf(-1))
		str   = "plain"
		esc   = "tab\tquote\"\x00é\xff世"
		empty = ""
		long  = string(make([]byte, 600))

		day      = tuesday
		noDay    = weekday(99)
		style    = bold | italic
		duration = 90 * time.Second
		when     = time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC)
		never    time.Time

		arr     = [3]int{1, 2, 3}
		arr0    = [0]int{}
		grid    = [2][2]int{{1, 2}, {3, 4}}
		bytes   = []byte("tèst")
		runes   = []rune("tèst")
		ints    = []int{1, 2, 3}
		nilInts []int
		noInts  = []int{}
		many    = make([]int, 100)
		strs    = []string{"a", "b"}
		points  = []point{{1, 2}, {3, 4}}
		ptrs    = []*point{{5, 6}, nil}
		anys    = []any{1, "x", nil, point{7, 8}, &point{9, 10}, []int{1}}
		nested  = [][]string{{"a"}, {"b", "c"}}

		byName    = map[string]int{"one": 1}
		byPoint   = map[point]int{{1, 1}: 42}
		pointToP  = map[point]point{{1, 2}: {3, 4}}
		byInt     = map[int]*point{1: {10, 11}}
		byUint    = map[uint8]string{7: "seven"}
		byFloat   = map[float64]bool{0.5: true}
		byBool    = map[bool]int{true: 1}
		byAny     = map[any]int{"k": 1}
		nilMap    map[string]int
		emptyMap  = map[string]int{}
		big       = map[int]int{}
		aliased   = alias{{1, 2}: "a"}
		sets      = map[string]struct{}{"in": {}}
		mapOfMaps = map[string]map[string]point{"m": {"n": {1, 2}}}

		st      = point{1, 2}
		anon    = struct{ A, B any }{1, "b"}
		nothing struct{}
		em      = embedded{point{1, 2}, &node{Name: "n"}, true}
		dp      deep
		gen     = pair[string, point]{"k", point{1, 2}}
		ring    = &node{Name: "ring"}

		ptr     = &st
		pptr    = &ptr
		nilPtr  *point
		unread      = unreadable()
		raw         = rawPointer(ptr)
		rawNil      = rawPointer(nil)
		iface   any = "boxed"
		nilFace any
		err     error = &fault{3}
		nilErr  error
		plain   = errors.New("plain")
		typed   stringer
		self    any
		nilIn   error = (*fault)(nil)

		fn    = double
		nilFn func()
		meth  = em.Sum
		ch    = make(chan int, 11)
		nilCh chan point
		lst   = list.New()

		onHeap = 5
	)
	for i := range 66 {
		big[i] = i
	}
	ch <- 1
	ch <- 2
	ring.Next, ring.Kids = ring, []*node{ring}
	self = &self
	dp.In.List = points
	dp.In.In.In.Last = 9
	dp.Table = mapOfMaps
	lst.PushBack("x")
	pointer = &onHeap
	captured := 0
	count := func() int {
		captured++
		return captured // here: closure
	}
	count()
	use(yes, i8, i64, u8, u64, up, f32, f64, tiny, nan, inf, ninf, c64, c128, cnan, str, esc, empty, long) // here: values
	use(day, noDay, style, duration, when, never, arr, arr0, grid, bytes, runes, ints, nilInts, noInts, many, strs, points, ptrs, anys, nested)
	use(byName, byPoint, pointToP, byInt, byUint, byFloat, byBool, byAny, nilMap, emptyMap, big, aliased, sets, mapOfMaps)
	use(st, anon, nothing, em, gen, pptr, nilPtr, unread, raw, rawNil, iface, nilFace, nilErr, plain, typed, fn, nilFn, meth, ch, nilCh, lst)
	use(err, nilIn, self, dp.In.In.In.Last, anything, pointer)
}
