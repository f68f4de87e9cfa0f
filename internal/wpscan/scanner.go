package wpscan

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/uffd"
)

// Scanner tells which pages of one process have been written. Any goroutine may
// use it, whether the process runs or is stopped.
type Scanner struct {
	mu      sync.Mutex
	uffd    uffd.FD  // guarded by mu
	pagemap int      // guarded by mu
	memory  *os.File // guarded by mu; nil: closed
	pages   pages    // guarded by mu
	scans   uint64   // guarded by mu
	arg     *scanArg // guarded by mu
}

// mostAtOnce is how many pages a range may have: each takes 40 bytes of ours, and
// time in every Scan.
const mostAtOnce = 1 << 16

// Add covers the pages that the range lies in; several ranges may share a page.
// Writes to a page count from the Add that covered it first. The error is a
// [*NotSupportedError] or [*NotPermittedError] if the memory is of a kind that
// cannot be covered (or not mapped, or in use with another userfaultfd), ErrGone or
// ErrClosed; nothing is covered then that was not before.
func (s *Scanner) Add(addr, size uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory == nil {
		return ErrClosed
	}
	start, end, ok := s.pages.bounds(addr, size)
	if !ok {
		return fmt.Errorf("cover %d bytes at %#x: no such range", size, addr)
	}
	if (end-start)/s.pages.size > mostAtOnce {
		return fmt.Errorf("cover %d bytes at %#x: %w", size, addr, &NotSupportedError{fmt.Sprintf("that are more than %d pages", mostAtOnce), nil})
	}
	s.pages.add(start, end)
	var err error
	s.pages.runs(s.pages.within(start, end), func(pg *page) bool { return pg.users == 1 && !pg.held }, func(run []page) {
		if err == nil {
			err = s.cover(run)
		}
	})
	if err != nil {
		s.pages.remove(start, end, s.release)
		return fmt.Errorf("cover %d bytes at %#x: %w", size, addr, err)
	}
	return nil
}

// Remove takes back an Add of the same range.
func (s *Scanner) Remove(addr, size uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if start, end, ok := s.pages.bounds(addr, size); ok && s.memory != nil {
		s.pages.remove(start, end, s.release)
	}
}

// Scan finds the covered pages that were written since the Scan before (or since
// they were added) and protects them again; no write falls between the two. The
// error is ErrGone or ErrClosed, or the kernel's; pages of which nothing is known
// then count as written.
func (s *Scanner) Scan() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scan(s.pages.all)
}

// ScanRange is Scan for the pages alone that a range lies in. Like any other it has a
// number of its own, and what it finds is not found again.
func (s *Scanner) ScanRange(addr, size uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	start, end, ok := s.pages.bounds(addr, size)
	if !ok {
		return fmt.Errorf("scan %d bytes at %#x: no such range", size, addr)
	}
	return s.scan(s.pages.within(start, end))
}

// scan looks at some of the pages, and gives the scan a number.
func (s *Scanner) scan(some []page) error {
	if s.memory == nil {
		return ErrClosed
	}
	number := s.scans + 1
	var first error
	for len(some) > 0 {
		n := 1
		for n < len(some) && n < most && some[n].addr == some[n-1].addr+s.pages.size {
			n++
		}
		if err := s.look(some[:n], number); err != nil && first == nil {
			first = fmt.Errorf("look which pages were written: %w", err)
		}
		some = some[n:]
	}
	// Not before: whoever reads it may rely on the pages being protected.
	s.scans = number
	return first
}

