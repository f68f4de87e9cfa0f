package main

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

var global [4]int64

// say prints where things are, with what the allocator makes of their sizes, and waits:
// address, size (0: not on the heap, or not any more), whether it can hold pointers.
func say(int) {
	var local [2]int64
	print := func(p unsafe.Pointer, before uintptr, size int, pointers bool) {
		fmt.Printf("%#x %d %v ", uintptr(p)-before, size, pointers)
	}
	for i := range 20 {
		a, b, c := new(small), new(noscan), new(medium)
		print(unsafe.Pointer(a), 0, 16, true)
		print(unsafe.Pointer(b), 0, 32, false)
		// More than 512 bytes with pointers have their type before them.
		print(unsafe.Pointer(c), 8, 1792, true)
		all = append(all, &a.v, &b.v, &c.v[i])
	}
	block := make([]byte, 104<<10)
	print(unsafe.Pointer(&block[0]), 0, 106496, false)
	kept = new(int64)
	print(unsafe.Pointer(kept), 0, 16, false)
	l := new(large)
	print(unsafe.Pointer(l), 0, 81920, true)
	print(unsafe.Pointer(&global), 0, 0, false)
	print(unsafe.Pointer(&local), 0, 0, false)
	gone := dropped()
	runtime.GC()
	for _, at := range gone {
		fmt.Printf("%#x 0 false ", at)
	}
	fmt.Println()
	runtime.KeepAlive(l)
	runtime.KeepAlive(block)
	time.Sleep(time.Hour)
}

var lost *[2000]int64

// dropped makes objects of a size that nothing else has, and forgets them.
//
//go:noinline
func dropped() (gone []uintptr) {
	for range 10 {
		lost = new([2000]int64)
		gone = append(gone, uintptr(unsafe.Pointer(lost)))
	}
	lost = nil
	return gone
}

// tinyPair makes two objects that fill a block of 16 bytes.
func tinyPair() (a, b *int64) {
	for a == nil || uintptr(unsafe.Pointer(a))%16 != 0 || uintptr(unsafe.Pointer(b))-uintptr(unsafe.Pointer(a)) != 8 {
		a, b = new(int64), new(int64)
	}
	return a, b
}

// at is where a variable is.
//
//go:noinline
func at(p *int64) uintptr { return uintptr(unsafe.Pointer(p)) }
