package backend

import (
	"testing"

	"github.com/argusdbg/argus/internal/record"
	"github.com/argusdbg/argus/internal/where"
)

// TestStackOf: what was found for one stack is given out for the same one, and never for
// another, not even if their hashes meet.
func TestStackOf(t *testing.T) {
	r := &reader{stack: 3, code: &where.Static{}, frames: map[uint64][]Frame{}, bare: map[uint64]bool{}, stacks: map[uint64]*readStack{}}
	stack := func(pcs ...uint64) []Frame {
		r.raw = record.Record{PC: pcs[0], Top: 99, Depth: len(pcs)}
		copy(r.raw.Stack[:], pcs)
		return r.stackOf(Place{PC: pcs[0] - 1})
	}
	check := func(got []Frame, want ...uint64) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i, f := range got {
			if f.PC != want[i] || f.Index != i {
				t.Errorf("frame %d is %v, want %#x", i, f, want[i])
			}
		}
	}
	one := stack(10, 20, 30, 40)
	check(one, 9, 20, 30)
	if again := stack(10, 20, 30, 40); &again[0] != &one[0] {
		t.Error("the same stack was made twice")
	}
	check(stack(10, 20), 9, 20)
	check(stack(11, 20, 30, 40), 10, 20, 30)
	r.stacks[hashOf(9, []uint64{21, 30, 40})] = r.stacks[hashOf(9, []uint64{20, 30, 40})]
	check(stack(10, 21, 30, 40), 9, 21, 30)
	r.bare[10] = true
	check(stack(10, 20, 30, 40), 9, 99, 20)
	r.bare[10] = false
	check(stack(10, 20, 30, 40), 9, 20, 30)
	r.raw.Kernel = true
	check(r.stackOf(Place{PC: 9}), 9, 20, 30) // Frame.PC is the place's
	if len(r.stacks) != 5 {
		t.Errorf("%d stacks are remembered", len(r.stacks))
	}
	for i := range uint64(maxTracePlaces) {
		stack(1000, i)
	}
	if n := len(r.stacks); n > maxTracePlaces {
		t.Errorf("%d stacks are remembered", n)
	}
	check(one, 9, 20, 30)
}
