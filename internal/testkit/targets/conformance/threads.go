package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

func init() {
	scenarios["fields"] = fields
	scenarios["many"] = many
	scenarios["yield"] = yield
	scenarios["handover"] = handover
	scenarios["garbage"] = garbage
	scenarios["grow"] = grow
	scenarios["exec"] = execSelf
	scenarios["stepped"] = stepped
}

// fields writes both of two adjacent fields, by a store each.
//
//go:noinline
func fields(n int) {
	for i := range n {
		pair.A = int64(i)
		pair.B = int64(i)
	}
}

// many writes in 16 threads at once, n times each.
func many(n int) {
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			runtime.LockOSThread()
			for range n {
				atomic.AddUint64(&area[word], 1)
			}
		})
	}
	all.Wait()
}

// yield has two threads write in turns on one processor: each store is the last thing before
// another thread is switched to, or the first behind.
func yield(n int) {
	one := firstProcessor()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			runtime.LockOSThread()
			setAffinity(one)
			for range n {
				atomic.AddUint64(&area[word], 1)
				_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
			}
		})
	}
	all.Wait()
}

// handover passes a token between two threads that sleep for it; who has it writes.
func handover(n int) {
	a, b := make(chan bool, 1), make(chan bool, 1)
	var all sync.WaitGroup
	for _, c := range [][2]chan bool{{a, b}, {b, a}} {
		all.Go(func() {
			runtime.LockOSThread()
			for range n {
				<-c[0]
				area[word]++
				c[1] <- true
			}
		})
	}
	a <- true
	all.Wait()
}

// garbage stores pointers while the collector marks, which takes note of them.
func garbage(n int) {
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for i := range n {
		ptr = fresh(i)
		runtime.Gosched()
	}
	close(stop)
	<-done
}

//go:noinline
func fresh(i int) *int64 {
	v := int64(i)
	return &v
}

// grow writes a local variable n times, lets its stack move, and writes it n times more.
//
//go:noinline
func grow(n int) {
	var local int64
	pause()
	for range n {
		local++
	}
	deep(1000)
	for range n {
		local++
	}
	area[0] = uint64(local)
}

//go:noinline
func deep(n int) int {
	var pad [64]int
	if n == 0 {
		return pad[0]
	}
	return deep(n-1) + pad[n%64]
}

// execSelf writes and replaces the program by one that does nothing.
func execSelf(n int) {
	for i := range n {
		area[word] = uint64(i + 1)
	}
	check(syscall.Exec("/proc/self/exe", []string{"conformance"}, nil))
}

// stepped writes the word and the one behind it, n times each.
//
//go:noinline
func stepped(n int) {
	for i := range n {
		area[word] = uint64(i + 1)
		area[word+1] = uint64(i + 1)
	}
}
