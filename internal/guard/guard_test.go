package guard

import (
	"fmt"
	"testing"

	"github.com/argusdbg/argus/ptrace"
)

// anyKind are the kinds of memory that can be guarded.
var anyKind = []string{"data", "bss", "untouched", "heap", "stack", "huge", "fresh", "private file", "shared memory", "memfd"}

// TestEveryWrite: of one thread and of eight at once, in memory of every kind.
func TestEveryWrite(t *testing.T) {
	for _, kind := range anyKind {
		t.Run(kind, func(t *testing.T) {
			h, addr := guarded(t, kind)
			if kind == "stack" {
				addr += 2 * pageSize
				h.add(addr, 8)
			}
			h.count(addr, addr+8, addr+56)
			h.run(func() {
				h.answers(0, "here", addr, 100)
				h.answers(0, "count", addr, 50, 8)
			})
			if h.counts[addr] != 150 || h.counts[addr+8] != 50 || h.counts[addr+56] != 50 || h.jumps != 0 {
				t.Errorf("counted %v, jumps %d", h.counts, h.jumps)
			}
			if _, _, unseen := h.told(); unseen != 0 {
				t.Errorf("%d unseen", unseen)
			}
		})
	}
}

// TestManyWriters: 64 threads on one page, by plain stores to words of their own and by
// atomic additions to one.
func TestManyWriters(t *testing.T) {
	h, addr := guarded(t, "heap")
	var words []uint64
	for i := range uint64(64) {
		words = append(words, addr+8*i)
	}
	h.count(words...)
	h.run(func() {
		h.answers(0, "count", addr, 20, 64)
		h.answers(0, "add", addr, 20, 64)
	})
	for i, w := range words {
		want := 20
		if i == 0 {
			want += 20 * 64
		}
		if h.counts[w] != want {
			t.Errorf("word %d: %d writes seen, want %d", i, h.counts[w], want)
		}
	}
	if user, calls, unseen := h.told(); user != 2*20*64 || calls != 0 || unseen != 0 || h.jumps != 0 {
		t.Errorf("%d writes, %d of calls, %d unseen, %d jumps", user, calls, unseen, h.jumps)
	}
}

// TestBirths: threads that are born write at once.
func TestBirths(t *testing.T) {
	h, addr := guarded(t, "heap")
	h.count(addr)
	h.run(func() { h.answers(0, "births", addr, 20, 8) })
	if _, _, unseen := h.told(); h.counts[addr] != 160 || unseen != 0 || h.jumps != 0 {
		t.Errorf("%d writes seen, want 160; %d unseen, %d jumps", h.counts[addr], unseen, h.jumps)
	}
}

// TestInstructions: what one instruction does to guarded pages is one write, or one for each
// step of a string instruction, with all the pages that it touches.
func TestInstructions(t *testing.T) {
	for _, c := range []struct {
		what   string
		args   func(at uint64) []uint64
		writes int
		addrs  int // of the first
		step   bool
	}{
		{"store", func(at uint64) []uint64 { return []uint64{at, 7} }, 1, 1, false},
		{"wide", func(at uint64) []uint64 { return []uint64{at + pageSize - 3, 7} }, 1, 2, true}, // unaligned, over the edge
		{"wide", func(at uint64) []uint64 { return []uint64{at - 3, 7} }, 1, 1, true},
		{"movs", func(at uint64) []uint64 { return []uint64{at - 10, 30} }, 20, 1, false},
		{"stos", func(at uint64) []uint64 { return []uint64{at + 16, 5} }, 5, 1, false},
		{"push", func(at uint64) []uint64 { return []uint64{at + 64, at} }, 1, 1, true},
		{"xsave", func(at uint64) []uint64 { return []uint64{at + pageSize - 256} }, 1, 2, true},
		{"cas", func(at uint64) []uint64 { return []uint64{at, 1, 2} }, 1, 1, false}, // fails: a write to the processor
		{"load", func(at uint64) []uint64 { return []uint64{at} }, 0, 0, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			h := startTarget(t, program(t), nil).hold(false)
			h.open()
			at := h.at["heap"] + pageSize
			h.add(at, 2*pageSize)
			h.run(func() { h.tell(c.what, c.args(at)...) })
			if user, calls, unseen := h.told(); user != c.writes || calls != 0 || unseen != 0 {
				t.Fatalf("%d writes, want %d; %d of calls, %d unseen", user, c.writes, calls, unseen)
			}
			if c.writes > 0 && len(h.writes[0].Addrs) != c.addrs {
				t.Errorf("addresses %#x, want %d", h.writes[0].Addrs, c.addrs)
			}
			if n := h.guard.Stats().Emulated; (n == 0) != (c.step || c.writes == 0) {
				t.Errorf("%d were emulated", n)
			}
			for _, w := range h.writes {
				if w.Thread == nil || w.PC == 0 || (w.Event.Kind == ptrace.Trapped) != c.step {
					t.Errorf("%+v", w)
				}
			}
		})
	}
}

