// Crowd is the target of tests with more to watch than there are debug registers.
// Every mode says at its end how often everything was written.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// cell is a variable on a cache line of its own.
type cell struct {
	V int64
	_ [56]byte
}

// What is watched.
var (
	cells  [64]cell // 64 of them on a page or two
	rounds int64    // how often each was written

	// One variable on a page that nobody else writes to.
	lonely struct {
		_ [4096]byte
		V int64
		_ [4096]byte
	}

	doing [64]cell // which cell a thread of "named" is about to write

	a, b       [4]int64 // written by thread A, and by thread B
	tidA, tidB int      // their ids
	start      int64    // the debugger sets it
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: crowd MODE COUNT [THREADS]")
		os.Exit(64)
	}
	n, _ := strconv.Atoi(os.Args[2])
	threads := 1
	if len(os.Args) > 3 {
		threads, _ = strconv.Atoi(os.Args[3])
	}
	switch os.Args[1] {
	case "turns":
		turns(time.Duration(n) * time.Millisecond)
	case "named":
		named(time.Duration(n)*time.Millisecond, threads)
	case "rare":
		rare(time.Duration(n) * time.Millisecond)
	case "pairs":
		pairs(n)
	case "busy":
		busy(time.Duration(n)*time.Millisecond, threads)
	case "nothing": // keeps what only tests read
		fmt.Println(rounds)
	case "idle":
		idle(time.Duration(n)*time.Millisecond, threads)
	default:
		fmt.Fprintln(os.Stderr, "crowd: no such mode")
		os.Exit(64)
	}
	finished()
}

// finished is where a test stops to look.
//
//go:noinline
func finished() {}

// turns writes all cells, one after the other, for some time.
func turns(d time.Duration) {
	runtime.LockOSThread()
	for until := time.Now().Add(d); time.Now().Before(until); {
		for i := range cells {
			cells[i].V++
		}
		rounds++
	}
}

// named writes all cells for some time, each on one of the threads: cell i on thread
// i % threads. A value is the cell's index, shifted left by 40, and how often it was
// written.
func named(d time.Duration, threads int) {
	var done sync.WaitGroup
	until := time.Now().Add(d)
	for t := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			for n := int64(1); time.Now().Before(until); n++ {
				for i := t; i < len(cells); i += threads {
					atomic.StoreInt64(&doing[t].V, int64(i))
					atomic.StoreInt64(&cells[i].V, int64(i)<<40|n)
				}
			}
		})
	}
	done.Wait()
}

// rare writes the lonely variable now and then, and cell 0 all the time.
func rare(d time.Duration) {
	runtime.LockOSThread()
	next := time.Now()
	for until := next.Add(d); ; {
		now := time.Now()
		if now.After(until) {
			return
		}
		if now.After(next) {
			lonely.V++
			rounds++
			next = now.Add(20 * time.Millisecond)
		}
		cells[0].V++
	}
}

// pairs writes a on one thread and b on another, each n times, when start is set.
func pairs(n int) {
	var ready, done sync.WaitGroup
	for _, w := range []struct {
		tid *int
		v   *[4]int64
	}{{&tidA, &a}, {&tidB, &b}} {
		ready.Add(1)
		done.Go(func() {
			runtime.LockOSThread()
			*w.tid = syscall.Gettid()
			ready.Done()
			for !begun() {
				syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 1000})
			}
			for range n {
				for i := range w.v {
					w.v[i]++
				}
			}
		})
	}
	ready.Wait()
	running()
	done.Wait()
}

// begun reads what the debugger writes.
//
//go:noinline
func begun() bool { return start != 0 }

// running is where the threads are known.
//
//go:noinline
func running() {}

// busy computes on every thread for some time, and says how far it came.
func busy(d time.Duration, threads int) {
	var done sync.WaitGroup
	counts := make([]int64, threads*8)
	runtime.GOMAXPROCS(threads + 1)
	until := time.Now().Add(d)
	for i := range threads {
		done.Go(func() {
			runtime.LockOSThread()
			for time.Now().Before(until) {
				for range 1000 {
					counts[i*8] += work(counts[i*8])
				}
			}
		})
	}
	done.Wait()
	var sum int64
	for i := range threads {
		sum += counts[i*8]
	}
	fmt.Println(sum)
}

//go:noinline
func work(n int64) int64 { return 1 + n/(1<<62) }

// idle computes on one thread, as busy does, while the others sleep and wake up now
// and then.
func idle(d time.Duration, threads int) {
	for range threads - 1 {
		go func() {
			runtime.LockOSThread()
			for {
				syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 100_000})
			}
		}()
	}
	busy(d, 1)
}
