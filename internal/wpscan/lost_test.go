package wpscan

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLostPages: what a program does to its mappings takes the protection with it.
// Such a page is never clean in the next scan; if there is memory again it is covered
// from then on.
func TestLostPages(t *testing.T) {
	for _, kind := range kinds {
		for _, c := range []struct {
			what string
			do   func(h *held, addr uint64)
			gone bool // for good
			not  string
		}{
			{"munmap", func(h *held, addr uint64) { h.must("munmap", addr, pageSize) }, true, ""},
			{"munmap and mmap", func(h *held, addr uint64) { h.must("munmap", addr, pageSize); h.must("mmap", addr, pageSize) }, false, ""},
			{"mmap over it", func(h *held, addr uint64) { h.must("mmap", addr, pageSize); h.tell("load", addr) }, false, ""},
			{"mremap away", func(h *held, addr uint64) { h.must("mremap", addr, pageSize, h.at["many"]) }, true, ""},
			{"mremap away and back", func(h *held, addr uint64) {
				h.must("mremap", addr, pageSize, h.at["many"])
				h.tell("store", h.at["many"], 7) // there it is not protected
				h.must("mremap", h.at["many"], pageSize, addr)
			}, false, ""},
			{"mremap over it", func(h *held, addr uint64) {
				h.must("mremap", h.at["many"]+pageSize, pageSize, addr)
			}, false, ""},
			{"MADV_DONTNEED", func(h *held, addr uint64) { h.must("madvise", addr, pageSize, unix.MADV_DONTNEED) }, false, "shared"},
			{"MADV_DONTNEED and a load", func(h *held, addr uint64) {
				h.must("madvise", addr, pageSize, unix.MADV_DONTNEED)
				h.tell("load", addr)
			}, false, "shared"},
		} {
			if kind == "stack" && c.what != "MADV_DONTNEED" || c.not == "shared" && isShared(kind) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", kind, c.what), func(t *testing.T) {
				h := startTarget(t, nil).hold()
				addr := h.at[kind]
				h.run(func() { h.tell("store", addr, 3) }) // MADV_DONTNEED undoes it
				s := h.scanner()
				add(t, s, addr, 8)
				h.run(func() { c.do(h, addr) })
				if !scanned(t, s, addr) {
					t.Fatal("clean")
				}
				if got := scanned(t, s, addr); got != c.gone {
					t.Fatalf("in the scan after that: dirty %v", got)
				}
				if c.gone {
					return
				}
				h.run(func() { h.tell("store", addr, 4) })
				if !scanned(t, s, addr) {
					t.Error("a write after that is not seen")
				}
			})
		}
	}
}

func isShared(kind string) bool {
	return kind == "shared file" || kind == "shared memory" || kind == "memfd"
}

// TestProtectionOfTheProgramsOwn: mprotect there and back keeps what is known.
func TestProtectionOfTheProgramsOwn(t *testing.T) {
	for _, kind := range []string{"heap", "data", "memfd"} {
		h, s, addr := covered(t, kind)
		change := func(prot uint64) { h.must("mprotect", addr, pageSize, prot) }
		h.run(func() { change(unix.PROT_READ); change(unix.PROT_NONE); change(unix.PROT_READ | unix.PROT_WRITE) })
		if scanned(t, s, addr) {
			t.Errorf("%s: dirty", kind)
		}
		h.run(func() { change(unix.PROT_READ); change(unix.PROT_READ | unix.PROT_WRITE); h.tell("store", addr, 1) })
		if !scanned(t, s, addr) {
			t.Errorf("%s: a write after mprotect is not seen", kind)
		}
	}
}

// TestMemoryWithoutAccess: a page that the program cannot even read is covered.
func TestMemoryWithoutAccess(t *testing.T) {
	h := startTarget(t, nil).hold()
	addr := h.at["fresh"]
	h.run(func() { h.must("mprotect", addr, pageSize, unix.PROT_NONE) })
	s := h.scanner()
	add(t, s, addr, 8)
	h.run(func() { h.must("mprotect", addr, pageSize, unix.PROT_READ|unix.PROT_WRITE); h.tell("store", addr, 1) })
	if !scanned(t, s, addr) {
		t.Error("clean")
	}
}

// TestOtherWays pins what is not seen, here as by a debug register: the contents change
// by another way than a store to this address. Whoever must know compares values too.
func TestOtherWays(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	addr, again, memfd := h.at["shared file"], h.at["shared file again"], h.at["memfd"]
	add(t, s, addr, 8)
	add(t, s, memfd, 8)
	for _, write := range []func(){
		func() { h.tell("store", again, 5) },
		func() { h.tell("pwrite", 0) },
		func() { h.must("punch", 0, pageSize); h.tell("load", memfd) },
	} {
		h.run(write)
		if scanned(t, s, addr) || scanned(t, s, memfd) {
			t.Error("seen: the package comment says otherwise")
		}
	}
}

// TestPinned is the same for a page that the kernel writes to by its own address.
func TestPinned(t *testing.T) {
	x := startTarget(t, nil)
	addr := x.at["heap"]
	if e := x.tell("pin", addr); e != 0 {
		t.Skipf("no io_uring here: %v", unix.Errno(e))
	}
	h := x.hold()
	s := h.scanner()
	add(t, s, addr, 8)
	h.run(func() {
		h.must("readpinned", addr)
		if v := h.tell("load", addr); v != 'f' {
			t.Errorf("it read %d", v)
		}
	})
	if scanned(t, s, addr) {
		t.Error("seen: the package comment says otherwise")
	}
}

func TestExec(t *testing.T) {
	h, s, addr := covered(t, "data")
	h.run(func() {
		if _, err := fmt.Fprintln(h.in, "exec"); err != nil {
			t.Fatal(err)
		}
		h.introduce()
	})
	gone(t, s, addr)
}

func TestExit(t *testing.T) {
	h, s, addr := covered(t, "heap")
	h.run(func() {
		_, _ = fmt.Fprintln(h.in, "exit")
		_, _ = h.out.ReadString('\n')
	})
	gone(t, s, addr)
}

// gone checks that everything is dirty, for good.
func gone(t *testing.T, s *Scanner, addr uint64) {
	t.Helper()
	for range 2 {
		since := s.Scans()
		if err := s.Scan(); !errors.Is(err, ErrGone) {
			t.Errorf("Scan: %v", err)
		}
		if s.Dirty(addr, 8) <= since {
			t.Error("clean")
		}
	}
	if err := s.Add(addr+pageSize, 8); !errors.Is(err, ErrGone) {
		t.Errorf("Add: %v", err)
	}
	if s.Dirty(addr+pageSize, 8) != Unknown {
		t.Error("covered")
	}
	s.Remove(addr, 8)
}
