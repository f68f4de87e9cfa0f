package lanes

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAccountsAddUp: whatever comes and goes, enabled is running + clean + blind to the
// nanosecond, and who comes later to what is watched already has an account of its own.
func TestAccountsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, d := fakeBoard(t, 2)
		var all []*Entry
		began := map[*Entry]int64{}
		clock := func() (sum int64) {
			for _, ln := range b.lanes {
				sum += ln.clock.(*fakeClock).at
			}
			return sum
		}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				e := word(8 * rapid.Uint64Range(0, 5).Draw(rt, "address"))
				if b.Add(Config{Entries: []*Entry{e}, Pinned: rapid.Bool().Draw(rt, "pinned")}) == nil {
					all, began[e] = append(all, e), clock()
				}
			case 2:
				if len(all) > 0 {
					if err := b.Remove(all[rapid.IntRange(0, len(all)-1).Draw(rt, "which")]); err != nil {
						rt.Fatal(err)
					}
				}
			case 3:
				tid := rapid.IntRange(1, 2).Draw(rt, "thread")
				run(b, tid, rapid.Int64Range(0, 1e7).Draw(rt, "ns"))
				if err := nudge(b, b.lanes[tid]); err != nil {
					rt.Fatal(err)
				}
			case 4:
				run(b, rapid.IntRange(1, 2).Draw(rt, "thread"), rapid.Int64Range(0, 1e7).Draw(rt, "ns"))
			case 5: // another user comes or goes
				tid := rapid.IntRange(1, 2).Draw(rt, "thread")
				d.free[tid] = rapid.IntRange(3, 4).Draw(rt, "slots")
				b.lanes[tid].retry = true
				if err := nudge(b, b.lanes[tid]); err != nil {
					rt.Fatal(err)
				}
			}
			b.settled = time.Time{}
			for _, e := range all {
				a := b.Account(e)
				if a.Enabled != a.Running+a.Clean+a.Blind || min(a.Running, a.Clean, a.Blind) < 0 {
					rt.Fatalf("enabled %d, running %d, clean %d, blind %d", a.Enabled, a.Running, a.Clean, a.Blind)
				}
				if want := clock() - began[e]; e.final == nil && a.Enabled != want {
					rt.Fatalf("enabled %d ns of %d", a.Enabled, want)
				}
			}
		}
	})
}

// TestAccountOfATwin: what was before it came is not the twin's.
func TestAccountOfATwin(t *testing.T) {
	b, d := fakeBoard(t, 1)
	x, y := word(0x10), word(0x10)
	addAll(t, b, true, 0, x)
	d.opened[1].next = shot{now: 1}
	hit := func() {
		got, _, _ := b.Fired(nil, b.lanes[1].th, trap(6))
		for _, e := range got {
			b.Hit(e, b.lanes[1].th)
		}
	}
	run(b, 1, 1000)
	hit()
	hit()
	addAll(t, b, true, 0, y)
	run(b, 1, 500)
	hit()
	b.settled = time.Time{}
	for e, want := range map[*Entry]struct {
		hits uint64
		ns   int64
	}{x: {3, 1500}, y: {1, 500}} {
		a := b.Account(e)
		if a.Hits != want.hits || a.Estimate.Hits != float64(want.hits) || a.Running != want.ns || a.Enabled != want.ns {
			t.Errorf("%d hits, estimate %v, %v of %v ns; want %v", a.Hits, a.Estimate, a.Running, a.Enabled, want)
		}
	}
	if err := b.Remove(x); err != nil {
		t.Fatal(err)
	}
	hit()
	if a := b.Account(y); a.Hits != 2 {
		t.Errorf("after the first went, %d hits of the second, want 2", a.Hits)
	}
	if a := b.Account(x); a.Hits != 3 {
		t.Errorf("%d hits of the first after it went, want 3", a.Hits)
	}
}

func TestAccountOfNothing(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	if a := b.Account(word(1)); a != (Account{}) {
		t.Errorf("%+v", a)
	}
	if b.slice != DefaultSlice {
		t.Errorf("a slice of %v", b.slice)
	}
}
