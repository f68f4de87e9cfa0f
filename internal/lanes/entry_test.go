package lanes

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/hwbp"
)

// TestDistinct: every point once, in an order of their own.
func TestDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		point := rapid.Custom(func(t *rapid.T) hwbp.Point {
			return hwbp.Point{Addr: rapid.Uint64Range(0, 3).Draw(t, "addr"), Len: rapid.SampledFrom([]uint8{1, 2}).Draw(t, "len"),
				Access: rapid.SampledFrom([]hwbp.Access{hwbp.Write, hwbp.ReadWrite}).Draw(t, "access")}
		})
		in := rapid.SliceOfN(point, 0, 12).Draw(t, "points")
		given := slices.Clone(in)
		out := distinct(in)
		if !slices.Equal(in, given) {
			t.Fatal("the caller's slice was changed")
		}
		for i, p := range out {
			if !slices.Contains(in, p) || slices.Contains(out[:i], p) {
				t.Fatalf("%v of %v", out, in)
			}
		}
		for _, p := range in {
			if !slices.Contains(out, p) {
				t.Fatalf("%v is not in %v", p, out)
			}
		}
		slices.Reverse(in)
		if again := distinct(in); !slices.Equal(again, out) {
			t.Fatalf("%v and %v", out, again)
		}
	})
}

// TestTwins: pinned watchpoints on the same memory for the same threads need no more
// slots, and each lives as long as it is wanted.
func TestTwins(t *testing.T) {
	b, d := fakeBoard(t, 2)
	addAll(t, b, true, 0, word(0x10), word(0x20), word(0x30))
	x, y := word(0x40), word(0x40)
	addAll(t, b, true, 0, x, y)
	if x.in == nil || x.in != y.in {
		t.Fatal("two on the same memory, and two events")
	}
	if err := b.Add(Config{Entries: []*Entry{word(0x40)}, Pinned: true, Thread: 1}); err == nil {
		t.Error("one for a thread alone was taken for the same")
	}
	for _, e := range []*Entry{x, y} {
		if len(d.opened[2].on()) != 4 {
			t.Fatalf("armed %#x", d.opened[2].on())
		}
		if err := b.Remove(e); err != nil {
			t.Fatal(err)
		}
		if err := b.Remove(e); err != nil {
			t.Errorf("removed twice: %v", err)
		}
	}
	if len(d.opened[2].on()) != 3 {
		t.Errorf("armed %#x after both were removed", d.opened[2].on())
	}
}

// TestTwinOfTheDead: what is for a thread that has ended is refused, whatever was watched
// there.
func TestTwinOfTheDead(t *testing.T) {
	b, d := fakeBoard(t, 2)
	addAll(t, b, true, 2, word(0x10))
	b.Gone(b.lanes[2].th)
	var te *ThreadError
	if err := b.Add(Config{Entries: []*Entry{word(0x10)}, Pinned: true, Thread: 2}); !asError(err, &te) || te.Thread != 2 {
		t.Errorf("for a thread that is gone: %v", err)
	}
	addThread(t, b, 2) // its id is used again
	addAll(t, b, true, 2, word(0x10))
	if got := d.opened[2].on(); len(got) != 1 {
		t.Errorf("armed %#x on the new thread", got)
	}
}

// TestGroupOfTwo: a group stays as large as it was until the last of it is removed; who
// is removed hears and counts no more.
func TestGroupOfTwo(t *testing.T) {
	b, d := fakeBoard(t, 1)
	x, y := word(0x10), word(0x20)
	if err := b.Add(Config{Name: "both", Entries: []*Entry{x, y}, Pinned: true}); err != nil {
		t.Fatal(err)
	}
	run(b, 1, 5e6)
	if err := b.Remove(x); err != nil {
		t.Fatal(err)
	}
	at := b.Account(x)
	if at.Enabled != 5e6 || at.Running != 5e6 {
		t.Errorf("removed after 5 ms, its account says %v", at.Times)
	}
	run(b, 1, 5e6)
	b.settled = b.settled.Add(-settleEvery)
	if now := b.Account(x); now != at {
		t.Errorf("the account of what was removed goes on: %v, %v", at.Times, now.Times)
	}
	if now := b.Account(y); now.Enabled != 10e6 {
		t.Errorf("the other's account says %v", now.Times)
	}
	d.opened[1].next = shot{now: 1<<0 | 1<<1}
	got, sh, err := b.Fired(nil, b.lanes[1].th, trap(0))
	if err != nil || sh.Verdict != Ours || !slices.Equal(got, []*Entry{y}) {
		t.Errorf("fired: %v, %v, %v", got, sh.Verdict, err)
	}
	d.opened[1].next = shot{now: 1 << 0}
	if got, sh, _ := b.Fired(nil, b.lanes[1].th, trap(0)); len(got) != 0 || sh.Verdict != Nothing {
		t.Errorf("of what was removed: %v, %v", got, sh.Verdict)
	}
	b.Hit(x, b.lanes[1].th)
	if err := b.Remove(y); err != nil {
		t.Fatal(err)
	}
	if len(d.opened[1].on()) != 0 {
		t.Errorf("armed %#x", d.opened[1].on())
	}
}
