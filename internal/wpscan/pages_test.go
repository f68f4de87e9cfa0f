package wpscan

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const clean = pageAllowed | pagePresent

// TestTake: what the kernel can report of a page that was a private one, or a file's.
func TestTake(t *testing.T) {
	for _, c := range []struct {
		name       string
		was        page
		is         uint64
		dirty      bool
		held, file bool
	}{
		{"untouched", page{held: true}, clean, false, true, false},
		{"written", page{held: true}, clean | pageWritten, true, true, false},
		{"not mapped", page{held: true}, 0, true, false, false},
		{"mapped anew", page{held: true}, pagePresent | pageWritten, true, false, false},
		{"moved here with its protection", page{held: true}, pagePresent, true, false, false},
		{"not present", page{held: true}, pageAllowed, true, false, false},
		{"not known before", page{}, clean, true, true, false},
		{"a file's", page{held: true, file: true}, clean | pageFile, false, true, true},
		{"private copy thrown away", page{held: true}, clean | pageFile, true, true, true},
		{"private copy made", page{held: true, file: true}, clean | pageWritten, true, true, false},
	} {
		c.was.addr = pageSize
		run := []page{c.was}
		protected := take(run, []pageRegion{{pageSize, 2 * pageSize, c.is}}, 7)
		if got := run[0]; got.written == 7 != c.dirty || got.held != c.held || got.file != c.file || protected != c.held {
			t.Errorf("%s: %+v, protected %v", c.name, got, protected)
		}
	}
}

// TestTakeRuns: regions are of several pages, or missing, and a page is told by its own.
func TestTakeRuns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		is := rapid.SliceOfN(rapid.SampledFrom([]uint64{0, clean, clean | pageWritten, pageAllowed, clean | pageFile}), 1, 30).Draw(t, "categories")
		var run []page
		var regions []pageRegion
		for i, c := range is {
			addr := uint64(i+5) * pageSize
			run = append(run, page{addr: addr, held: true, written: 3})
			switch n := len(regions); {
			case c == 0:
			case n > 0 && regions[n-1].end == addr && regions[n-1].categories == c:
				regions[n-1].end += pageSize
			default:
				regions = append(regions, pageRegion{addr, addr + pageSize, c})
			}
		}
		take(run, regions, 9)
		for i, c := range is {
			if want := c != clean; run[i].written == 9 != want {
				t.Errorf("page %d of %x: written %d", i, is, run[i].written)
			}
		}
	})
}

// TestPagesAgainstModel: the table against a map from page to number of users.
func TestPagesAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := pages{size: pageSize}
		type span struct{ addr, size uint64 }
		var added []span
		bounds := func(s span) (uint64, uint64) {
			return s.addr / pageSize, (s.addr + s.size - 1) / pageSize
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				s := span{rapid.Uint64Range(0, 20*pageSize).Draw(t, "addr"), rapid.Uint64Range(1, 6*pageSize).Draw(t, "size")}
				start, end, ok := p.bounds(s.addr, s.size)
				if !ok {
					t.Fatal("no bounds")
				}
				p.add(start, end)
				added = append(added, s)
			},
			"remove": func(t *rapid.T) {
				if len(added) == 0 {
					t.Skip("nothing to remove")
				}
				i := rapid.IntRange(0, len(added)-1).Draw(t, "which")
				s := added[i]
				added = slices.Delete(added, i, i+1)
				start, end, _ := p.bounds(s.addr, s.size)
				freed := map[uint64]bool{}
				p.remove(start, end, func(start, end uint64) {
					for a := start; a < end; a += pageSize {
						freed[a/pageSize] = true
					}
				})
				first, last := bounds(s)
				for n := first; n <= last; n++ {
					used := slices.ContainsFunc(added, func(o span) bool { lo, hi := bounds(o); return lo <= n && n <= hi })
					if freed[n] == used {
						t.Fatalf("page %d: freed %v, used %v", n, freed[n], used)
					}
					delete(freed, n)
				}
				if len(freed) > 0 {
					t.Fatalf("freed %v too", freed)
				}
			},
			"": func(t *rapid.T) {
				users := map[uint64]int{}
				for _, s := range added {
					for first, last := bounds(s); first <= last; first++ {
						users[first]++
					}
				}
				if len(users) != len(p.all) || !slices.IsSortedFunc(p.all, func(a, b page) int { return int(a.addr) - int(b.addr) }) {
					t.Fatalf("pages %v, want %v", p.all, users)
				}
				for _, pg := range p.all {
					if pg.users != users[pg.addr/pageSize] {
						t.Fatalf("pages %v, want %v", p.all, users)
					}
				}
			},
		})
	})
}

// TestDirtyOfSeveralPages: the last number counts, and all must be covered.
func TestDirtyOfSeveralPages(t *testing.T) {
	p := pages{size: pageSize}
	p.add(pageSize, 5*pageSize)
	p.all[1].written, p.all[2].written = 4, 3
	for _, c := range []struct{ start, end, want uint64 }{
		{1, 2, 0}, {1, 3, 4}, {3, 5, 3}, {4, 5, 0}, {1, 5, 4}, {0, 2, Unknown}, {4, 6, Unknown}, {7, 8, Unknown},
	} {
		if got := p.dirty(c.start*pageSize, c.end*pageSize); got != c.want {
			t.Errorf("pages %d to %d: %d, want %d", c.start, c.end, got, c.want)
		}
	}
}

func TestBounds(t *testing.T) {
	p := pages{size: pageSize}
	for _, c := range []struct {
		addr, size, start, end uint64
		ok                     bool
	}{
		{0x1000, 1, 0x1000, 0x2000, true},
		{0x1fff, 1, 0x1000, 0x2000, true},
		{0x1fff, 2, 0x1000, 0x3000, true},
		{0x1000, 0x1000, 0x1000, 0x2000, true},
		{0x1000, 0, 0, 0, false},
		{math.MaxUint64, 1, 0, 0, false},
		{math.MaxUint64, 2, 0, 0, false},
		{math.MaxUint64 - 0x2000, 1, math.MaxUint64 - 0x2fff, math.MaxUint64 - 0x1fff, true},
	} {
		if start, end, ok := p.bounds(c.addr, c.size); start != c.start || end != c.end || ok != c.ok {
			t.Errorf("%#x+%#x: %#x to %#x, %v", c.addr, c.size, start, end, ok)
		}
	}
}
