package main

import (
	"fmt"
	"runtime/debug"
	"syscall"
)

func init() {
	scenarios["dontneed"] = dontNeed
	scenarios["remap"] = remap
	scenarios["unmap"] = unmap
	scenarios["mapagain"] = mapAgain
	scenarios["alias"] = alias
	scenarios["shared"] = shared
	scenarios["fork"] = fork
	scenarios["readonly"] = readOnly
	scenarios["memmove"] = memmove
	scenarios["zero"] = zero
}

// mapped returns pages of private memory.
func mapped(pages int) []byte {
	p, err := syscall.Mmap(-1, 0, pages*4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	return p
}

// found stops the program, with page the word at the beginning of b.
func found(b []byte) {
	page = wordOf(b)
	pause()
}

// dontNeed writes, and gives the memory back: it is zero then, and nobody has written that.
func dontNeed(n int) {
	p := mapped(1)
	found(p)
	for i := range n {
		*page = uint64(i + 1)
	}
	check(syscall.Madvise(p, syscall.MADV_DONTNEED))
}

// remap moves the memory away, and writes there.
func remap(n int) {
	p := mapped(1)
	found(p)
	*page = 1
	page = wordAt(call(syscall.SYS_MREMAP, address(page), 4096, 4096, mremapMayMove|mremapFixed, address(wordOf(mapped(1)))))
	for i := range n {
		*page = uint64(i + 2)
	}
}

// unmap writes, and unmaps the memory.
func unmap(n int) {
	p := mapped(1)
	found(p)
	for i := range n {
		*page = uint64(i + 1)
	}
	check(syscall.Munmap(p))
}

// mapAgain maps other memory in the place of what is watched, and writes there.
func mapAgain(n int) {
	p := mapped(1)
	found(p)
	*page = 1
	call(syscall.SYS_MMAP, address(page), 4096, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_FIXED, ^uintptr(0))
	for i := range n {
		*page = uint64(i + 1)
	}
}

// include/uapi/linux/mman.h
const (
	mremapMayMove = 1
	mremapFixed   = 2
)

// common returns memory that children share.
func common() []byte {
	p, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_ANON)
	check(err)
	return p
}

// alias writes n times, and then by another address of the same memory.
func alias(n int) {
	p := common()
	other := wordAt(call(syscall.SYS_MREMAP, address(wordOf(p)), 0, 4096, mremapMayMove)) // of length 0: a second mapping
	found(p)
	for i := range n {
		*page = uint64(i + 1)
	}
	*other = 99
	if *page != 99 {
		check(fmt.Errorf("the word is %d", *page))
	}
}

// shared writes memory n times and lets another process do it once.
func shared(n int) {
	found(common())
	for i := range n {
		*page = uint64(i + 1)
	}
	child(page)
	if *page != 99 {
		check(fmt.Errorf("the other process has not written: %d", *page))
	}
}

// fork writes n times; a child that has a copy of the memory writes too.
func fork(n int) {
	for i := range n {
		area[word] = uint64(i + 1)
	}
	child(&area[word])
	if area[word] != uint64(n) {
		check(fmt.Errorf("the word is %d", area[word]))
	}
}

// child has a child of this process store 99 at p, and waits for its end.
func child(p *uint64) {
	var ws syscall.WaitStatus
	_, err := syscall.Wait4(forkAndWrite(p, 99), &ws, 0, nil)
	check(err)
	if ws != 0 {
		check(fmt.Errorf("the child ended with %#x", ws))
	}
}

// readOnly stores n times where that is not permitted, and once where it is.
func readOnly(n int) {
	debug.SetPanicOnFault(true)
	p := mapped(1)
	found(p)
	check(syscall.Mprotect(p, syscall.PROT_READ))
	for range n {
		faulting(page)
	}
	check(syscall.Mprotect(p, syscall.PROT_READ|syscall.PROT_WRITE))
	*page = 1
}

//go:noinline
func faulting(p *uint64) {
	defer func() { _ = recover() }()
	*p = 99
	check(fmt.Errorf("a store into memory that is read-only was done"))
}

// memmove copies argument 3 bytes to each place near the word, from where they end before
// it to where they begin behind it. Each copy writes other bytes.
func memmove(int) {
	size := argument(3)
	src := make([]byte, size)
	round := byte(0)
	for off := -size; off <= 8; off++ {
		round++
		for k := range src {
			src[k] = round
		}
		copy(bytesAt(off, size), src)
	}
}

// zero lets the runtime clear argument 3 bytes that lie around the word, which it has set.
func zero(n int) {
	all := bytesAt(-argument(3)/2, argument(3))
	for range n {
		area[word] = 1
		clear(all)
	}
}
