// Workers is the target of tests about the variables of many goroutines and of many calls:
// each scenario has a function whose local variables are written a known number of times in
// each call. It is started with a scenario's name, and two counts.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
)

var scenarios = map[string]func(n, each int){
	"sums":      sums,
	"calls":     calls,
	"recursion": func(n, each int) { descend(n, each) },
	"panics":    panics,
	"exits":     exits,
	"escapes":   escapes,
	"blocks":    blocks,
	"shared":    shared,
	"present":   present,
	"grows":     grows,
	"pointers":  pointers,
	"wide":      wides,
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	each, _ := strconv.Atoi(os.Args[3])
	scenarios[os.Args[1]](n, each)
	if total < 0 {
		panic("the sums are wrong")
	}
}

var (
	total int
	mutex sync.Mutex
)

// sums has n workers, each with its own sum and count.
func sums(n, each int) {
	var wg sync.WaitGroup
	for id := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			worker(id+1, each)
		}()
	}
	wg.Wait()
}

// worker writes its sum and its count as often as it is told, and ends with each*id.
//
//go:noinline
func worker(id, each int) int {
	sum, count := 0, 0
	for i := 0; i < each; i++ {
		sum += id
		count++
		if i%8 == 0 {
			runtime.Gosched()
		}
	}
	mutex.Lock()
	total += sum
	mutex.Unlock()
	return sum
}

// calls calls a function n times.
func calls(n, each int) {
	for range n {
		total = call(each)
	}
}

//go:noinline
func call(each int) (result int) {
	local := result
	for range each {
		local++
	}
	result = local
	return result
}

// descend calls itself n times over, and writes before and after.
//
//go:noinline
func descend(n, each int) {
	depth := 0
	for range each {
		depth++
	}
	if n > 1 {
		descend(n-1, each)
	}
	for range each {
		depth++
	}
	total += depth
}

// panics has n calls end by a panic, which the caller recovers from, and n by one that the
// function recovers from by itself.
func panics(n, each int) {
	for range n {
		func() {
			defer func() { _ = recover() }()
			fails(each)
		}()
		recovers(each)
	}
}

//go:noinline
func fails(each int) {
	tried := 0
	for range each {
		tried++
	}
	panic("as the scenario says")
}

//go:noinline
func recovers(each int) {
	tried := 0
	defer func() { _ = recover() }()
	for range each {
		tried++
	}
	total += tried
	panic("as the scenario says")
}

// exits has n goroutines end in the function.
func exits(n, each int) {
	for range n {
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			leaves(each)
		}()
		wg.Wait()
	}
}

//go:noinline
func leaves(each int) {
	tried := 0
	for range each {
		tried++
	}
	total += tried
	runtime.Goexit()
}

// escapes has a variable on the heap, which another goroutine writes too.
func escapes(n, each int) {
	for range n {
		escaping(each)
	}
}

//go:noinline
func escaping(each int) {
	shared := 5
	done := make(chan bool)
	go func() {
		for range each {
			shared++
		}
		done <- true
	}()
	<-done
	shared++
	total += shared
}

// blocks has variables of one name in several blocks.
func blocks(n, each int) {
	for range n {
		nested(each)
	}
}

//go:noinline
func nested(each int) {
	x := 1
	for i := range each {
		x := i
		x += 10
		total += x
	}
	if y := x; y > 0 {
		x := "inner"
		x = x + "!"
		total += len(x)
	}
	x++
	total += x
}

// shared has n goroutines write the package's variable by turns, each under a label of its
// own.
func shared(n, each int) {
	var wg sync.WaitGroup
	turn := make([]chan bool, n+1)
	for i := range turn {
		turn[i] = make(chan bool, 1)
	}
	for id := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			labelled(id, each, turn[id], turn[id+1])
		}()
	}
	turn[0] <- true
	wg.Wait()
}

func labelled(id, each int, mine, next chan bool) {
	<-mine
	pprof.Do(context.Background(), pprof.Labels("job", strconv.Itoa(id)), func(context.Context) {
		if id%2 == 0 {
			evenly(each)
		} else {
			oddly(each)
		}
	})
	next <- true
}

//go:noinline
func evenly(each int) {
	for range each {
		add()
	}
}

//go:noinline
func oddly(each int) {
	for range each {
		add()
	}
}

//go:noinline
func add() { total++ }

// present has n goroutines in the function when begin is called, and more after.
func present(n, each int) {
	var wg sync.WaitGroup
	gate, ready := make(chan bool), make(chan bool)
	start := func() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			waits(each, gate, ready)
		}()
		<-ready
	}
	for range n {
		start()
	}
	begin()
	start()
	close(gate)
	wg.Wait()
}

//go:noinline
func begin() {}

//go:noinline
func waits(each int, gate, ready chan bool) {
	mine := 0
	for range each {
		mine++
	}
	ready <- true
	<-gate
	for range each {
		mine++
	}
	mutex.Lock()
	total += mine
	mutex.Unlock()
}

// grows has the stack move while the variable is there.
func grows(n, each int) {
	done := make(chan bool)
	for range n {
		go func() {
			growing(each)
			done <- true
		}()
		<-done
	}
}

//go:noinline
func growing(each int) {
	grown := 0
	for range each {
		grown++
	}
	total += deep(100)
	for range each {
		grown++
	}
	total += grown
}

//go:noinline
func deep(n int) int {
	var pad [64]int
	pad[n%64] = n
	if n == 0 {
		return pad[0]
	}
	return deep(n-1) + pad[(n+1)%64]
}

type order struct {
	lines int
	price struct{ net, gross int }
}

// pointers hands n objects to a function.
func pointers(n, each int) {
	for range n {
		fill(&order{}, each)
	}
}

//go:noinline
func fill(o *order, each int) {
	price := &o.price
	for range each {
		o.lines++
		price.net += 2
	}
	total += o.lines
}

// wides has a variable that no debug registers can hold, and one whose declaration is on
// several lines.
func wides(n, each int) {
	for range n {
		wide(each)
	}
}

//go:noinline
func wide(each int) {
	var table [40]int
	several := join(
		each,
		each,
	)
	for i := range each {
		table[i%len(table)]++
		several++
	}
	total += table[0] + several
}

//go:noinline
func join(a, b int) int { return a + b }
