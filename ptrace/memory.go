package ptrace

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrMemoryClosed is returned for the memory of a process that has ended or
// was let go.
var ErrMemoryClosed = errors.New("the process's memory is closed: it has ended or was detached")

// ErrNotMapped is returned, wrapped, for memory that the process does not have, or not all
// of what was asked for.
var ErrNotMapped = errors.New("not mapped")

// Memory is the address space of a process. Any goroutine may use it; the
// process need not be stopped.
//
// Reads go through process_vm_readv(2), and where that cannot (pages without
// read permission) through /proc/PID/mem, which can. Writes go through
// /proc/PID/mem, which also writes pages that are read-only for the process
// itself, as breakpoints need.
type Memory struct {
	mu  sync.RWMutex // guards f against being closed while in use
	tid int          // whose address space it is; /proc/PID/mem serves on when that thread ends
	f   *os.File     // nil: closed

	warden Warden // of the process, or nil; guarded by mu
}

// OpenMemory opens the memory of a process that the caller traces.
func OpenMemory(pid int) (*Memory, error) {
	m := &Memory{}
	if err := m.open(pid); err != nil {
		return nil, err
	}
	return m, nil
}

// open opens the memory through one of the process's threads: a leader that has
// left has none any more.
func (m *Memory) open(tid int) error {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", tid), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open memory of process %d: %w", tid, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tid, m.f = tid, f
	return nil
}

// Close releases the descriptor. Later calls fail with [ErrMemoryClosed].
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.f != nil {
		m.f.Close()
		m.f = nil
	}
}

// ReadMemory fills buf from addr. It returns how many bytes it read, and an
// error if those are fewer than len(buf).
func (m *Memory) ReadMemory(buf []byte, addr uint64) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.f == nil {
		return 0, ErrMemoryClosed
	}
	if n, err := vmRead(m.tid, buf, addr); err == nil && n == len(buf) {
		return n, nil
	}
	n, err := unix.Pread(int(m.f.Fd()), buf, int64(addr))
	return checked("read", n, len(buf), addr, err)
}

// WriteMemory writes data at addr, and returns how many bytes it wrote.
func (m *Memory) WriteMemory(addr uint64, data []byte) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.f == nil {
		return 0, ErrMemoryClosed
	}
	if m.warden != nil {
		defer m.warden.Writing(addr, uint64(len(data)))()
	}
	n, err := unix.Pwrite(int(m.f.Fd()), data, int64(addr))
	return checked("write", n, len(data), addr, err)
}

func checked(what string, n, want int, addr uint64, err error) (int, error) {
	if err == unix.EIO { // fs/proc/base.c, mem_rw: not one byte could be reached
		return 0, fmt.Errorf("%s %d bytes at %#x: %w: %w", what, want, addr, ErrNotMapped, err)
	}
	if err != nil {
		return max(n, 0), fmt.Errorf("%s %d bytes at %#x: %w", what, want, addr, err)
	}
	if n == 0 { // mem_rw again: nobody uses the address space any more
		return 0, fmt.Errorf("%s %d bytes at %#x: %w", what, want, addr, ErrMemoryClosed)
	}
	if n < want {
		return n, fmt.Errorf("%s %d bytes at %#x: only %d are there: %w", what, want, addr, n, ErrNotMapped)
	}
	return n, nil
}
