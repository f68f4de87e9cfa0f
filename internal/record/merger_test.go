package record

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestMerger: of accesses that each hit one to three events, in the order of their threads,
// one record each is left, whatever comes between.
func TestMerger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type hit struct {
			tid, access int
			addr        uint64
		}
		threads := make([][]hit, rapid.IntRange(1, 3).Draw(t, "threads"))
		want := 0
		for tid := range threads {
			for i := range rapid.IntRange(0, 6).Draw(t, "accesses") {
				want++
				for _, addr := range rapid.SliceOfNDistinct(rapid.Uint64Range(1, 3), 1, 3, rapid.ID[uint64]).Draw(t, "events") {
					threads[tid] = append(threads[tid], hit{tid, i + 1, addr})
				}
			}
		}
		m, got := merger{on: true}, 0
		for {
			left := slices.DeleteFunc(slices.Clone(threads), func(h []hit) bool { return len(h) == 0 })
			if len(left) == 0 {
				break
			}
			h := rapid.SampledFrom(left).Draw(t, "next")[0]
			threads[h.tid] = threads[h.tid][1:]
			r := Record{TID: h.tid, HasRegs: true, Addr: h.addr}
			setPC(&r.Regs, uint64(h.access))
			if !m.more(&r) {
				got++
			}
		}
		if got != want {
			t.Fatalf("%d records of %d accesses", got, want)
		}
	})
}

// TestMergerAgain: the same instruction with the same registers is another access when its
// first event comes again.
func TestMergerAgain(t *testing.T) {
	m := merger{on: true}
	r := Record{TID: 1, HasRegs: true}
	for i, c := range []struct {
		addr uint64
		more bool
	}{{8, false}, {16, true}, {8, false}, {16, true}, {16, false}} {
		if r.Addr = c.addr; m.more(&r) != c.more {
			t.Errorf("record %d", i)
		}
	}
	if r.Kernel = true; m.more(&r) {
		t.Error("a piece of what the kernel copies is no part of another")
	}
	if off := (&merger{}); off.more(&r) || off.threads != nil {
		t.Error("there is one event, and something to merge")
	}
}
