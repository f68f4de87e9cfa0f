package hwbp

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// slotBits are the bits of DR7 that belong to each slot, read off the figure of
// Intel SDM 3B, 18.2: LEN and R/W in the upper half, G and L in the lowest byte.
var slotBits = [4]DR7{0x000f0003, 0x00f0000c, 0x0f000030, 0xf00000c0}

var amd64Accesses = []Access{Write, ReadWrite, Execute}

// TestDR7Manual sets the four points of the table "Breakpoint Examples" (Intel SDM
// 3B, 18.2.5). By hand: LEN and R/W are 00 11, 00 01, 01 11 and 11 01 from slot 0
// up, so 1101 0111 0001 0011 in the upper half; L0 to L3 are bits 0, 2, 4 and 6.
func TestDR7Manual(t *testing.T) {
	points := []Point{
		{0xa0001, 1, ReadWrite},
		{0xa0002, 1, Write},
		{0xb0002, 2, ReadWrite},
		{0xc0000, 4, Write},
	}
	var d DR7
	for slot, p := range points {
		var err error
		if d, err = d.Set(slot, p); err != nil {
			t.Fatal(err)
		}
	}
	if d != 0xd7130055 {
		t.Errorf("got %#x, want 0xd7130055", uint64(d))
	}
}

func TestDR7ByHand(t *testing.T) {
	for _, c := range []struct {
		slot int
		p    Point
		want DR7
	}{
		{0, Point{0x1000, 8, Write}, 0x90001},            // 10 01
		{0, Point{0x1000, 8, ReadWrite}, 0xb0001},        // 10 11
		{0, Point{0x1001, 1, Execute}, 0x1},              // 00 00
		{1, Point{0x1000, 4, ReadWrite}, 0xf00004},       // 11 11
		{2, Point{0x1000, 2, Write}, 0x5000010},          // 01 01
		{3, Point{0x1000, 8, Write}, 0x90000040},         // 10 01
		{3, Point{0x1003, 1, ReadWrite}, 0x3<<28 + 0x40}, // 00 11
	} {
		d, err := DR7(0).Set(c.slot, c.p)
		if err != nil || d != c.want {
			t.Errorf("slot %d, %v: %#x, %v, want %#x", c.slot, c.p, uint64(d), err, uint64(c.want))
		}
	}
}

func TestDR7Get(t *testing.T) {
	for _, c := range []struct {
		d       DR7
		slot    int
		a       Access
		length  uint8
		enabled bool
		ok      bool
	}{
		{0, 0, Execute, 1, false, true},
		{0x2, 0, Execute, 1, true, true}, // the global bit alone enables too
		{0x3, 0, Execute, 1, true, true},
		{0x90000, 0, Write, 8, false, true}, // disabled with its bits left behind
		{0x20001, 0, 0, 0, true, false},     // 10: an I/O port
		{0x20000, 0, 0, 0, false, false},
		{0x40001, 0, 0, 0, true, false}, // execution with LEN 01
		{0xd7130055, 3, Write, 4, true, true},
		{0xd7130055, 2, ReadWrite, 2, true, true},
		{0xffffffffd7130755, 1, Write, 1, true, true}, // bits of no slot do not matter
	} {
		a, n, enabled, err := c.d.Get(c.slot)
		if a != c.a || n != c.length || enabled != c.enabled || (err == nil) != c.ok {
			t.Errorf("%#x slot %d: %v, %d, %v, %v", uint64(c.d), c.slot, a, n, enabled, err)
		}
		var de *DecodeError
		if err != nil && (!errors.As(err, &de) || de.Register != "DR7" || de.Value != uint64(c.d)) {
			t.Errorf("%#x slot %d: not a DecodeError about it: %v", uint64(c.d), c.slot, err)
		}
	}
}

func TestDR7BadSlot(t *testing.T) {
	const d = ^DR7(0)
	for _, slot := range []int{-1, 4, 64, -1 << 62} {
		var se *SlotError
		if got, err := d.Set(slot, Point{0x1000, 8, Write}); got != d || !errors.As(err, &se) || se.Slot != slot {
			t.Errorf("set slot %d: %#x, %v", slot, uint64(got), err)
		}
		if _, _, _, err := d.Get(slot); !errors.As(err, &se) || se.Slot != slot {
			t.Errorf("get slot %d: %v", slot, err)
		}
		if got := d.Clear(slot); got != d {
			t.Errorf("clear slot %d changed DR7 to %#x", slot, uint64(got))
		}
	}
}

