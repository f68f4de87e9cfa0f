package lanes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/argusdbg/argus/ptrace"
)

// TestWorkers: eight goroutines with two watchpoints each, on four threads with four slots
// each: all of them are on wherever their goroutine runs.
func TestWorkers(t *testing.T) {
	b, d, f, _ := exactBoard(t, 4)
	for g := int64(1); g <= 8; g++ {
		for i := range uint64(2) {
			e := word(0x1000*uint64(g) + 8*i)
			if err := b.Add(Config{Entries: []*Entry{e}, Exact: true, Goroutine: g}); err != nil {
				t.Fatal(err)
			}
			if a := b.Account(e); a.Where != Slots {
				t.Errorf("goroutine %d: %v", g, a.Where)
			}
		}
	}
	for turn := range int64(20) {
		for th := 1; th <= 4; th++ {
			g := (turn*3+int64(th)*5)%8 + 1
			goes(t, b, th, g)
			base := 0x1000 * uint64(g)
			if got := d.opened[th].on(); !slices.Equal(sorted(got), []uint64{base, base + 8}) {
				t.Fatalf("goroutine %d on thread %d: %#x", g, th, got)
			}
		}
	}
	if len(f.pages) != 0 {
		t.Errorf("guarded: %v", f.pages)
	}
	b.Rearrange()
}

func goes(t interface{ Fatal(...any) }, b *Board, th int, g int64) {
	b.Run(b.lanes[th].th, g)
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
}

func sorted(addrs []uint64) []uint64 {
	slices.Sort(addrs)
	return addrs
}

// TestRunByDifference: nothing is programmed where nothing changes, and a goroutine without
// a context leaves everything as it is.
func TestRunByDifference(t *testing.T) {
	b, d := fakeBoard(t, 2)
	for g := int64(1); g <= 2; g++ {
		if err := b.Add(Config{Entries: []*Entry{word(0x1000 * uint64(g))}, Pinned: true, Goroutine: g}); err != nil {
			t.Fatal(err)
		}
	}
	goes(t, b, 1, 1)
	sets := d.opened[1].sets
	goes(t, b, 1, 1)
	goes(t, b, 1, 77)
	goes(t, b, 1, 1)
	if d.opened[1].sets != sets || b.Switches() != 1 {
		t.Errorf("programmed %d times, %d switches", d.opened[1].sets-sets, b.Switches())
	}
	goes(t, b, 2, 1) // from 1, which is told when its thread stops
	if d.opened[1].sets != sets || !slices.Equal(d.opened[2].on(), []uint64{0x1000}) {
		t.Errorf("thread 2: %#x", d.opened[2].on())
	}
	goes(t, b, 1, 77)
	if len(d.opened[1].on()) != 0 {
		t.Errorf("thread 1 has not been freshened: %#x", d.opened[1].on())
	}
	if b.Run(&ptrace.Thread{TID: 1}, 2); len(d.opened[1].on()) != 0 {
		t.Errorf("a thread of the same id: %#x", d.opened[1].on())
	}
}

// TestGoroutineSpills: what a goroutine has beyond its slots is behind guards, and so is
// what has to give way to the process.
func TestGoroutineSpills(t *testing.T) {
	b, d, f, _ := exactBoard(t, 2)
	var own, others []*Entry
	add := func(g int64, addr uint64) *Entry {
		e := word(addr)
		if err := b.Add(Config{Entries: []*Entry{e}, Exact: true, Goroutine: g}); err != nil {
			t.Fatal(err)
		}
		return e
	}
	for i := range uint64(6) {
		own = append(own, add(1, 0x10000+0x1000*i))
	}
	for i := range uint64(4) {
		others = append(others, add(2, 0x20000+0x1000*i))
	}
	count := func(list []*Entry) (n int) {
		for _, e := range list {
			if b.Account(e).Where == Slots {
				n++
			}
		}
		return n
	}
	if count(own) != 4 || count(others) != 4 || len(f.pages) != 2 {
		t.Errorf("%d and %d are in slots, %d pages guarded", count(own), count(others), len(f.pages))
	}
	addAll(t, b, true, 0, word(0x40000)) // always on, beside any goroutine
	if count(own) > 3 || count(others) > 3 || count(own) == 0 || count(others) == 0 {
		t.Errorf("beside a pinned one %d and %d are in slots", count(own), count(others))
	}
	goes(t, b, 1, 1)
	goes(t, b, 2, 2)
	for th := 1; th <= 2; th++ {
		if on := d.opened[th].on(); !slices.Contains(on, 0x40000) || len(on) > 4 {
			t.Errorf("thread %d: %#x", th, on)
		}
	}
	for _, e := range append(own, others...) {
		if err := b.Remove(e); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.pages) != 0 || b.HasContext(1) || b.HasContext(2) || !slices.Equal(d.opened[1].on(), []uint64{0x40000}) {
		t.Errorf("left: %v, thread 1 %#x", f.pages, d.opened[1].on())
	}
}

