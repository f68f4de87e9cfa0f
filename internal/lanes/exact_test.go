package lanes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/ptrace"
	"github.com/argusdbg/argus/sched"
)

// fakeGuards counts who wants which page.
type fakeGuards struct {
	pages  map[uint64]int
	refuse map[uint64]error // by page
	closed bool
}

func (f *fakeGuards) Add(addr, size uint64) error {
	for n := addr / 4096; n <= (addr+size-1)/4096; n++ {
		if err := f.refuse[n]; err != nil {
			return err
		}
	}
	for n := addr / 4096; n <= (addr+size-1)/4096; n++ {
		f.pages[n]++
	}
	return nil
}

func (f *fakeGuards) Remove(addr, size uint64) error {
	for n := addr / 4096; n <= (addr+size-1)/4096; n++ {
		if f.pages[n]--; f.pages[n] < 0 {
			return fmt.Errorf("page %#x was not guarded", n)
		} else if f.pages[n] == 0 {
			delete(f.pages, n)
		}
	}
	return nil
}

func (f *fakeGuards) Close() error { f.closed = true; return nil }

// exactBoard is a board on fakes, whose wall clock stands.
func exactBoard(t *testing.T, threads int) (b *Board, d *fakeDriver, f *fakeGuards, now *sched.Time) {
	b, d = fakeBoard(t, threads)
	f, now = &fakeGuards{pages: map[uint64]int{}, refuse: map[uint64]error{}}, new(sched.Time)
	b.openGuards = func() (Guards, error) { return f, nil }
	b.wall = func() sched.Time { return *now }
	return b, d, f, now
}

func exact(t *testing.T, b *Board, entries ...*Entry) {
	t.Helper()
	for _, e := range entries {
		if err := b.Add(Config{Entries: []*Entry{e}, Exact: true}); err != nil {
			t.Fatal(err)
		}
	}
}

// storm is faults on a page, at so many a second, for a tenth of a second.
func storm(b *Board, now *sched.Time, addr uint64, rate int) {
	for range rate / 10 {
		*now += sched.Time(time.Second) / sched.Time(rate)
		if b.guards.(*fakeGuards).pages[addr/4096] > 0 {
			b.Fault(addr, false)
		}
		b.Rearrange()
	}
}

