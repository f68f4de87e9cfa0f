package main

import (
	"runtime"
	"strconv"
)

var (
	others [][]int
	tables []map[string]int
)

func init() {
	scenarios["frame"] = func() { frame(); fill(3) }
	scenarios["moved"] = func() {
		done := make(chan bool)
		go func() { // on a small stack
			moved()
			fill(3)
			done <- true
		}()
		<-done
	}
	scenarios["lent"] = func() { lent(); fill(3) }
	scenarios["handed"] = handed
	scenarios["freed"] = freed
	scenarios["unused"] = unused
}

// frame has objects in local variables.
//
//go:noinline
func frame() {
	name := strconv.Itoa(n)
	items := []int{1, 2, 3}
	tab := map[string]int{"a": 1}
	var boxed any = 1
	var o order
	next()
	name += "!"
	next()
	items[1] = 5
	next()
	items = append(items, 9)
	next()
	tab["a"] = 2
	next()
	tab["b"] = 3
	next()
	boxed = name
	next()
	o.ID = 7
	next()
	o.Lines = append(o.Lines, line{"x", 1, 1})
	next()
	o.Lines[0].Price = 2
	next()
	use(name, items, tab, boxed, &o)
}

// lent has one in its frame in optimized code, too.
//
//go:noinline
func lent() {
	o := order{ID: 1, Lines: []line{{"a", 1, 1}}}
	borrow(&o)
	o.Lines[0].Qty = 2
	borrow(&o)
	o.Lines = append(o.Lines, line{"b", 2, n})
	borrow(&o)
	o.Note = o.ID
	borrow(&o)
}

//go:noinline
func borrow(o *order) { runtime.KeepAlive(o.ID) }

// moved has one on a stack that is moved while it is written.
//
//go:noinline
func moved() {
	name := strconv.Itoa(n)
	items := []int{0, 0, 0}
	o := order{ID: 1}
	next()
	deeper(&items, &name, &o, n)
	use(name, items, nil, nil, &o)
}

//go:noinline
func deeper(items *[]int, name *string, o *order, left int) int {
	var pad [64]int
	(*items)[1] = left
	next()
	*name = strconv.Itoa(left)
	next()
	o.Lines = append(o.Lines, line{"x", left, 1})
	next()
	if left > 1 {
		return deeper(items, name, o, left-1) + pad[left%64]
	}
	return pad[0]
}

// fill writes all over the stack below its caller.
//
//go:noinline
func fill(depth int) int {
	var pad [256]int
	for i := range pad {
		pad[i] = i * 3
	}
	if depth > 0 {
		return fill(depth-1) + pad[depth%len(pad)]
	}
	return pad[5]
}

//go:noinline
func use(name string, items []int, tab map[string]int, boxed any, o *order) {
	runtime.KeepAlive([]any{name, items, tab, boxed})
	runtime.KeepAlive(o)
}

// handed has a string written by another goroutine, which finds its own waiting for it.
func handed() {
	runtime.GOMAXPROCS(1)
	c, done := make(chan string), make(chan bool)
	go func() {
		receiver(c)
		done <- true
	}()
	runtime.Gosched()
	next()
	for i := range n {
		c <- strconv.Itoa(i) + "of" // the operation
		runtime.Gosched()
	}
	close(c)
	<-done
}

//go:noinline
func receiver(c chan string) {
	for v := range c {
		text = v
	}
}

// freed makes an object of the heap, and lets it go.
func freed() {
	o := &order{ID: 1, Lines: []line{{"a", 1, 1}}, Tags: map[string]int{"x": 1}}
	any1 = o // so that it is on the heap
	hand(o)
	any1 = nil
	o.Lines[0].Price = 5
	next()
	o.Note = strconv.Itoa(n) + " left"
	next()
	o = nil
	for range 5 {
		runtime.GC()
		sink = make([]byte, 1<<10)
	}
}

//go:noinline
func hand(o *order) { runtime.KeepAlive(o) }

// unused has a variable that is not used any more, whose array is somebody else's then.
//
//go:noinline
func unused() {
	items := make([]int, n, 2*n) // of the heap, since n is not known
	tab := map[string]int{"a": 1}
	for i := range n {
		tab[strconv.Itoa(i)] = i
	}
	next()
	items[0] = 1
	next()
	use("", items, tab, nil, nil)
	makeOthers()
	next()
	items = []int{n}
	next()
	use("", items, nil, nil, nil)
}

// makeOthers takes the memory of what is not used any more.
//
//go:noinline
func makeOthers() {
	done := make(chan bool)
	go func() {
		runtime.GC()
		runtime.GC()
		for i := range 100 {
			o := make([]int, n, 2*n)
			o[0] = i
			others = append(others, o)
			m := map[string]int{}
			for i := range n {
				m[strconv.Itoa(i)] = -i
			}
			tables = append(tables, m)
		}
		done <- true
	}()
	<-done
}
