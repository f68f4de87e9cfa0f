// Tasks is the target of tests of goroutines with contexts: many goroutines that are parked
// and moved from thread to thread in every way that there is, each with a variable of its
// own that others write too. It needs no more than Go 1.24.
package main

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
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

const (
	most = 10_000
	few  = 8 // marks, and workers that make them
)

var (
	// cells are what is watched: number i is written by worker i, and by others too. A value
	// is who wrote it, shifted left by 40, and how often that one had.
	cells [most]cell
	ids   [most]int64 // of the workers' goroutines
	wrote [most]int64 // how often each worker wrote its own cell

	others [most]int64 // how often each wrote those of others
	marks  [few]int64  // written by every worker of the mode busy
	marked [few * few]int64
	begin  = make(chan struct{})
	leave  = make(chan struct{})
	over   atomic.Bool
	shared sync.Mutex
)

// stranger is the writer of what nobody's worker writes.
const stranger = most

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: tasks MODE WORKERS MILLISECONDS")
		os.Exit(64)
	}
	n, _ := strconv.Atoi(os.Args[2])
	ms, _ := strconv.Atoi(os.Args[3])
	run, ok := map[string]func(*worker){"mixed": (*worker).mixed, "coroutines": (*worker).coroutine, "calls": (*worker).call, "locked": (*worker).locked,
		"handoff": (*worker).gosched, "yield": (*worker).gosched, "spin": (*worker).spin, "busy": (*worker).busy}[os.Args[1]]
	if !ok || n > most || os.Args[1] == "busy" && n > few {
		fmt.Fprintln(os.Stderr, "tasks: no such mode, or too many workers")
		os.Exit(64)
	}
	var ready, done sync.WaitGroup
	ready.Add(n)
	done.Add(n)
	for i := range n {
		go func() {
			work(i, n, run, &ready)
			done.Done()
			<-leave
		}()
	}
	ready.Wait()
	settled()
	close(begin)
	for until := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(until) || os.Args[1] == "busy" && !enough(n); {
		time.Sleep(10 * time.Millisecond)
		if os.Args[1] != "yield" {
			runtime.GC()
		}
	}
	over.Store(true)
	done.Wait()
	finished()
	close(leave)
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
	left()
	var writes int64
	for i := range n {
		writes += wrote[i]
	}
	fmt.Println(writes)
}

// enough reports whether each worker has written often, however busy the machine is.
func enough(n int) bool {
	for i := range n {
		if atomic.LoadInt64(&wrote[i]) < 60 {
			return false
		}
	}
	return true
}

// settled is where all workers wait to begin.
//
//go:noinline
func settled() {}

// finished is where all have done their work, and are still there.
//
//go:noinline
func finished() {}

// left is where they have ended.
//
//go:noinline
func left() {}

// worker is one goroutine.
type worker struct {
	i, n int
	rng  *rand.Rand
	ping chan int
	spun int64
}

//go:noinline
func work(i, n int, run func(*worker), ready *sync.WaitGroup) {
	w := &worker{i: i, n: n, rng: rand.New(rand.NewPCG(uint64(i), 7)), ping: make(chan int)}
	ids[i] = goid()
	ready.Done()
	<-begin
	for !over.Load() {
		run(w)
		w.own()
	}
}

func goid() int64 {
	var buf [64]byte
	text := strings.TrimPrefix(string(buf[:runtime.Stack(buf[:], false)]), "goroutine ")
	id, _, _ := strings.Cut(text, " ")
	n, _ := strconv.ParseInt(id, 10, 64)
	return n
}

// own writes the worker's own cell.
//
//go:noinline
func (w *worker) own() {
	wrote[w.i]++
	cells[w.i].V = int64(w.i)<<40 | wrote[w.i]
}

// neighbour writes another's.
//
//go:noinline
func (w *worker) neighbour() {
	others[w.i]++
	cells[(w.i+1)%w.n].V = int64(w.i)<<40 | others[w.i]
}

// mixed does one thing of many.
func (w *worker) mixed() {
	switch w.rng.IntN(14) {
	case 0:
		runtime.Gosched()
	case 1:
		go func() { w.ping <- 1 }()
		<-w.ping
	case 2:
		time.Sleep(time.Duration(w.rng.IntN(200)) * time.Microsecond)
	case 3:
		shared.Lock()
		w.own()
		shared.Unlock()
	case 4:
		w.call()
	case 5:
		w.panics()
	case 6:
		w.coroutine()
	case 7:
		w.deep(64 + w.rng.IntN(512))
	case 8:
		w.locked()
	case 9:
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			cells[w.i].V = stranger << 40
		}()
		wg.Wait()
	case 10:
		select {
		case <-w.ping:
		case <-time.After(50 * time.Microsecond):
		}
	case 11:
		w.ends()
	default:
		w.neighbour()
	}
}

// gosched gives the thread to another.
func (w *worker) gosched() { runtime.Gosched() }

// spin computes, and does nothing that anybody could notice.
func (w *worker) spin() {
	for i := range 1000 {
		w.spun += int64(i & w.i)
	}
	runtime.Gosched()
}

// busy writes what others write too: the cell of another, and a mark. How often it has made
// which mark is in marked, few of them for each worker.
func (w *worker) busy() {
	for range 1 + w.rng.IntN(3) {
		w.neighbour()
	}
	at := w.rng.IntN(few)
	w.mark(at)
	marked[few*w.i+at]++
	if w.rng.IntN(8) == 0 {
		runtime.Gosched()
	}
}

//go:noinline
func (w *worker) mark(at int) { marks[at] = int64(w.i) }

// call makes system calls: one that is short, and one in which the thread's processor is
// given to others.
func (w *worker) call() {
	syscall.Getpid()
	w.own()
	if w.rng.IntN(4) == 0 {
		_ = syscall.Nanosleep(&syscall.Timespec{Nsec: 60_000}, nil)
	}
}

func (w *worker) panics() {
	defer func() {
		_ = recover()
		w.own()
	}()
	w.own()
	panic(w.i)
}

// coroutine changes to a goroutine of its own and back without the scheduler.
func (w *worker) coroutine() {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for yield(1) {
			cells[w.i].V = stranger << 40
		}
	})
	defer stop()
	for range 3 {
		next()
		w.own()
	}
}

// deep needs a larger stack than it has.
//
//go:noinline
func (w *worker) deep(n int) byte {
	var room [256]byte
	if n > 0 {
		room[n%256] = w.deep(n - 1)
	} else {
		w.own()
	}
	return room[w.i%256]
}

// locked keeps its thread to itself for a while.
func (w *worker) locked() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	w.own()
	runtime.Gosched()
	w.own()
	go func() { w.ping <- 1 }()
	<-w.ping
}

// ends has a goroutine end that has written the cell.
func (w *worker) ends() {
	done := make(chan bool)
	go func() {
		defer close(done)
		cells[w.i].V = stranger << 40
		runtime.Goexit()
	}()
	<-done
}
