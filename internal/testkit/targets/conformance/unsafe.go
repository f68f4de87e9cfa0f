package main

import (
	"math/bits"
	"syscall"
	"unsafe"
)

// bytesAt returns n bytes of area that begin off bytes behind the word.
func bytesAt(off, n int) []byte {
	all := unsafe.Slice((*byte)(unsafe.Pointer(&area)), unsafe.Sizeof(area))
	return all[word*8+off:][:n:n]
}

// addressOf is the address off bytes behind the word.
func addressOf(off int) uintptr { return uintptr(unsafe.Pointer(&area[word])) + uintptr(off) }

func address(p *uint64) uintptr { return uintptr(unsafe.Pointer(p)) }

// wordOf is the word at the beginning of b.
func wordOf(b []byte) *uint64 { return (*uint64)(unsafe.Pointer(&b[0])) }

// wordAt is the word at an address that the kernel has returned.
func wordAt(addr uintptr) *uint64 { return *(**uint64)(unsafe.Pointer(&addr)) }

// call makes a system call, which must not fail.
//
//go:uintptrescapes
func call(number uintptr, args ...uintptr) uintptr {
	var a [6]uintptr
	copy(a[:], args)
	r, _, e := syscall.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	if e != 0 {
		check(e)
	}
	return r
}

// processors is a set of them, for sched_setaffinity(2).
type processors [16]uint64

// firstProcessor is the first of those on which the program may run.
func firstProcessor() (one processors) {
	var allowed processors
	call(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(allowed), uintptr(unsafe.Pointer(&allowed)))
	for i, w := range allowed {
		if w != 0 {
			one[i] = 1 << bits.TrailingZeros64(w)
			break
		}
	}
	return one
}

func setAffinity(p processors) {
	call(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(p), uintptr(unsafe.Pointer(&p)))
}
