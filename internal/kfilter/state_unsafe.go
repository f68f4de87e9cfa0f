package kfilter

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shared is the memory that the program has in common with this process. A system call to
// look into a map would keep programs from running meanwhile on that processor
// (bpf_disable_instrumentation in include/linux/bpf.h).
type shared struct{ b []byte }

func mapShared(fd int) (shared, error) {
	b, err := unix.Mmap(fd, 0, stateSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return shared{}, fmt.Errorf("map the state: %w", err)
	}
	return shared{b}, nil
}

// word is one of the words, all of which lie at multiples of their size.
func (s shared) word(at int) *atomic.Uint64 { return (*atomic.Uint64)(unsafe.Pointer(&s.b[at])) }

func (s shared) load(at int) uint64          { return s.word(at).Load() }
func (s shared) store(at int, v uint64)      { s.word(at).Store(v) }
func (s shared) add(at int, n uint64) uint64 { return s.word(at).Add(n) }
func (s shared) unmap() error                { return unix.Munmap(s.b) }
