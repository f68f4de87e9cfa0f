// Hot is the program that benchmarks watch: it writes one variable again and again, on
// one line, and says itself how long that took.
//
//	hot FILE WHAT THREADS COUNT DURATION
//
// WHAT is x, V or W (what is next to V), or idle: it says "ready" then, and waits to be
// killed. Each of the threads writes COUNT times, but ends when the duration is over. Into
// the file goes a line with the nanoseconds that passed, the processor time that the
// program and its debugger took in them, the writes made in them, and all writes: the
// first of each thread is made before, since debuggers prepare a condition then.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// What is watched.
var (
	x       int64
	quiet   [4]int64 // nobody writes them
	guarded struct { // V and W are alone on their page
		_    [4096]byte
		V, W int64
		_    [4096]byte
	}
)

type point struct{ X, Y int }

func init() { runtime.LockOSThread() } // what one thread does the leading one does

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: hot FILE WHAT THREADS COUNT DURATION")
		os.Exit(64)
	}
	threads, err := strconv.Atoi(os.Args[3])
	check(err)
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	limit, err := time.ParseDuration(os.Args[5])
	check(err)
	write := map[string]func(int64){"x": hit, "V": hitV, "W": hitW}[os.Args[2]]
	if write == nil {
		_, err := fmt.Println("ready")
		check(err)
		_ = syscall.Pause()
		return
	}
	var c clock
	made := 0
	if threads == 1 {
		made = descend(16, func() int { return loop(write, count, limit, c.start) })
	} else {
		made = together(threads, write, count, limit, &c)
	}
	wall, cpu := c.stop()
	check(os.WriteFile(os.Args[1], fmt.Appendf(nil, "%d %d %d %d\n", wall, cpu, made, made+threads), 0o644))
	if count < 0 { // so that the linker keeps them
		fmt.Println(x, quiet, guarded)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "hot:", err)
		os.Exit(65)
	}
}

// together writes on threads at once.
func together(threads int, write func(int64), count int, limit time.Duration, c *clock) (made int) {
	var ready, done sync.WaitGroup
	var mu sync.Mutex
	start := make(chan bool)
	for range threads {
		ready.Add(1)
		done.Go(func() {
			runtime.LockOSThread()
			n := loop(write, count, limit, func() { ready.Done(); <-start })
			mu.Lock()
			made += n
			mu.Unlock()
		})
	}
	ready.Wait()
	c.start()
	close(start)
	done.Wait()
	return made
}

// descend calls a function with a stack of some depth.
//
//go:noinline
func descend(depth int, then func() int) int {
	if depth == 0 {
		return then()
	}
	return descend(depth-1, then)
}

// loop writes once, and then until the time is over.
//
//go:noinline
func loop(write func(int64), count int, limit time.Duration, ready func()) (n int) {
	write(0)
	ready()
	until := time.Now().Add(limit)
	for {
		n++
		write(int64(n))
		if n == count || !time.Now().Before(until) {
			return n
		}
	}
}

// hit writes x, with some variables around to be looked at.
//
//go:noinline
func hit(v int64) {
	where := point{int(v), 1}
	list := [4]int64{v, v, v, v}
	name := "argus"
	x = v // hot
	use(&where, &list, name)
}

//go:noinline
func hitV(v int64) { guarded.V = v }

//go:noinline
func hitW(v int64) { guarded.W = v }

//go:noinline
func use(*point, *[4]int64, string) {}
