package main

import (
	"os"
	"runtime"
	"syscall"
)

func init() {
	scenarios["read"] = reads
	scenarios["readfault"] = readFault
	scenarios["ownmem"] = ownMemory
	scenarios["late"] = lateRead
}

// reads lets read(2) write argument 3 bytes, which begin argument 2 bytes behind the word.
func reads(n int) {
	r, w := pipe()
	to := bytesAt(offset(), argument(3))
	from := make([]byte, len(to))
	for i := range n {
		for k := range from {
			from[k] = byte(i + 1)
		}
		_, err := syscall.Write(w, from)
		check(err)
		_, err = syscall.Read(r, to)
		check(err)
	}
}

// lateRead waits in read(2) for what another thread sends when it is asleep there.
func lateRead(n int) {
	r, w := pipe()
	to := bytesAt(0, 8)
	for i := range n {
		go func() {
			runtime.Gosched()
			_, err := syscall.Write(w, []byte{byte(i + 1), 0, 0, 0, 0, 0, 0, 0})
			check(err)
		}()
		_, err := syscall.Read(r, to)
		check(err)
	}
}

// readFault asks the kernel to write beyond where it may: the word is the last of what it
// may. The call fails, and has written.
func readFault(n int) {
	p := mapped(2)
	check(syscall.Mprotect(p[4096:], syscall.PROT_NONE))
	found(p[4096-8:])
	for i := range n {
		r, w := pipe()
		_, err := syscall.Write(w, []byte{byte(i + 1), 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2})
		check(err)
		_, _ = syscall.Read(r, p[4096-8:4096+8])
		check(syscall.Close(r))
		check(syscall.Close(w))
	}
}

// ownMemory writes by /proc/self/mem, which goes around the addresses of the program.
func ownMemory(n int) {
	f, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	check(err)
	for i := range n {
		_, err := f.WriteAt([]byte{byte(i + 1)}, int64(addressOf(0)))
		check(err)
	}
}

func pipe() (r, w int) {
	var fds [2]int
	check(syscall.Pipe2(fds[:], syscall.O_CLOEXEC))
	return fds[0], fds[1]
}
