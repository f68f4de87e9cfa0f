// Lifetimes is the target of tests about the ends of watched variables: each scenario has
// one local variable that is handed to begin, is written a known number of times, and goes
// in some way; then its memory is used by others. It is started with a scenario's name
// and a count.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

var scenarios = map[string]func(n int){
	"return":    returns,
	"unwound":   unwound,
	"recovers":  func(n int) { recovers(n); scribble() },
	"goexit":    goexit,
	"goroutine": goroutine,
	"closure":   closure,
	"crowd":     crowd,
	"grow":      grows,
	"shrink":    shrinks,
	"recursion": func(n int) { recursion(n, 6); scribble() },
	"many":      many,
	"pointer":   pointsToStack,
	"escapes":   escapes,
	"receive":   receives,
	"closed":    closed,
	"timer":     timer,
	"select":    selects,
	"nested":    nested,
	"crash":     func(n int) { panics(n) },
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	scenarios[os.Args[1]](n)
	fmt.Println("done")
}

var sink int64

// begin is where tests stop to watch what p points to.
//
//go:noinline
func begin(p *int64) { sink += *p }

//go:noinline
func add(p *int64, n int) {
	for range n {
		*p += 1
	}
}

// scribble writes all over the stack below its caller, in this call and deeper ones.
//
//go:noinline
func scribble() {
	for i := range 8 {
		fill(i)
	}
}

//go:noinline
func fill(depth int) int64 {
	var pad [128]int64
	for i := range pad {
		pad[i] = int64(i) * 3
	}
	if depth > 0 {
		return fill(depth-1) + pad[depth%len(pad)]
	}
	return pad[5]
}

//go:noinline
func returns(n int) {
	one(n)
	scribble()
}

//go:noinline
func one(n int) {
	var v int64
	begin(&v)
	add(&v, n)
}

// unwound loses the variable to a panic that is recovered further up.
//
//go:noinline
func unwound(n int) {
	func() {
		defer func() {
			recover()
			scribble()
		}()
		between(n)
	}()
	scribble()
}

//go:noinline
func between(n int) {
	defer add(&sink, 1)
	panics(n)
}

//go:noinline
func panics(n int) {
	var v int64
	begin(&v)
	add(&v, n)
	panic("as the scenario says")
}

// recovers has the variable written by the deferred function that recovers.
//
//go:noinline
func recovers(n int) {
	var v int64
	defer func() {
		v += 5
		recover()
	}()
	begin(&v)
	add(&v, n)
	panic("as the scenario says")
}

func goexit(n int) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		exits(n)
	}()
	wg.Wait()
	others()
}

//go:noinline
func exits(n int) {
	var v int64
	defer func() { v += 5 }()
	begin(&v)
	add(&v, n)
	runtime.Goexit()
}

// others starts goroutines, which get the stacks of those that have ended.
func others() {
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(scribble)
	}
	wg.Wait()
}

func goroutine(n int) {
	done := make(chan bool)
	go root(n, done)
	<-done
	others()
}

func root(n int, done chan bool) {
	var v int64
	begin(&v)
	add(&v, n)
	done <- true
}

// closure has the variable in the function with which the goroutine begins.
func closure(n int) {
	done := make(chan bool)
	go func() {
		var v int64
		begin(&v)
		add(&v, n)
		done <- true
	}()
	<-done
	others()
}

// crowd starts n goroutines, whose stacks grow, while the variable is there.
//
//go:noinline
func crowd(n int) {
	var v int64
	begin(&v)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() { fill(2) })
		if runtime.NumGoroutine() > 100 {
			wg.Wait()
		}
	}
	wg.Wait()
	add(&v, 1)
}

// grows writes through a pointer from ever deeper, n times.
//
//go:noinline
func grows(n int) {
	done := make(chan bool)
	go func() {
		growing(n)
		scribble()
		done <- true
	}()
	<-done
}

//go:noinline
func growing(n int) {
	var v int64
	begin(&v)
	deeper(&v, n)
}

//go:noinline
func deeper(p *int64, n int) int64 {
	var pad [64]int64
	*p += 1
	if n > 1 {
		return deeper(p, n-1) + pad[n%64]
	}
	return pad[0]
}

// shrinks has the collector halve the stack of a goroutine n times over, by making it
// large before. The collector leaves a stack alone that is in use just then.
//
//go:noinline
func shrinks(n int) {
	ask, done := make(chan bool), make(chan bool)
	go func() {
		fill(200)
		shrinking(n, ask)
		scribble()
		done <- true
	}()
	for {
		select {
		case <-ask:
			runtime.GC()
			ask <- true
		case <-done:
			return
		}
	}
}

