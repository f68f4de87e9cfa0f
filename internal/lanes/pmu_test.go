package lanes

import (
	"slices"
	"testing"

	"github.com/argusdbg/argus/hwbp"
)

// TestSharedSlots: events that have a point in common take one slot for it, until the
// last of them is off.
func TestSharedSlots(t *testing.T) {
	b, d := fakeBoard(t, 1)
	a, c := word(0x1000), word(0x1000)
	a.Points = append(a.Points, hwbp.Point{Addr: 0x1008, Len: 8, Access: hwbp.Write})
	addAll(t, b, true, 0, a)
	addAll(t, b, false, 0, c)
	want := []uint64{0x1000, 0x1008}
	if got := d.opened[1].on(); !slices.Equal(got, want) {
		t.Fatalf("armed %#x, want %#x", got, want)
	}
	for _, m := range b.lanes[1].slots[0].members {
		if !slices.Contains(m.entries, a) && !slices.Contains(m.entries, c) {
			t.Error("a stranger in the slot")
		}
	}
	if n := len(b.lanes[1].slots[0].members); n != 2 {
		t.Errorf("%d events share the slot, want 2", n)
	}
	if err := b.Remove(a); err != nil {
		t.Fatal(err)
	}
	if got := d.opened[1].on(); !slices.Equal(got, want[:1]) {
		t.Errorf("armed %#x after the first was removed", got)
	}
	if err := b.Remove(c); err != nil {
		t.Fatal(err)
	}
	if got := d.opened[1].on(); len(got) != 0 {
		t.Errorf("armed %#x after both were removed", got)
	}
}

// TestLowestSlots: slots that were given once are used again before others are asked for,
// and what is right already stays where it is.
func TestLowestSlots(t *testing.T) {
	b, d := fakeBoard(t, 1)
	w := []*Entry{word(0x10), word(0x20), word(0x30)}
	addAll(t, b, true, 0, w...)
	if err := b.Remove(w[0]); err != nil {
		t.Fatal(err)
	}
	addAll(t, b, true, 0, word(0x40))
	p := d.opened[1].points
	if p[0].Addr != 0x40 || p[1].Addr != 0x20 || p[2].Addr != 0x30 || p[3].Len != 0 {
		t.Errorf("slots hold %v", p[:4])
	}
}

// TestCompact: what sits in a slot that turns out to be another's moves to one of ours,
// as long as there is one.
func TestCompact(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	addAll(t, b, true, 0, word(0x10), word(0x20), word(0x30))
	ln := b.lanes[1]
	ln.leave(0, ln.slots[0].members[0])
	ln.usable = 1<<0 | 1<<1
	ln.compact()
	if ln.slots[0].point.Addr != 0x30 || ln.slots[1].point.Addr != 0x20 || ln.slots[2].point.Len != 0 {
		t.Errorf("slots hold %v", ln.slots[:3])
	}
	if len(ln.slots[0].members) != 1 || ln.slots[0].members[0].points[0].Addr != 0x30 {
		t.Error("the event did not move with its point")
	}
	ln.usable = 1 << 1
	ln.compact()
	if ln.slots[0].point.Addr != 0x30 {
		t.Errorf("without room it went to %v", ln.slots[:3])
	}
}

// TestTurnsProgramDifferences: a turn with nobody to be changed sets nothing, and a turn
// does not allocate.
func TestTurnsProgramDifferences(t *testing.T) {
	b, d := fakeBoard(t, 2)
	var w []*Entry
	for i := range 12 {
		w = append(w, word(uint64(0x1000+8*i)))
	}
	addAll(t, b, false, 0, w...)
	sets := d.opened[2].sets
	turn := func() {
		run(b, 1, 1000)
		if err := nudge(b, b.lanes[1]); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 { // until everything has been in every slot
		turn()
	}
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("a turn makes %v allocations", n)
	}
	if d.opened[2].sets != sets {
		t.Error("the turns of one thread touched another")
	}
	before := d.opened[1].sets
	if err := nudge(b, b.lanes[1]); err != nil { // it has not run since
		t.Fatal(err)
	}
	if d.opened[1].sets != before {
		t.Error("a thread that has not run was given a turn")
	}
}
