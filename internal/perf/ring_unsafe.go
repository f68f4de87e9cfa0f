package perf

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapping is the memory that a ring shares with the kernel: a page about it, and the data.
type mapping struct {
	page *unix.PerfEventMmapPage
	data []byte // a power of two long
	all  []byte
}

func mapRing(fd, size int) (m mapping, err error) {
	head := os.Getpagesize()
	if m.all, err = unix.Mmap(fd, 0, head+size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return m, fmt.Errorf("map %d bytes: %w", head+size, err)
	}
	m.page, m.data = (*unix.PerfEventMmapPage)(unsafe.Pointer(&m.all[0])), m.all[head:]
	return m, nil
}

// head is up to where the kernel has written, tail up to where we have read. Both only
// grow.
func (m *mapping) head() uint64 { return atomic.LoadUint64(&m.page.Data_head) }
func (m *mapping) tail() uint64 { return m.page.Data_tail } // nobody else writes it

func (m *mapping) setTail(n uint64) { atomic.StoreUint64(&m.page.Data_tail, n) }

func (m *mapping) unmap() error {
	if m.all == nil {
		return nil
	}
	all := m.all
	*m = mapping{}
	return unix.Munmap(all)
}