// TestGoroutineTimes: a goroutine's watchpoint is wanted while its context is on a thread,
// and on all that time; elsewhere, and while it waits, no time passes for it.
func TestGoroutineTimes(t *testing.T) {
	b, _ := fakeBoard(t, 2)
	e := word(0x1000)
	if err := b.Add(Config{Entries: []*Entry{e}, Pinned: true, Goroutine: 1, On: b.lanes[1].th}); err != nil {
		t.Fatal(err)
	}
	run(b, 1, 100)
	run(b, 2, 1000)
	if err := b.Add(Config{Entries: []*Entry{word(0x2000)}, Pinned: true, Goroutine: 2}); err != nil {
		t.Fatal(err)
	}
	goes(t, b, 1, 2) // from here on goroutine 1 is nowhere
	run(b, 1, 5000)
	goes(t, b, 2, 1)
	run(b, 2, 30)
	b.settle()
	if a := b.Account(e); a.Enabled != 130 || a.Running != 130 || a.Blind != 0 || a.Turns != 2 {
		t.Errorf("%+v", a.Times)
	}
	b.Gone(b.lanes[2].th) // the thread ends under it
	addThread(t, b, 3)
	goes(t, b, 3, 1)
	run(b, 3, 7)
	b.settle()
	if a := b.Account(e); a.Enabled != 137 || a.Running != 137 {
		t.Errorf("%+v", a.Times)
	}
}

func TestGoroutineAndThread(t *testing.T) {
	b, _ := fakeBoard(t, 1)
	err := b.Add(Config{Name: "x", Entries: []*Entry{word(8)}, Pinned: true, Goroutine: 3, Thread: 1})
	if err == nil || !strings.Contains(err.Error(), "goroutine 3") || b.HasContext(3) {
		t.Errorf("%v", err)
	}
}

// placed is a pinned watchpoint of the model.
type placed struct {
	e         *Entry
	addr      uint64
	thread    int
	goroutine int64
}

// TestContexts holds a board against a model: what is on a thread is what is for all, for
// the thread, and for the goroutine with a context that came there last and went nowhere
// else; and what is accepted is what any thread and any goroutine can have together.
func TestContexts(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const threads, goroutines, slots = 3, 4, 4
		b, d := fakeBoard(t, threads)
		var list []placed
		runs := map[int]int64{}  // what a thread runs
		holds := map[int]int64{} // whose context is on it
		context := func(g int64) bool {
			return slices.ContainsFunc(list, func(p placed) bool { return p.goroutine == g })
		}
		wanted := func(th int) (addrs []uint64) {
			for _, p := range list {
				if p.thread == 0 && p.goroutine == 0 || p.thread == th || p.goroutine != 0 && p.goroutine == holds[th] {
					addrs = append(addrs, p.addr)
				}
			}
			return sorted(addrs)
		}
		comes := func(th int, g int64) {
			for o := range holds {
				if holds[o] == g {
					delete(holds, o)
				}
			}
			holds[th] = g
		}
		next := uint64(0x1000)
		r.Repeat(map[string]func(*rapid.T){
			"add": func(r *rapid.T) {
				p := placed{addr: next, e: word(next)}
				next += 8
				p.e.Name = fmt.Sprintf("%#x", p.addr)
				c := Config{Name: p.e.Name, Entries: []*Entry{p.e}, Pinned: true}
				switch rapid.IntRange(0, 4).Draw(r, "for") {
				case 0:
				case 1:
					p.thread = rapid.IntRange(1, threads).Draw(r, "thread")
				default:
					p.goroutine = rapid.Int64Range(1, goroutines).Draw(r, "goroutine")
					for th, g := range runs {
						if g == p.goroutine {
							c.On = b.lanes[th].th
						}
					}
				}
				c.Thread, c.Goroutine = p.thread, p.goroutine
				known := context(p.goroutine)
				all := append(slices.Clone(list), p)
				var whole, most, mostG int
				perThread, perG := map[int]int{}, map[int64]int{}
				for _, q := range all {
					switch {
					case q.thread != 0:
						perThread[q.thread]++
						most = max(most, perThread[q.thread])
					case q.goroutine != 0:
						perG[q.goroutine]++
						mostG = max(mostG, perG[q.goroutine])
					default:
						whole++
					}
				}
				fits := whole+most+mostG <= slots
				if err := b.Add(c); (err == nil) != fits {
					r.Fatalf("%+v, fits: %v; %v", p, fits, err)
				}
				if !fits {
					return
				}
				list = all
				if c.On != nil && !known {
					comes(c.On.TID, p.goroutine)
				}
			},
			"remove": func(r *rapid.T) {
				if len(list) == 0 {
					r.Skip()
				}
				i := rapid.IntRange(0, len(list)-1).Draw(r, "which")
				g := list[i].goroutine
				if err := b.Remove(list[i].e); err != nil {
					r.Fatal(err)
				}
				list = slices.Delete(list, i, i+1)
				if g != 0 && !context(g) {
					for th := range holds {
						if holds[th] == g {
							delete(holds, th)
						}
					}
				}
			},
			"run": func(r *rapid.T) {
				th := rapid.IntRange(1, threads).Draw(r, "thread")
				g := rapid.Int64Range(1, goroutines+1).Draw(r, "goroutine")
				for o := range runs {
					if runs[o] == g {
						delete(runs, o)
					}
				}
				runs[th] = g
				run(b, th, 10)
				goes(r, b, th, g)
				if context(g) {
					comes(th, g)
				}
				if got := sorted(d.opened[th].on()); !slices.Equal(got, wanted(th)) {
					r.Fatalf("goroutine %d comes to thread %d: %#x, want %#x", g, th, got, wanted(th))
				}
			},
			"": func(r *rapid.T) {
				if err := b.update(); err != nil {
					r.Fatal(err)
				}
				for th := 1; th <= threads; th++ {
					if got := sorted(d.opened[th].on()); !slices.Equal(got, wanted(th)) {
						r.Fatalf("thread %d, on which goroutine %d is: %#x, want %#x", th, holds[th], got, wanted(th))
					}
				}
				b.settle()
				for _, p := range list {
					if a := b.Account(p.e); a.Enabled != a.Running || a.Blind != 0 {
						r.Fatalf("%#x: %+v", p.addr, a.Times)
					}
				}
			},
		})
	})
}