// TestCallsOverPages: one call over several pages, and many threads that wait for one lock
// of the kernel's: each call is told of, some of them as what could have written.
func TestCallsOverPages(t *testing.T) {
	h := startTarget(t, program(t), nil).hold(false)
	h.open()
	at := h.at["heap"]
	h.add(at+pageSize, 1)
	h.add(at+3*pageSize, 1)
	h.run(func() {
		h.answers(2000, "readv", at+pageSize+8, at+3*pageSize, 1000)
		h.answers(0, "pipes", at+pageSize, 50, 8)
	})
	if w := h.writes[0]; w.Call != 19 || len(w.Addrs) != 2 || !w.Over {
		t.Errorf("%+v", w)
	}
	// More only where one was still under way when it was told.
	if user, calls, unseen := h.told(); user != 0 || calls < 1+400 || unseen != 0 {
		t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
	}
}

// TestFutex: the kernel's own atomic operations succeed.
func TestFutex(t *testing.T) {
	h, addr := guarded(t, "heap")
	h.run(func() {
		h.answers(0, "wide", addr, 0)
		h.answers(0, "wide", addr+8, 0)
		h.answers(0, "wakeop", addr)
		h.answers(0, "lockpi", addr+8)
	})
	if user, calls, unseen := h.told(); user != 2 || calls < 2 || unseen != 0 {
		t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
	}
}

// TestSignalFrames: the kernel writes the frame of a handler to a guarded stack, at the end of
// a system call and between any two instructions.
func TestSignalFrames(t *testing.T) {
	const size = 16 * pageSize
	for how, want := range map[string]int{"signal": 20, "timer": 0} {
		for _, safe := range []bool{false, true} {
			t.Run(fmt.Sprint(how, " safe ", safe), func(t *testing.T) {
				h := startTarget(t, program(t), nil).hold(safe)
				h.open()
				h.add(h.at["altstack"], size)
				h.run(func() { h.answers(want, how, h.at["altstack"], size, 20) })
				if _, calls, unseen := h.told(); calls < 20 || unseen != 0 {
					t.Errorf("%d writes of the kernel's, want 20 at least; %d unseen", calls, unseen)
				}
			})
		}
	}
}

// TestChildren: a child of fork is not guarded, nor hangs; one of vfork writes unseen, which
// is told.
func TestChildren(t *testing.T) {
	h, addr := guarded(t, "heap")
	h.run(func() {
		h.answers(7, "child", addr, 3)
		h.answers(0, "store", addr, 4)
	})
	if user, calls, unseen := h.told(); user != 1 || calls != 0 || unseen != 0 {
		t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
	}
	h.writes = nil
	h.run(func() { h.answers(7, "vchild", addr, 5) })
	if _, _, unseen := h.told(); unseen == 0 {
		t.Error("nobody was told of the child's write")
	}
	h.writes = nil
	h.run(func() { h.answers(0, "store", addr, 4) })
	if user, calls, unseen := h.told(); user != 1 || calls != 0 || unseen != 0 {
		t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
	}
}

// TestStrangers: a worker of io_uring writes to the page. It is told, and the page guarded
// again.
func TestStrangers(t *testing.T) {
	h, addr := guarded(t, "heap")
	h.run(func() {
		if n := h.tell("ring", addr); n != 0 {
			t.Skip("no io_uring: error ", n)
		}
	})
	if _, _, unseen := h.told(); unseen == 0 {
		t.Error("nobody was told")
	}
	if !h.protected(addr) {
		t.Error("not guarded any more")
	}
}

// TestOwnWrites: the debugger's own.
func TestOwnWrites(t *testing.T) {
	h, addr := guarded(t, "heap")
	if n, err := h.p.Memory.WriteMemory(addr-3+pageSize, []byte("argus")); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if !h.protected(addr) {
		t.Error("not protected")
	}
	if len(h.writes) != 0 {
		t.Error(h.writes)
	}
}

// TestMappings: what the program does to its mappings is told of, and pages that are still
// there are guarded.
func TestMappings(t *testing.T) {
	const dontneed, free = 4, 8
	for _, c := range []struct {
		what         string
		args         []uint64
		unseen, lost bool
	}{
		{"madvise", []uint64{pageSize, dontneed}, true, false},
		{"madvise", []uint64{pageSize, free}, true, false},
		{"munmap", []uint64{pageSize}, true, true},
		{"mmap", []uint64{pageSize}, true, true},
		{"mprotect", []uint64{pageSize, 1}, false, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			h, addr := guarded(t, "heap")
			h.run(func() { h.answers(0, c.what, append([]uint64{addr}, c.args...)...) })
			unseen, lost := false, false
			for _, w := range h.writes {
				unseen, lost = unseen || w.Unseen, lost || w.Lost
			}
			if unseen != c.unseen || lost != c.lost {
				t.Errorf("%+v", h.writes)
			}
			if c.lost {
				return
			}
			h.writes = nil
			h.run(func() {
				h.answers(0, "mprotect", addr, pageSize, 3)
				h.answers(0, "store", addr, 3)
			})
			if user, calls, unseen := h.told(); user != 1 || calls != 0 || unseen != 0 {
				t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
			}
		})
	}
}
