package backend

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// traceMemory is a program's memory for a trace: read without the tracer's thread, while the
// program runs, and as far as the program's file has it also when it has ended. It is for
// one goroutine at a time.
type traceMemory struct {
	pid  int
	file *os.File
	segs []fileSegment
}

// fileSegment is a part of the file as the kernel maps it.
type fileSegment struct {
	lo, hi uint64 // addresses, whole pages
	offset int64  // in the file, of lo
	fixed  bool   // the program cannot write to it
}

// newTraceMemory opens the program's file, which base is added to the addresses of.
func newTraceMemory(pid int, base uint64) (*traceMemory, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return nil, err
	}
	m := &traceMemory{pid: pid, file: f}
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	page := uint64(os.Getpagesize())
	for _, p := range e.Progs {
		if p.Type != elf.PT_LOAD || p.Filesz == 0 {
			continue
		}
		lead := p.Vaddr % page
		m.segs = append(m.segs, fileSegment{
			lo: base + p.Vaddr - lead, hi: base + (p.Vaddr+p.Filesz+page-1)&^(page-1),
			offset: int64(p.Off) - int64(lead), fixed: p.Flags&elf.PF_W == 0})
	}
	return m, nil
}

// ReadMemory reads code and what cannot be written from the file, so that breakpoint
// instructions are not seen, and the rest from the process, as long as that is there.
func (m *traceMemory) ReadMemory(buf []byte, addr uint64) (int, error) {
	seg := m.segment(addr, len(buf))
	if seg != nil && seg.fixed {
		return m.fromFile(buf, addr, seg)
	}
	n, err := m.now(buf, addr)
	if err != nil && seg != nil {
		return m.fromFile(buf, addr, seg)
	}
	return n, err
}

func (m *traceMemory) segment(addr uint64, n int) *fileSegment {
	for i := range m.segs {
		if s := &m.segs[i]; addr >= s.lo && addr < s.hi && s.hi-addr >= uint64(n) {
			return s
		}
	}
	return nil
}

func (m *traceMemory) fromFile(buf []byte, addr uint64, seg *fileSegment) (int, error) {
	n, err := m.file.ReadAt(buf, seg.offset+int64(addr-seg.lo))
	if err == io.EOF { // the rest of the last page
		clear(buf[n:])
		return len(buf), nil
	}
	return n, err
}

// now reads from the process.
func (m *traceMemory) now(buf []byte, addr uint64) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	n, err := unix.ProcessVMReadv(m.pid, local, []unix.RemoteIovec{{Base: uintptr(addr), Len: len(buf)}}, 0)
	if err == nil && n < len(buf) {
		err = unix.EFAULT
	}
	if err != nil {
		return max(n, 0), fmt.Errorf("read %d bytes at %#x of process %d: %w", len(buf), addr, m.pid, err)
	}
	return n, nil
}

func (m *traceMemory) close() error { return m.file.Close() }
