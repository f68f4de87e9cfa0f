// Work is the program that benchmarks of the price of watching run: it does something that
// programs do, again and again, while variables beside it are watched, and says itself how
// long that took.
//
//	work FILE WHAT DURATION
//
// WHAT is json (encode a value), map (count in a map), or skewed (count in a map, and write
// next to the first of the watched variables, on its page). It does rounds until the
// duration is over; into the file goes a line with the nanoseconds that passed, and the
// rounds.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// pages are what is watched, each on a page of its own: nobody writes V.
var pages [1000]struct {
	V, Beside int64
	_         [4096 - 16]byte
}

type item struct {
	Name  string
	Price int
	Tags  map[string]int
}

var (
	order  = []item{{"bread", 3, map[string]int{"seen": 1}}, {"milk", 2, nil}, {"salt", 1, map[string]int{"a": 1, "b": 2}}}
	counts = map[int]int{}
	length int
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: work FILE WHAT DURATION")
		os.Exit(64)
	}
	limit, err := time.ParseDuration(os.Args[3])
	check(err)
	round := map[string]func(int){"json": encode, "map": count, "skewed": skewed}[os.Args[2]]
	round(0)
	begun()
	began, n := time.Now(), 0
	for n == 0 || time.Since(began) < limit {
		n++
		round(n)
	}
	took := time.Since(began)
	check(os.WriteFile(os.Args[1], fmt.Appendf(nil, "%d %d\n", took.Nanoseconds(), n), 0o644))
	if length < 0 {
		fmt.Println(pages)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "work:", err)
		os.Exit(65)
	}
}

// begun is where whoever debugs this can come in.
//
//go:noinline
func begun() {}

func encode(n int) {
	order[n%len(order)].Price = n
	b, err := json.Marshal(order)
	check(err)
	length = len(b)
}

func count(n int) {
	for i := range 10 {
		counts[(n+i*7)%500]++
	}
}

func skewed(n int) {
	count(n)
	pages[0].Beside = int64(n)
}