//go:noinline
func shrinking(n int, ask chan bool) {
	var v int64
	begin(&v)
	for range n {
		v += 1
		before := at(&v)
		for try := 0; at(&v) == before; try++ {
			ask <- true
			if try == 0 {
				v += 1 // while the collector works
			}
			<-ask
		}
		v += 1
	}
	add(&v, 1)
}

// recursion has a variable at each depth, and hands the one of depth 3 to begin. All of
// them are written n times on the way out, and n times on the way in.
//
//go:noinline
func recursion(n, depth int) {
	var v int64
	if depth == 3 {
		begin(&v)
	}
	add(&v, n)
	if depth > 0 {
		recursion(n, depth-1)
	}
	add(&v, n)
}

// many calls the function from many goroutines while one has its variable watched.
func many(n int) {
	var wg sync.WaitGroup
	start := make(chan bool)
	for i := range 8 {
		wg.Go(func() {
			if i > 0 {
				<-start
			}
			quietly(n, i == 0, start)
		})
	}
	wg.Wait()
}

//go:noinline
func quietly(n int, first bool, start chan bool) {
	var v int64
	if first {
		begin(&v)
		close(start)
	}
	add(&v, n)
	for range 20 {
		call(n)
	}
}

//go:noinline
func call(n int) {
	var v int64
	add(&v, n)
	deeper(&v, 40)
}

// pointsToStack has a pointer into its own stack, which the runtime changes when the stack
// moves, and writes it n times after.
//
//go:noinline
func pointsToStack(n int) {
	done := make(chan bool)
	go func() {
		pointing(n)
		done <- true
	}()
	<-done
}

//go:noinline
func pointing(n int) {
	var a, b int64
	p := &a
	beginPointer(&p)
	fill(100)
	for i := range n {
		if i%2 == 0 {
			p = &b
		} else {
			p = &a
		}
		*p += 1
		touch(&p)
	}
}

//go:noinline
func beginPointer(p **int64) { sink += **p }

//go:noinline
func touch(p **int64) { sink += **p }

var kept *int64

// escapes has a variable that outlives its function.
//
//go:noinline
func escapes(n int) {
	makes()
	add(kept, n)
}

//go:noinline
func makes() {
	var v int64
	kept = &v
	begin(kept)
}

// park lets a goroutine that was started run until it waits: there is one processor.
func park(start func()) {
	runtime.GOMAXPROCS(1)
	go start()
	runtime.Gosched()
	beginParked()
}

//go:noinline
func beginParked() {}

// receives has another goroutine write its variable, n times, while it waits.
func receives(n int) {
	ch, done := make(chan int64), make(chan bool)
	park(func() { receiver(n, ch); done <- true })
	for i := range n {
		ch <- int64(i + 1) // the operation
		runtime.Gosched()
	}
	<-done
}

//go:noinline
func receiver(n int, ch chan int64) {
	var v int64
	for range n {
		v = <-ch
		touchInt(&v)
	}
}

//go:noinline
func touchInt(p *int64) { sink += *p }

// closed has the variable of a waiting goroutine zeroed.
func closed(int) {
	ch, done := make(chan int64), make(chan bool)
	park(func() { closing(ch); done <- true })
	close(ch) // the operation
	<-done
}

//go:noinline
func closing(ch chan int64) {
	v := int64(7)
	touchInt(&v)
	v = <-ch
	touchInt(&v)
}

// timer has the runtime write its variable.
func timer(int) {
	done := make(chan bool)
	t := time.NewTimer(time.Hour)
	park(func() { waiter(t.C); done <- true })
	t.Reset(time.Millisecond) // the operation
	<-done
}

//go:noinline
func waiter(c <-chan time.Time) {
	v := <-c
	fmt.Fprintln(os.Stderr, v)
}

// selects has its variable written while it waits in a select.
func selects(n int) {
	a, b, done := make(chan int64), make(chan int64), make(chan bool)
	park(func() { selecting(n, a, b); done <- true })
	for i := range n {
		a <- int64(i + 1) // the operation
		runtime.Gosched()
	}
	<-done
}

//go:noinline
func selecting(n int, a, b chan int64) {
	var v int64
	for range n {
		select {
		case v = <-a:
		case <-b:
		}
		touchInt(&v)
	}
}

// nested recovers from a panic in a deferred function, during another one.
//
//go:noinline
func nested(n int) {
	func() {
		defer func() { recover() }()
		inner(n)
	}()
	scribble()
}

//go:noinline
func inner(n int) {
	var v int64
	defer func() {
		unwound(0)
		add(&v, n)
		panic("again")
	}()
	begin(&v)
	add(&v, n)
	panic("as the scenario says")
}
