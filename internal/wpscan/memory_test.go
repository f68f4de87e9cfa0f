package wpscan

import (
	"errors"
	"testing"
)

// kinds of memory that a program can have variables in.
var kinds = []string{"data", "bss", "untouched", "heap", "stack", "huge", "fresh", "private file", "shared file", "shared memory", "memfd"}

// TestKindsOfMemory: each can be covered, a load leaves it clean, and every kind of
// write makes it dirty, once.
func TestKindsOfMemory(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			addr := h.at[kind]
			add(t, s, addr+8, 8)
			add(t, s, addr+pageSize, 1)
			expect := func(what string, dirty bool, args ...uint64) {
				t.Helper()
				h.run(func() { h.tell(what, append([]uint64{addr + 100}, args...)...) })
				if got := scanned(t, s, addr+8); got != dirty {
					t.Errorf("after %s: dirty %v", what, got)
				}
				if s.Dirty(addr+pageSize, 1) != 0 {
					t.Errorf("after %s: the next page is dirty", what)
				}
				if scanned(t, s, addr+8) {
					t.Errorf("after %s: still dirty", what)
				}
			}
			for range 2 {
				expect("load", false)
				expect("store", true, 1)
				expect("again", true) // the same value
				expect("read", true)  // by a system call
				expect("vchild", true, 1)
				if kind != "shared file" && kind != "shared memory" && kind != "memfd" {
					expect("child", false, 7) // in a copy of the page
				}
			}
			if _, err := h.p.Memory.WriteMemory(addr+100, []byte{9}); err != nil {
				t.Fatal(err)
			}
			if !scanned(t, s, addr) {
				t.Error("a write by the debugger is not seen")
			}
			s.Remove(addr+8, 8)
			s.Remove(addr+pageSize, 1)
		})
	}
}

// TestParentAfterFork: the parent of a child that shares its pages copies one when
// it writes to it.
func TestParentAfterFork(t *testing.T) {
	h, s, addr := covered(t, "heap")
	h.run(func() { h.tell("fork", addr, 3) })
	if !scanned(t, s, addr) {
		t.Error("the parent's write is not seen")
	}
}

func TestMemoryThatCannotBeCovered(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	var not *NotSupportedError
	if err := s.Add(8, 8); !errors.As(err, &not) {
		t.Errorf("unmapped: %v", err)
	}
	if err := s.Add(h.at["many"], 1<<40); !errors.As(err, &not) {
		t.Errorf("a terabyte: %v", err)
	}
	for _, r := range [][2]uint64{{8, 0}, {^uint64(0), 2}, {^uint64(0) - 4095, 4096}} {
		if err := s.Add(r[0], r[1]); err == nil {
			t.Errorf("range %#x was covered", r)
		}
	}
	hole := h.at["many"] + 7*pageSize
	h.run(func() { h.must("munmap", hole, pageSize) })
	if err := s.Add(hole-pageSize, 3*pageSize); !errors.As(err, &not) {
		t.Errorf("around a hole: %v", err)
	}
	var forbidden *NotPermittedError
	if err := s.Add(h.at["read-only file"], 1); !errors.As(err, &forbidden) {
		t.Errorf("a shared file that may not be written: %v", err)
	}
	if n := len(s.pages.all); n != 0 {
		t.Errorf("%d pages are left", n)
	}
}