// look scans a run of neighbouring pages.
func (s *Scanner) look(run []page, number uint64) error {
	regions, err := s.arg.scan(s.pagemap, run[0].addr, run[len(run)-1].addr+s.pages.size)
	protected := take(run, regions, number)
	// A scan does not tell whose registration it found: the program may have put
	// other memory there, and protects that itself. Ours is not refused, or is
	// made now, which a scan before it does not take for protection.
	if s.uffd.Register(run[0].addr, uint64(len(run))*s.pages.size) != nil {
		lose(run, number)
		protected = false
	}
	if protected {
		return err
	}
	for i := range run {
		if run[i].held {
			continue
		}
		// What the mapping was protected by may have gone with it. If it cannot
		// be had again the page stays unknown, and counts as written each time.
		if e := s.cover(run[i : i+1]); err == nil && errors.Is(e, ErrGone) {
			err = e
		}
	}
	return err
}

// cover registers, protects and populates a run of neighbouring pages, and learns
// what they are. Those that cannot be populated are not held.
func (s *Scanner) cover(run []page) error {
	start, size := run[0].addr, uint64(len(run))*s.pages.size
	if err := s.uffd.Register(start, size); err != nil {
		return s.explain(start, size, err)
	}
	// Not by a scan: a page that was moved there by mremap can be writable and
	// look protected (older kernels leave the mark in the page table).
	if err := s.uffd.Protect(start, size); err != nil {
		return s.explain(start, size, err)
	}
	var b [1]byte
	for i := range run {
		_, _ = s.memory.ReadAt(b[:], int64(run[i].addr))
	}
	for len(run) > 0 {
		n := min(len(run), most)
		regions, err := s.arg.scan(s.pagemap, run[0].addr, run[n-1].addr+s.pages.size)
		if err != nil {
			return err
		}
		hole := n
		for _, r := range regions {
			hole -= int((r.end - r.start) / s.pages.size)
		}
		if hole != 0 {
			return s.explain(start, size, unix.ENOENT)
		}
		learn(run[:n], regions)
		run = run[n:]
	}
	return nil
}

// release undoes cover. Where our registration has gone, with the mapping, there may
// be one of the program's own: it would be undone too (by older kernels), but keeps us
// from registering.
func (s *Scanner) release(start, end uint64) {
	if s.uffd.Register(start, end-start) == nil {
		_ = s.uffd.Unregister(start, end-start)
		return
	}
	if end-start > s.pages.size {
		for ; start < end; start += s.pages.size {
			s.release(start, start+s.pages.size)
		}
	}
}

// explain finds out why a range could not be registered or protected.
func (s *Scanner) explain(start, size uint64, err error) error {
	if errors.Is(s.uffd.Protect(start, s.pages.size), unix.ESRCH) {
		return ErrGone
	}
	switch {
	case errors.Is(err, unix.EBUSY):
		return &NotPermittedError{"the program uses this memory with a userfaultfd of its own", err}
	case errors.Is(err, unix.EPERM):
		return &NotPermittedError{"the program has mapped it from a file that it may not write", err}
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT):
		return &NotSupportedError{"nothing is mapped there, or memory of a kind that cannot be write-protected (huge pages of hugetlbfs, device memory)", err}
	}
	return err
}

// Dirty returns the number of the last Scan that found one of the pages that the
// range lies in written: 0 if none ever did, Unknown if not all of them are
// covered. Whatever it returns was not written after the end of that scan, up to
// the last.
func (s *Scanner) Dirty(addr, size uint64) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	start, end, ok := s.pages.bounds(addr, size)
	if !ok || s.memory == nil {
		return Unknown
	}
	return s.pages.dirty(start, end)
}

// Scans returns the number of the last Scan that is over, 0 before the first.
func (s *Scanner) Scans() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.scans
}

// Close takes the protection off all pages: the kernel joins the mappings again
// that were split for it. The process need not be stopped.
func (s *Scanner) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.memory == nil {
		return nil
	}
	s.pages.runs(s.pages.all, func(*page) bool { return true }, func(run []page) {
		s.release(run[0].addr, run[len(run)-1].addr+s.pages.size)
	})
	err := errors.Join(s.uffd.Close(), unix.Close(s.pagemap), s.memory.Close())
	s.memory, s.pages.all = nil, nil
	return err
}
