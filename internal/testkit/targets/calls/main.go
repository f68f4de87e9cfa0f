// Calls is the target of tests that look at code and step into calls. It goes through
// its lines again and again.
package main

import (
	"fmt"
	"os"
)

type shape interface{ area() int }

type square struct{ side int }

type named struct {
	*square
	name string
}

func (s *square) area() int { return s.side * s.side }

func one(n int) int { return n + 1 }

func two(n int) int { return n + 2 }

func both(a, b int) int { return a + b }

func generic[T int | int64](v T) T { return v + 3 }

//go:noinline
func pick(n int) shape {
	if n < 0 {
		return &square{n}
	}
	return named{&square{n}, "n"} // its area is a wrapper's
}

// down calls itself before it calls one.
func down(n int) int {
	if n == 0 {
		return 0
	}
	return down(n-1) + one(n) // recursive
}

func fails(n int) int {
	if n > 0 {
		panic("fails")
	}
	return n
}

func recovers(n int) (v int) {
	defer func() { _ = recover() }()
	v = fails(n) + one(n) // panics
	return v
}

func maybe(n int) int {
	if n > 0 && two(n) > 0 || one(n) > 0 { // short
		return n
	}
	return 0
}

func work(n int) int {
	s := pick(n)
	f := func(k int) int { return k * 2 }
	v := both(one(n), two(n)) // line
	v += s.area() + f(v)      // pointers
	v += generic(v)           // generic
	v += down(3)
	v += recovers(1)
	v += maybe(1)
	return v
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("no arguments, please")
		os.Exit(64)
	}
	sum := 0
	for i := range 100 {
		sum += work(i)
	}
	fmt.Println(sum)
}
