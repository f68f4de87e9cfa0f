// Parked is the target of tests that list goroutines: COUNT of them, parked in every way
// that Go has, SPINNERS that run, and THREADS that hold a thread each. It calls settled when all of them are where they
// stay, a thousand times, and is to be killed.
package main

import (
	"context"
	"fmt"
	"iter"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	never = make(chan int)
	begun sync.WaitGroup
	quit  atomic.Bool
	mutex sync.Mutex
	rw    sync.RWMutex
	once  sync.Once
	wg    sync.WaitGroup
	cond  = sync.NewCond(&sync.Mutex{})
	sink  atomic.Int64
)

// ways are how a goroutine can be parked.
var ways = []func(int){
	receive, send, receiveNil, sendNil, rangeOver, choose, chooseNothing, lock, readLock, wait, waitForAll, sleep, tick,
	deep, inDefer, whilePanicking, readPipe, accept, inOnce, timeout, labelled, coroutine, locked, generic[string], inMethod,
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: parked COUNT [SPINNERS [THREADS]]")
		os.Exit(64)
	}
	count, _ := strconv.Atoi(os.Args[1])
	spinners, threads := 0, 2
	if len(os.Args) > 2 {
		spinners, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) > 3 {
		threads, _ = strconv.Atoi(os.Args[3])
	}
	mutex.Lock()
	rw.Lock()
	wg.Add(1)
	for i := range count {
		way := ways[i%len(ways)]
		begun.Add(1)
		go way(i)
	}
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		panic(err)
	}
	for range threads {
		begun.Add(1)
		go inSystemCall(p[0])
	}
	begun.Wait()
	time.Sleep(200 * time.Millisecond) // from "about to" to parked
	for i := range spinners {
		if i%2 == 0 {
			go spin()
		} else {
			go yield(i)
		}
	}
	time.AfterFunc(5*time.Minute, func() { os.Exit(3) }) // whoever wanted it has gone
	for range 1000 {
		go later() // has not begun when settled is called
		settled()
	}
	<-never
}

//go:noinline
func settled() { sink.Add(1) }

func later() { <-never }

func receive(int) { begun.Done(); <-never }
func send(i int)  { begun.Done(); never2() <- i }

func never2() chan int { return make(chan int) }

func receiveNil(int) {
	var ch chan int
	begun.Done()
	<-ch
}

func sendNil(int) {
	var ch chan int
	begun.Done()
	ch <- 1
}

func rangeOver(int) {
	begun.Done()
	for range never {
		sink.Add(1)
	}
}

func choose(i int) {
	begun.Done()
	select {
	case v := <-never:
		sink.Add(int64(v))
	case never2() <- i:
	}
}

func chooseNothing(int) {
	begun.Done()
	select {}
}

func lock(int) {
	begun.Done()
	mutex.Lock()
}

func readLock(int) {
	begun.Done()
	rw.RLock()
}

func wait(int) {
	cond.L.Lock()
	begun.Done()
	cond.Wait()
}

func waitForAll(int) {
	begun.Done()
	wg.Wait()
}

func sleep(int) {
	begun.Done()
	time.Sleep(time.Hour)
}

func tick(int) {
	t := time.NewTicker(time.Hour)
	begun.Done()
	<-t.C
}

func deep(i int) { down(i%50, i) }

//go:noinline
func down(n, i int) int {
	var pad [64]int
	pad[i%64] = n
	if n == 0 {
		begun.Done()
		return <-never
	}
	return down(n-1, i) + pad[(i+1)%64]
}

func inDefer(int) {
	defer func() {
		begun.Done()
		<-never
	}()
	sink.Add(1)
}

func whilePanicking(i int) {
	defer func() {
		begun.Done()
		<-never
	}()
	var none *int
	sink.Add(int64(*none))
}

func readPipe(int) {
	if sink.Add(1) > 200 { // descriptors are not without end
		receive(0)
	}
	r, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	begun.Done()
	_, _ = r.Read(make([]byte, 1))
}

var listeners atomic.Int64

func accept(int) {
	if listeners.Add(1) > 20 {
		receive(0)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	begun.Done()
	_, _ = l.Accept()
}

func inOnce(int) {
	begun.Done()
	once.Do(func() { <-never })
}

func timeout(int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	begun.Done()
	<-ctx.Done()
}

func labelled(i int) {
	pprof.Do(context.Background(), pprof.Labels("way", "labelled", "number", strconv.Itoa(i)), func(context.Context) {
		go later() // inherits
		begun.Done()
		<-never
	})
}

func coroutine(int) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		begun.Done()
		<-never
		yield(1)
	})
	defer stop()
	next()
}

var pinned atomic.Int64

func locked(int) {
	if pinned.Add(1) <= 3 {
		runtime.LockOSThread()
	}
	begun.Done()
	<-never
}

func generic[T any](int) {
	ch := make(chan T)
	begun.Done()
	<-ch
}

type waiter struct{ ch chan int }

func (w *waiter) wait() { <-w.ch }

func inMethod(int) {
	w := &waiter{ch: make(chan int)}
	begun.Done()
	f := w.wait
	f()
}

// inSystemCall blocks a thread.
func inSystemCall(fd int) {
	begun.Done()
	_, _ = syscall.Read(fd, make([]byte, 1))
}

func spin() {
	for !quit.Load() {
		sink.Add(1)
	}
}

func yield(i int) {
	for !quit.Load() {
		runtime.Gosched()
	}
}