func TestDR7SetRefuses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := DR7(rapid.Uint64().Draw(t, "d"))
		p := anyPoint().Draw(t, "p")
		got, err := d.Set(rapid.IntRange(0, 3).Draw(t, "slot"), p)
		if (err == nil) != (AMD64.Check(p) == nil) || err != nil && got != d {
			t.Fatalf("%v: %#x, %v", p, uint64(got), err)
		}
	})
}

// TestDR7RoundTrip sets, replaces and clears slots in any order and compares all
// four with a plain table after each move.
func TestDR7RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := DR7(rapid.Uint64().Draw(t, "start"))
		d := start.Clear(0).Clear(1).Clear(2).Clear(3)
		type state struct {
			a       Access
			length  uint8
			enabled bool
		}
		empty := state{Execute, 1, false}
		want := [4]state{empty, empty, empty, empty}
		for range rapid.IntRange(1, 12).Draw(t, "moves") {
			slot := rapid.IntRange(0, 3).Draw(t, "slot")
			if rapid.Bool().Draw(t, "clear") {
				d = d.Clear(slot)
				want[slot] = empty
			} else {
				p := legalPoint(AMD64, amd64Accesses...).Draw(t, "point")
				var err error
				if d, err = d.Set(slot, p); err != nil {
					t.Fatal(err)
				}
				want[slot] = state{p.Access, p.Len, true}
			}
			var mask uint8
			for i := range 4 {
				a, n, enabled, err := d.Get(i)
				if got := (state{a, n, enabled}); err != nil || got != want[i] {
					t.Fatalf("%#x slot %d: %+v, %v, want %+v", uint64(d), i, got, err, want[i])
				}
				if enabled {
					mask |= 1 << i
				}
			}
			if d.Enabled() != mask {
				t.Fatalf("%#x: enabled %#b, want %#b", uint64(d), d.Enabled(), mask)
			}
		}
		none := ^(slotBits[0] | slotBits[1] | slotBits[2] | slotBits[3])
		if d&none != start&none {
			t.Fatalf("bits of no slot changed: %#x from %#x", uint64(d), uint64(start))
		}
	})
}

// TestDR7OwnBits: Set and Clear touch the six bits of their slot and leave none
// behind (FACTS J6).
func TestDR7OwnBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := DR7(rapid.Uint64().Draw(t, "d"))
		slot := rapid.IntRange(0, 3).Draw(t, "slot")
		p := legalPoint(AMD64, amd64Accesses...).Draw(t, "p")
		set, err := d.Set(slot, p)
		if err != nil || (set^d)&^slotBits[slot] != 0 {
			t.Fatalf("set slot %d: %#x to %#x, %v", slot, uint64(d), uint64(set), err)
		}
		if got := d.Clear(slot); got != d&^slotBits[slot] {
			t.Fatalf("clear slot %d: %#x to %#x", slot, uint64(d), uint64(got))
		}
	})
}

func FuzzDR7Get(f *testing.F) {
	f.Add(uint64(0xd7130055), 0)
	f.Add(uint64(0x20001), 0)
	f.Add(uint64(0x40002), 0)
	f.Add(uint64(0), 4)
	f.Add(^uint64(0), -1)
	f.Fuzz(func(t *testing.T, word uint64, slot int) {
		d := DR7(word)
		a, n, enabled, err := d.Get(slot)
		if err != nil {
			if a != 0 || n != 0 {
				t.Fatalf("%v, %d beside %v", a, n, err)
			}
			return
		}
		again, err := d.Set(slot, Point{Len: n, Access: a})
		if err != nil {
			t.Fatalf("%v of length %d read from %#x cannot be set: %v", a, n, word, err)
		}
		if (again^d)&^0xff != 0 {
			t.Fatalf("re-encoded %#x to %#x", word, uint64(again))
		}
		if a2, n2, on, err := again.Get(slot); a2 != a || n2 != n || !on || err != nil {
			t.Fatalf("%#x slot %d (enabled %v): %v, %d, %v, %v", word, slot, enabled, a2, n2, on, err)
		}
	})
}
