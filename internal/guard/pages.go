package guard

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/uffd"
)

// page is one guarded page.
type page struct {
	users int32  // how many Adds it belongs to
	lost  bool   // the program has unmapped or moved it
	spare uint64 // where its file mapping was moved to, or 0
}

// bounds rounds a range to pages. ok is false for one that is empty or ends beyond the
// address space.
func (g *Guard) bounds(addr, size uint64) (start, end uint64, ok bool) {
	last := addr + size - 1
	if size == 0 || last < addr || last > math.MaxUint64-g.size {
		return 0, 0, false
	}
	return addr &^ (g.size - 1), last&^(g.size-1) + g.size, true
}

// run is the number of neighbours that a sorted list of pages begins with.
func run(pages []uint64, size uint64) int {
	n := 1
	for n < len(pages) && pages[n] == pages[n-1]+size {
		n++
	}
	return n
}

// drop uncounts pages, and returns those that have no user any more.
func (g *Guard) drop(start, end uint64) (unused []uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := start; a != end; a += g.size {
		if pg := g.pages[a]; pg != nil {
			if pg.users--; pg.users == 0 {
				unused = append(unused, a)
			}
		}
	}
	return unused
}

// guard registers and protects a run of pages that nobody has added before.
func (g *Guard) guard(start, size uint64) error {
	if err := g.register(start, size); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for a := start; a != start+size; a += g.size {
		if pg := g.pages[a]; pg != nil { // by register
			pg.users = 1
			continue
		}
		g.pages[a] = &page{users: 1}
	}
	return nil
}

// register makes the kernel guard a run of pages, of whatever mappings it is.
func (g *Guard) register(start, size uint64) error {
	err := g.protectNew(start, size)
	if !errors.Is(err, unix.EINVAL) {
		return g.explain(start, size, err)
	}
	pieces, err := g.mappings(start, size)
	if err != nil {
		return err
	}
	for i, m := range pieces {
		switch {
		case m.shared || m.file == "":
			err = g.protectNew(m.start, m.end-m.start)
		default:
			if err = g.replace(m); err == nil {
				err = g.protectNew(m.start, m.end-m.start)
			}
		}
		if err != nil {
			err = g.explain(m.start, m.end-m.start, err)
			for _, m := range pieces[:i+1] {
				err = errors.Join(err, g.unguard(m.start, m.end-m.start))
			}
			return err
		}
	}
	return nil
}

func (g *Guard) protectNew(start, size uint64) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fd < 0 {
		return ErrClosed
	}
	if err := g.again(func() error { return g.fd.Register(start, size) }); err != nil {
		return err
	}
	return g.again(func() error { return g.fd.Protect(start, size) })
}

// explain says what a refusal means.
func (g *Guard) explain(start, size uint64, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ESRCH):
		return ErrGone
	case errors.Is(err, unix.EBUSY):
		return &ConflictError{start, size, err}
	case errors.Is(err, unix.EPERM):
		return &NotPermittedError{"the program has mapped this memory from a file that it may not write", err}
	case errors.Is(err, unix.ENOMEM), errors.Is(err, unix.ENOENT):
		return &NotSupportedError{"nothing is mapped there, or the program has as many mappings as it may (vm.max_map_count)", err}
	case errors.Is(err, unix.EINVAL):
		return &NotSupportedError{"memory of this kind cannot be write-protected (shared mappings of files, huge pages of hugetlbfs, device memory)", err}
	}
	return err
}

// free undoes guard for pages, in order of their addresses, and forgets them.
func (g *Guard) free(pages []uint64) (first error) {
	for len(pages) > 0 {
		n := run(pages, g.size)
		if err := g.unguard(pages[0], uint64(n)*g.size); err != nil && first == nil {
			first = err
		}
		pages = pages[n:]
	}
	return first
}

// unguard opens a run of pages, forgets them and puts their file mappings back.
func (g *Guard) unguard(start, size uint64) (err error) {
	var spares []spared
	g.mu.Lock()
	if g.fd >= 0 {
		// Where a mapping has gone with what was registered there is nothing to undo.
		if e := g.again(func() error { return g.fd.Unregister(start, size) }); e != nil {
			for a := start; a != start+size; a += g.size {
				_ = g.again(func() error { return g.fd.Unregister(a, g.size) })
			}
		}
	}
	for a := start; a != start+size; a += g.size {
		if pg := g.pages[a]; pg != nil && pg.spare != 0 && !pg.lost {
			spares = appendSpare(spares, a, pg.spare, g.size)
		}
		delete(g.pages, a)
		delete(g.lent, a)
		for tid, f := range g.waits {
			if f.page == a {
				delete(g.waits, tid)
			}
		}
	}
	g.mu.Unlock()
	for _, s := range spares {
		if e := g.putBack(s); err == nil {
			err = e
		}
	}
	return err
}

// openPage takes the protection off a page. With wake those who wait for it run on, and
// are no longer waited for. Preconditions: g.mu is held.
func (g *Guard) openPage(addr uint64, wake bool) {
	// An error: the mapping or the process has gone, and nobody waits there.
	_ = g.again(func() error { return g.fd.Open(addr, g.size, wake) })
	if wake {
		g.forgive(addr)
	}
}

// forgive forgets who waited at a page. Those that ptrace has stopped wait no longer, and are
// to be stepped all the same: they would wait for ever if calls that come again and again
// were served only. Preconditions: g.mu is held.
func (g *Guard) forgive(addr uint64) {
	for tid, f := range g.waits {
		if f.page == addr && (g.world == running || f.inCall() || f.again) {
			delete(g.waits, tid)
		}
	}
}

// protectPage makes writes to a page wait again. Preconditions: g.mu is held.
func (g *Guard) protectPage(addr uint64) {
	if pg := g.pages[addr]; pg == nil || pg.lost {
		return
	}
	if _, lent := g.lent[addr]; lent {
		return
	}
	if err := g.again(func() error { return g.fd.Protect(addr, g.size) }); err != nil {
		g.lose(addr)
	}
}

// lose notes that a page is no longer where it was. Preconditions: g.mu is held.
func (g *Guard) lose(addr uint64) {
	if pg := g.pages[addr]; pg != nil && !pg.lost {
		pg.lost = true
		g.told = append(g.told, Write{Addrs: []uint64{addr}, Unseen: true, Lost: true})
	}
}

// again repeats a call that the kernel refuses while a change of the mappings waits for
// its message to be read. Preconditions: g.mu is held.
func (g *Guard) again(fn func() error) error {
	for {
		err := fn()
		if !errors.Is(err, unix.EAGAIN) {
			return err
		}
		g.drain()
	}
}

// drain reads what messages there are. Preconditions: g.mu is held.
func (g *Guard) drain() {
	var buf [16]uffd.Msg
	for {
		n, err := g.fd.Read(buf[:])
		if err != nil || n == 0 {
			return
		}
		g.inbox = append(g.inbox, buf[:n]...)
	}
}
