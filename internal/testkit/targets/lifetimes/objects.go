package main

import (
	"runtime"
	"sync/atomic"
	"weak"
)

func init() {
	for name, fn := range map[string]func(n int){
		"small":     func(n int) { object(n, func() *int64 { return &new(small).v }) },
		"noscan":    func(n int) { object(n, func() *int64 { return &new(noscan).v }) },
		"large":     func(n int) { object(n, func() *int64 { return &new(large).v[5000] }) },
		"interior":  func(n int) { object(n, func() *int64 { return &new(medium).v[100] }) },
		"tiny":      tiny,
		"finalizer": finalizer,
		"cleanup":   cleanup,
		"say":       say,
		"weak":      weakly,
		"alive":     alive,
		"cycles":    cycles,
	} {
		scenarios[name] = fn
	}
}

type (
	small struct {
		next *small
		v    int64
	}
	noscan struct{ a, b, v, c int64 }
	medium struct {
		next *medium
		v    [200]int64
	}
	large struct {
		next *large
		v    [10239]int64
	}
)

// object makes an object, writes it n times, drops it, and has its memory used again.
func object(n int, alloc func() *int64) {
	make1(n, alloc)
	collect()
	reuse(alloc)
}

//go:noinline
func make1(n int, alloc func() *int64) {
	kept = alloc()
	begin(kept)
	add(kept, n)
	kept = nil
}

// collect has the collector work twice. The first time may find what a register or a
// stack still held.
//
//go:noinline
func collect() {
	scribble()
	runtime.GC()
	runtime.GC()
}

var all []*int64

// reuse writes objects of the same kind until the memory of others must have been used.
func reuse(alloc func() *int64) {
	for range 200 {
		p := alloc()
		*p = 77
		all = append(all, p)
	}
}

var neighbour *int64

// tiny has an object whose block of memory is shared.
func tiny(n int) {
	func() {
		kept, neighbour = tinyPair()
		begin(kept)
		add(kept, n)
		kept = nil
	}()
	collect() // frees nothing: the neighbour lives
	atSecond()
	runtime.KeepAlive(neighbour)
	neighbour = nil
	collect()
	reuse(func() *int64 { return new(int64) })
}

//go:noinline
func atSecond() {}

var finalized atomic.Bool

// finalizer has an object that is written once more when it is dead.
func finalizer(n int) {
	func() {
		o := new(small)
		runtime.SetFinalizer(o, func(o *small) {
			o.v += 5
			finalized.Store(true)
		})
		begin(&o.v)
		add(&o.v, n)
	}()
	for !finalized.Load() {
		collect()
	}
	collect()
	reuse(func() *int64 { return &new(small).v })
}

// cleanup has an object for which something is to be done when it is dead.
func cleanup(n int) {
	var cleaned atomic.Bool
	func() {
		o := new(small)
		runtime.AddCleanup(o, func(b *atomic.Bool) { b.Store(true) }, &cleaned)
		begin(&o.v)
		add(&o.v, n)
	}()
	for !cleaned.Load() {
		collect()
	}
	reuse(func() *int64 { return &new(small).v })
}

// weakly has an object to which there is a weak pointer.
func weakly(n int) {
	var w weak.Pointer[small]
	func() {
		o := new(small)
		w = weak.Make(o)
		begin(&o.v)
		add(&o.v, n)
	}()
	collect()
	if w.Value() != nil {
		panic("it lives")
	}
	reuse(func() *int64 { return &new(small).v })
}

//go:noinline
func inside() *int64 { return &new(medium).v[100] }

// alive keeps an object by a pointer into the middle of it, while there is much to collect.
func alive(n int) {
	o := inside()
	begin(o)
	for range n {
		*o += 1
		runtime.GC()
		all = append(all, inside())
	}
	runtime.KeepAlive(o)
}

// cycles has the collector work n times, with nearly nothing to do.
func cycles(n int) {
	o := inside()
	begin(o)
	for range n {
		runtime.GC()
	}
	*o += 1
	runtime.KeepAlive(o)
}
