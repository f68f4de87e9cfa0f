// Guarded is a Go program whose pages tests guard: it says where its variables are, waits
// for a line, writes to each of them a known number of times while the collector runs, and
// says the sums. It has no data races: one over a slice broke its heap now and then, and
// looked like the work of whoever guarded the pages.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

type node struct {
	next *node
	n    int
}

var (
	inData    = int64(1)      // .noptrdata
	ptrInData = &node{nil, 7} // .data
	inBSS     int64           // .noptrbss
	listInBSS *node           // .bss
	neighbour [8]int64        // beside inBSS, one of each goroutine's
	shared    atomic.Int64    // all goroutines
	sink      atomic.Pointer[[]*node]
)

// counters are on the heap, beside pointers that the collector looks after.
type counters struct {
	N    int64
	list *node
	_    [16]int64
	_    int64
}

func main() {
	n, workers := 1000, 4
	if len(os.Args) > 1 {
		n, _ = strconv.Atoi(os.Args[1])
	}
	if len(os.Args) > 2 {
		workers, _ = strconv.Atoi(os.Args[2])
	}
	collect := len(os.Args) > 3
	heap := &counters{}
	done, begin := make(chan int64), make(chan bool)
	ready := make(chan uintptr)
	go func() { // a variable on a stack that has been larger, and is in use
		deeper(400)
		var onStack int64
		ready <- address(&onStack)
		<-begin
		for i := range n {
			onStack++
			if i%64 == 0 {
				deeper(i % 256)
			}
		}
		done <- onStack
		select {} // the stack stays
	}()
	stack := <-ready
	for _, v := range []struct {
		name string
		addr uintptr
	}{{"noptrdata", address(&inData)}, {"data", address(&ptrInData)}, {"noptrbss", address(&inBSS)}, {"bss", address(&listInBSS)},
		{"shared", address(&shared)}, {"heap", address(heap)}, {"stack", stack}} {
		fmt.Printf("%s %x\n", v.name, v.addr)
	}
	fmt.Println("end 0")
	in := bufio.NewReader(os.Stdin)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		work(heap, n, workers, collect)
		onStack := int64(0)
		if stack != 0 {
			close(begin)
			onStack, stack = <-done, 0
		}
		fmt.Println(inData, ptrInData.n, inBSS, length(listInBSS), shared.Load(), heap.N, onStack)
	}
}

func work(heap *counters, n, workers int, collect bool) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range n {
				shared.Add(1)
				neighbour[w%len(neighbour)]++
				if i%16 == 0 {
					garbage(i)
					runtime.Gosched()
				}
			}
		}()
	}
	for i := range n {
		inData++
		inBSS++
		heap.N++
		ptrInData = &node{nil, ptrInData.n + 1}
		listInBSS = &node{listInBSS, i}
		heap.list = listInBSS
		if collect && i%10 == 0 {
			runtime.GC()
		}
	}
	wg.Wait()
}

//go:noinline
func garbage(i int) {
	nodes := []*node{{nil, i}}
	for j := range 100 {
		nodes = append(nodes, &node{nil, j})
	}
	sink.Store(&nodes)
}

//go:noinline
func deeper(n int) int {
	var pad [512]byte
	pad[n%512] = byte(n)
	if n == 0 {
		return 0
	}
	return deeper(n-1) + int(pad[n%512])
}

func length(l *node) (n int) {
	for ; l != nil; l = l.next {
		n++
	}
	return n
}
