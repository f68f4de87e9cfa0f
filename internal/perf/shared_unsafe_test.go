package perf

import (
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shared is the memory that a test shares with its target: how they talk. A
// target that waits does it in one futex call, without the runtime's help: it is
// asleep, and on no processor.
type shared struct {
	watched uint64 // address of the words that are watched, in the target
	called  uint64 // address of the function that opCall calls
	stop    atomic.Uint32
	workers [maxWorkers]worker
}

const maxWorkers = 64

// worker is one thread of a target. It does what the test last told it.
type worker struct {
	asked, done atomic.Uint32 // how many orders were given, and carried out
	tid         atomic.Int64
	op          op
	word        int           // of the watched
	n           uint64        // how often; 0: until stop
	stores      atomic.Uint64 // made so far in all
	_           [16]byte      // workers do not share cache lines
}

const sharedSize = int(unsafe.Sizeof(shared{}))

// mapShared maps the shared memory of a descriptor.
func mapShared(fd int) (*shared, error) {
	b, err := unix.Mmap(fd, 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*shared)(unsafe.Pointer(unsafe.SliceData(b))), nil
}

func unmapShared(t testing.TB, s *shared) {
	if err := unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(s)), sharedSize)); err != nil {
		t.Error(err)
	}
}

// From include/uapi/linux/futex.h; without FUTEX_PRIVATE_FLAG, since two
// processes use them.
const (
	futexWait = 0
	futexWake = 1
)

// await returns when *v is no longer was, or after a tenth of a second.
func await(v *atomic.Uint32, was uint32) {
	timeout := unix.Timespec{Nsec: 1e8}
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(v)), futexWait, uintptr(was), uintptr(unsafe.Pointer(&timeout)), 0, 0)
}

// sleepUntil returns when *v is no longer was.
func sleepUntil(v *atomic.Uint32, was uint32) {
	for v.Load() == was {
		unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(v)), futexWait, uintptr(was), 0, 0, 0)
	}
}

// bump adds one and wakes who waits for it.
func bump(v *atomic.Uint32) {
	v.Add(1)
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(v)), futexWake, 1<<30, 0, 0, 0)
}

func addressOf(w *uint64) uint64 { return uint64(uintptr(unsafe.Pointer(w))) }

func bytesOf(w *uint64) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(w)), 8) }
