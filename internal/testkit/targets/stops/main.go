// Stops is the target of tests of breakpoints: its functions are called a known number of
// times. It is started with a scenario's name and a count.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

var (
	total   int
	account = struct {
		Balance [2]int64
		Owner   *owner
	}{Owner: &theOwner}
	theOwner owner
)

type owner struct{ Name, Age int64 }

// Set has a pointer receiver, Get a value receiver.
func (o *owner) Set(n int64) { o.Age = n }

// Get is called through an interface too, for which the compiler makes a wrapper.
func (o owner) Get() int64 { return o.Age }

type getter interface{ Get() int64 }

//go:noinline
func larger[T int | string](a, b T) T {
	if a > b {
		return a
	}
	return b
}

type stack[T any] struct{ items []T }

//go:noinline
func (s *stack[T]) push(v T) { s.items = append(s.items, v) }

func main() {
	n := 10
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	switch os.Args[1] {
	case "loop":
		loop(n)
	case "names":
		names(n)
	case "workers":
		workers(n)
	case "forever":
		fmt.Println("ready")
		for {
			step(1)
		}
	case "panic":
		panics(os.Args[2])
	case "child":
		child(n)
	case "become":
		loop(n)
		become("loop", os.Args[2])
	case "shell":
		shell(n)
	case "run":
		run(n, os.Args[3:])
	case "text":
		larger("a", "b")
	}
}

func loop(n int) {
	mine := owner{Age: int64(n)} // on the heap
	account.Owner = &mine
	for i := range n {
		step(i) // round

		total += i // add
		// nothing

		account.Balance[1] = int64(total)
	}
}

//go:noinline
func step(i int) {
	local := i * 2
	use(&local) // used
}

//go:noinline
func use(p *int) { *p++ }

func names(n int) {
	var g getter = &theOwner
	var s stack[int]
	for i := range n {
		theOwner.Set(int64(i))
		_ = theOwner.Get() + g.Get()
		s.push(larger(i, 1))
	}
}

// workers calls step in n goroutines, ten times each.
func workers(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for i := range 10 {
				step(i)
			}
		})
	}
	wg.Wait()
}

type odd struct{ Code int }

func panics(how string) {
	switch how {
	case "text":
		panic("out of money")
	case "error":
		panic(fmt.Errorf("wrapped: %w", errors.New("inner")))
	case "value":
		panic(odd{Code: 7})
	case "index":
		var list []int
		_ = list[len(os.Args)]
	case "nil":
		var p *owner
		p.Set(1)
	case "recovered":
		func() {
			defer func() { _ = recover() }()
			panic("not seen")
		}()
	case "deadlock":
		select {}
	}
}

// child runs the program again as a child, n times, and says when that is done.
func child(n int) {
	for range n {
		if err := exec.Command("/proc/self/exe", "loop", "2").Run(); err != nil {
			panic(err)
		}
	}
	fmt.Println("done")
}

// shell has a shell run it.
func shell(int) {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if err := exec.Command("/bin/sh", "-c", exe+" loop 3; exit 0").Run(); err != nil {
		panic(err)
	}
}

// run runs another program, n times.
func run(n int, args []string) {
	for range n {
		if err := exec.Command(args[0], args[1:]...).Run(); err != nil {
			panic(err)
		}
	}
	fmt.Println("ran") // ran
}

func become(args ...string) {
	if err := syscall.Exec("/proc/self/exe", append([]string{"stops"}, args...), os.Environ()); err != nil {
		panic(err)
	}
}
