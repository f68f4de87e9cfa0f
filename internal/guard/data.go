package guard

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// mapping is a piece of the address space.
type mapping struct {
	start, end uint64
	prot       uint64
	shared     bool
	file       string // or ""
}

// mappings are those of a range, cut to it. All of it is mapped, or the error says so.
func (g *Guard) mappings(start, size uint64) (pieces []mapping, err error) {
	th := g.anyThread()
	if th == nil {
		return nil, ErrGone
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", th.TID))
	if err != nil {
		return nil, err
	}
	at := start
	for line := range bytes.Lines(data) {
		m, err := parseMapping(line)
		if err != nil {
			return nil, err
		}
		if m.end <= at || m.start >= start+size {
			continue
		}
		if m.start > at {
			break
		}
		m.start, m.end = at, min(m.end, start+size)
		pieces = append(pieces, m)
		at = m.end
	}
	if at != start+size {
		return nil, &NotSupportedError{fmt.Sprintf("nothing is mapped at %#x", at), nil}
	}
	return pieces, nil
}

// parseMapping reads a line of /proc/PID/maps (proc(5)).
func parseMapping(line []byte) (m mapping, err error) {
	f := bytes.Fields(line)
	if len(f) < 5 || len(f[1]) < 4 {
		return m, fmt.Errorf("/proc/PID/maps: %q", line)
	}
	from, to, _ := bytes.Cut(f[0], []byte("-"))
	var err1 error
	m.start, err = strconv.ParseUint(string(from), 16, 64)
	m.end, err1 = strconv.ParseUint(string(to), 16, 64)
	if err = errors.Join(err, err1); err != nil {
		return m, fmt.Errorf("/proc/PID/maps: %q: %w", line, err)
	}
	for i, bit := range []uint64{unix.PROT_READ, unix.PROT_WRITE, unix.PROT_EXEC} {
		if f[1][i] != '-' {
			m.prot |= bit
		}
	}
	m.shared = f[1][3] == 's'
	if len(f) > 5 && !bytes.Equal(f[4], []byte("0")) {
		m.file = string(bytes.Join(f[5:], []byte(" ")))
	}
	return m, nil
}

// anyThread is one that can make system calls for us.
func (g *Guard) anyThread() *ptrace.Thread {
	if g.proc.Ended() {
		return nil
	}
	for _, th := range g.proc.Threads() {
		if th.Stopped() && !th.Leaving() {
			if _, err := th.Registers(); err == nil {
				return th
			}
		}
	}
	return nil
}

func (g *Guard) inject(number int, args ...uint64) (uint64, error) {
	th := g.anyThread()
	if th == nil {
		return 0, ErrGone
	}
	return g.tracees.Inject(th, number, args...)
}

// replace puts an anonymous copy in the place of a private file mapping, which the kernel
// does not guard (FACTS D1): the mapping itself is moved to a place of its own, with the
// pages that the program has written, and comes back from there (putBack). All threads
// are stopped.
func (g *Guard) replace(m mapping) error {
	size := m.end - m.start
	contents := make([]byte, size)
	if _, err := g.proc.Memory.ReadMemory(contents, m.start); err != nil {
		return err
	}
	spare, err := g.inject(unix.SYS_MMAP, 0, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE, ^uint64(0), 0)
	if err != nil {
		return fmt.Errorf("find room for the mapping at %#x: %w", m.start, err)
	}
	if _, err := g.inject(unix.SYS_MREMAP, m.start, size, size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, spare); err != nil {
		_, _ = g.inject(unix.SYS_MUNMAP, spare, size)
		return fmt.Errorf("move the mapping at %#x: %w", m.start, err)
	}
	_, err = g.inject(unix.SYS_MMAP, m.start, size, m.prot, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED, ^uint64(0), 0)
	if err == nil {
		_, err = g.proc.Memory.WriteMemory(m.start, contents)
	}
	if err != nil {
		_, e := g.inject(unix.SYS_MREMAP, spare, size, size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, m.start)
		return errors.Join(fmt.Errorf("copy the mapping at %#x: %w", m.start, err), e)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for off := uint64(0); off < size; off += g.size {
		g.pages[m.start+off] = &page{spare: spare + off}
	}
	return nil
}

// spared is a run of pages whose file mapping is elsewhere.
type spared struct{ addr, spare, size uint64 }

func appendSpare(list []spared, addr, spare, size uint64) []spared {
	if n := len(list); n > 0 && list[n-1].addr+list[n-1].size == addr && list[n-1].spare+list[n-1].size == spare {
		list[n-1].size += size
		return list
	}
	return append(list, spared{addr, spare, size})
}

// putBack undoes replace.
func (g *Guard) putBack(s spared) error {
	if g.anyThread() == nil {
		return nil // with the process its memory has gone
	}
	contents := make([]byte, s.size)
	if _, err := g.proc.Memory.ReadMemory(contents, s.addr); err != nil {
		return err
	}
	if _, err := g.proc.Memory.WriteMemory(s.spare, contents); err != nil {
		return fmt.Errorf("put the mapping at %#x back: %w", s.addr, err)
	}
	if _, err := g.inject(unix.SYS_MREMAP, s.spare, s.size, s.size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED, s.addr); err != nil && !errors.Is(err, ptrace.ErrThreadGone) {
		return fmt.Errorf("put the mapping at %#x back: %w", s.addr, err)
	}
	return nil
}