// TestExactBeyondSlots: the fifth is behind a guard, and so is what is too large for slots.
func TestExactBeyondSlots(t *testing.T) {
	b, d, f, _ := exactBoard(t, 2)
	var list []*Entry
	for i := range 5 {
		list = append(list, word(0x10000+0x1000*uint64(i)))
	}
	exact(t, b, list...)
	large := &Entry{Name: "large", Addr: 0x30ff8, Size: 100}
	exact(t, b, large)
	if got := len(d.opened[2].on()); got != 4 {
		t.Errorf("%d slots are held", got)
	}
	for _, e := range list[:4] { // what is behind guards counts as well
		if err := b.Remove(e); err != nil {
			t.Error(err)
		}
	}
	if len(d.opened[2].on()) != 0 || b.Empty() {
		t.Errorf("%d slots are held; empty: %v", len(d.opened[2].on()), b.Empty())
	}
	exact(t, b, list[:4]...)
	for i, e := range append(list, large) {
		want := Slots
		if i >= 4 {
			want = PageGuards
		}
		if got := b.Account(e).Where; got != want {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
	if len(f.pages) != 3 || f.pages[0x14] != 1 || f.pages[0x30] != 1 || f.pages[0x31] != 1 {
		t.Errorf("guarded: %v", f.pages)
	}
	for _, c := range []struct {
		addr, size uint64
		want       []*Entry
	}{{0x14000, 1, list[4:5]}, {0x14007, 1, list[4:5]}, {0x13ffc, 8, list[4:5]}, {0x14008, 8, nil}, {0x31000, 1, []*Entry{large}}, {0x10000, 8, nil}} {
		if got := b.Behind(nil, nil, c.addr, c.size); !slices.Equal(got, c.want) {
			t.Errorf("%#x: %v, want %v", c.addr, got, c.want)
		}
	}
	for _, e := range append(list, large) {
		if err := b.Remove(e); err != nil {
			t.Error(err)
		}
	}
	if len(f.pages) != 0 || len(d.opened[2].on()) != 0 || len(b.pages) != 0 || !b.Empty() || len(b.standIns) != 0 {
		t.Errorf("left: %v, %v, %d pages, %d groups", f.pages, d.opened[2].on(), len(b.pages), len(b.groups))
	}
	if err := b.Close(); err != nil || !f.closed {
		t.Errorf("closed: %v, %v", f.closed, err)
	}
}

// TestExactYields: what needs slots, or can have nothing else, gets them.
func TestExactYields(t *testing.T) {
	b, d, f, _ := exactBoard(t, 1)
	exact(t, b, word(0x10000), word(0x20000), word(0x30000), word(0x40000))
	addAll(t, b, true, 0, word(0x50000), word(0x60000))
	if err := b.Add(Config{Entries: []*Entry{word(0x70000)}}); err != nil {
		t.Errorf("one that takes turns: %v", err)
	}
	reads := &Entry{Name: "reads", Points: []hwbp.Point{{Addr: 0x80000, Len: 8, Access: hwbp.ReadWrite}}}
	exact(t, b, reads)
	if got := d.opened[1].on(); len(got) != 4 || !slices.Contains(got, 0x80000) || len(f.pages) != 4 {
		t.Errorf("armed %#x, guarded %v", got, f.pages)
	}
	var ge *GuardError
	more := &Entry{Name: "more", Points: reads.Points}
	more.Points = []hwbp.Point{{Addr: 0x90000, Len: 8, Access: hwbp.ReadWrite}}
	err := b.Add(Config{Entries: []*Entry{more}, Exact: true})
	if !errors.As(err, &ge) || !errors.Is(err, errReads) || !strings.Contains(err.Error(), "see writes only") {
		t.Errorf("reads beyond slots: %v", err)
	}
	var se *SlotsError
	if !errors.As(err, &se) {
		t.Errorf("it does not say who holds slots: %v", err)
	}
	if got := b.Account(more); got.Where != Nowhere {
		t.Errorf("refused, and %v", got.Where)
	}
	// A breakpoint does not drive anything out: it needs no slot.
	if b.Add(Config{Entries: []*Entry{{Points: []hwbp.Point{{Addr: 0x10, Len: 1, Access: hwbp.Execute}}}}, Pinned: true}) == nil {
		t.Error("a breakpoint found a slot")
	}
}

// TestExactWithoutGuards: the fifth is refused with both reasons, and nothing is left.
func TestExactWithoutGuards(t *testing.T) {
	b, d, f, _ := exactBoard(t, 1)
	exact(t, b, word(0x10000), word(0x20000), word(0x30000))
	forbidden := errors.New("userfaultfd is forbidden")
	f.refuse[0x50] = forbidden
	two := []*Entry{word(0x40000), word(0x50000)}
	err := b.Add(Config{Entries: two, Exact: true})
	var se *SlotsError
	if !errors.Is(err, forbidden) || !errors.As(err, &se) || se.Want != 1 {
		t.Errorf("refused with %v", err)
	}
	if got := d.opened[1].on(); len(got) != 3 || len(f.pages) != 0 {
		t.Errorf("armed %#x, guarded %v", got, f.pages)
	}
	b.openGuards, b.guards = func() (Guards, error) { return nil, forbidden }, nil
	if err := b.Add(Config{Entries: two, Exact: true}); !errors.Is(err, forbidden) {
		t.Errorf("refused with %v", err)
	}
	exact(t, b, word(0x40000))
	if err := b.Add(Config{Entries: []*Entry{word(0x50000)}, Pinned: true}); !errors.As(err, &se) {
		t.Errorf("nothing can make room: %v", err)
	}
}

// TestHotPagesGetSlots: what is touched all the time is not left behind a guard.
func TestHotPagesGetSlots(t *testing.T) {
	b, d, f, now := exactBoard(t, 2)
	var list []*Entry
	for i := range 8 {
		list = append(list, word(0x10000+0x1000*uint64(i)))
	}
	exact(t, b, list...)
	storm(b, now, 0x16000, 1000)
	if a := b.Account(list[6]); a.Where != Slots || a.Moves != 1 || a.Faults == 0 || a.Faults != a.Idle || a.Faults > 50 {
		t.Errorf("%v after %d faults, %d moves", a.Where, a.Faults, a.Moves)
	}
	if got := d.opened[2].on(); len(got) != 4 || !slices.Contains(got, 0x16000) || len(f.pages) != 4 {
		t.Errorf("armed %#x, guarded %v", got, f.pages)
	}
	// A second one does not take its place.
	*now += stay
	storm(b, now, 0x17000, 1000)
	if got := d.opened[1].on(); len(got) != 4 || !slices.Contains(got, 0x16000) || !slices.Contains(got, 0x17000) {
		t.Errorf("armed %#x", got)
	}
	// What is cold does not move.
	*now += 100 * sched.Time(time.Second)
	storm(b, now, 0x15000, 20)
	for _, e := range list {
		if a := b.Account(e); a.Enabled != a.Running || a.Blind != 0 {
			t.Errorf("%+v", a.Times)
		}
	}
}

// TestSharedHotPage: only together are they worth a slot each, and five can never have them.
func TestSharedHotPage(t *testing.T) {
	b, d, f, now := exactBoard(t, 1)
	exact(t, b, word(0x10000), word(0x20000), word(0x30000), word(0x40000), word(0x50000), word(0x50008), word(0x50010))
	storm(b, now, 0x50000, 2000)
	if got := d.opened[1].on(); len(got) != 4 || f.pages[0x50] != 0 {
		t.Errorf("armed %#x, guarded %v", got, f.pages)
	}
	exact(t, b, word(0x50018), word(0x50020))
	if f.pages[0x50] == 0 {
		t.Fatalf("five on a page, and no guard: %v", f.pages)
	}
	*now += stay
	storm(b, now, 0x50000, 2000)
	storm(b, now, 0x20000, 2000)
	if f.pages[0x20] != 0 {
		t.Errorf("slots are wasted on a page with guards: armed %#x, guarded %v", d.opened[1].on(), f.pages)
	}
}

// TestOneThreadsGuard: what is for one thread does not hear of others.
func TestOneThreadsGuard(t *testing.T) {
	b, _, _, _ := exactBoard(t, 2)
	exact(t, b, word(0x10000), word(0x20000), word(0x30000), word(0x40000))
	e := word(0x50000)
	if err := b.Add(Config{Entries: []*Entry{e}, Exact: true, Thread: 2}); err != nil {
		t.Fatal(err)
	}
	for tid, want := range []int{0, 0, 1} {
		if got := b.Behind(nil, &ptrace.Thread{TID: tid}, 0x50000, 1); len(got) != want {
			t.Errorf("thread %d: %d entries", tid, len(got))
		}
	}
	run(b, 1, 1000)
	run(b, 2, 500)
	b.Settle()
	if a := b.Account(e); a.Enabled != 500 || a.Running != 500 {
		t.Errorf("%+v", a.Times)
	}
	var te *ThreadError
	if err := b.Add(Config{Entries: []*Entry{word(0x60000)}, Exact: true, Thread: 7}); !errors.As(err, &te) {
		t.Errorf("for a thread that is not there: %v", err)
	}
}

// TestExactIsAlwaysOn: whatever comes, goes and moves, what is of mode exact is on, in slots
// of every thread or behind a guard, and its account says so.
func TestExactIsAlwaysOn(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, d, f, now := exactBoard(t, 2)
		var list, others []*Entry
		ran := int64(0)
		born := map[*Entry]int64{}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			addr := 0x10000 + 8*uint64(rapid.IntRange(0, 20).Draw(rt, "word")) + 0x1000*uint64(rapid.IntRange(0, 9).Draw(rt, "page"))
			switch rapid.IntRange(0, 9).Draw(rt, "step") {
			case 0, 1, 2:
				e := word(addr)
				if rapid.IntRange(0, 3).Draw(rt, "kind") == 0 {
					e = &Entry{Addr: addr, Size: rapid.Uint64Range(1, 9000).Draw(rt, "size")}
				}
				exact(t, b, e)
				list, born[e] = append(list, e), ran
			case 3:
				e := word(addr)
				if b.Add(Config{Entries: []*Entry{e}, Pinned: rapid.Bool().Draw(rt, "pinned")}) == nil {
					others = append(others, e)
				}
			case 4:
				if len(others) > 0 {
					i := rapid.IntRange(0, len(others)-1).Draw(rt, "other")
					if err := b.Remove(others[i]); err != nil {
						rt.Fatal(err)
					}
					others = slices.Delete(others, i, i+1)
				}
			case 5:
				if len(list) > 0 {
					i := rapid.IntRange(0, len(list)-1).Draw(rt, "which")
					if err := b.Remove(list[i]); err != nil {
						rt.Fatal(err)
					}
					if a := b.Account(list[i]); a.Enabled != 2*(ran-born[list[i]]) || a.Running != a.Enabled {
						rt.Fatalf("%+v, %d ns", a.Times, ran-born[list[i]])
					}
					list = slices.Delete(list, i, i+1)
				}
			case 6:
				if b.guards == nil {
					continue
				}
				storm(b, now, addr, rapid.SampledFrom([]int{10, 100, 3000}).Draw(rt, "rate"))
			default:
				run(b, 1, 1000)
				run(b, 2, 1000)
				ran += 1000
				*now += sched.Time(rapid.Int64Range(1, 1e9).Draw(rt, "wait"))
			}
			want := map[uint64]int{}
			for _, e := range list {
				if e.guarded {
					b.pagesOf(e, func(n uint64) { want[n]++ })
					continue
				}
				for tid := 1; tid <= 2; tid++ {
					if !slices.Contains(d.opened[tid].on(), e.Points[0].Addr) {
						rt.Fatalf("%#x is nowhere", e.Points[0].Addr)
					}
				}
			}
			for n, count := range f.pages {
				if want[n] != count {
					rt.Fatalf("page %#x is guarded for %d, want %d", n, count, want[n])
				}
			}
			if len(want) != len(f.pages) {
				rt.Fatalf("guarded %v, want %v", f.pages, want)
			}
		}
		b.Settle()
		for _, e := range list {
			if a := b.Account(e); a.Enabled != 2*(ran-born[e]) || a.Running != a.Enabled {
				rt.Fatalf("%+v, %d ns", a.Times, ran-born[e])
			}
		}
	})
}
