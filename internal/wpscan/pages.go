package wpscan

import (
	"math"
	"slices"
)

// Unknown is what [Scanner.Dirty] says of pages that are not covered: later than
// any scan.
const Unknown uint64 = math.MaxUint64

// page is one covered page.
type page struct {
	addr    uint64
	users   int    // how many Adds it belongs to
	written uint64 // number of the last scan that found it written, or 0
	held    bool   // protected by us, and file is what it was then
	file    bool   // shows a file's own contents, not a private copy of them
}

// pages are those that are covered, by address. The addresses are rounded, and
// size is a page's.
type pages struct {
	size uint64
	all  []page
}

// bounds rounds a range to pages. ok is false for one that is empty or ends
// beyond the address space.
func (p *pages) bounds(addr, size uint64) (start, end uint64, ok bool) {
	last := addr + size - 1
	if size == 0 || last < addr || last > math.MaxUint64-p.size {
		return 0, 0, false
	}
	return addr &^ (p.size - 1), last&^(p.size-1) + p.size, true
}

// find returns the index of the first page at or after addr.
func (p *pages) find(addr uint64) int {
	lo, hi := 0, len(p.all)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); p.all[mid].addr < addr {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// within are the covered pages from start to end.
func (p *pages) within(start, end uint64) []page { return p.all[p.find(start):p.find(end)] }

// add counts one more user of the pages from start to end. Those that had none
// are new and not held.
func (p *pages) add(start, end uint64) {
	old := len(p.within(start, end))
	if n := int((end - start) / p.size); old < n {
		i := p.find(start)
		merged := make([]page, 0, n)
		for addr, k := start, i; addr < end; addr += p.size {
			if k < len(p.all) && p.all[k].addr == addr {
				merged = append(merged, p.all[k])
				k++
			} else {
				merged = append(merged, page{addr: addr})
			}
		}
		p.all = slices.Replace(p.all, i, i+old, merged...)
	}
	for i := range p.within(start, end) {
		p.within(start, end)[i].users++
	}
}

// remove takes back an add, and hands out the runs of pages that have no user any
// more before it forgets them.
func (p *pages) remove(start, end uint64, free func(start, end uint64)) {
	mine := p.within(start, end)
	for i := range mine {
		mine[i].users--
	}
	p.runs(mine, func(pg *page) bool { return pg.users == 0 }, func(run []page) {
		free(run[0].addr, run[len(run)-1].addr+p.size)
	})
	i := p.find(start)
	kept := slices.DeleteFunc(slices.Clone(mine), func(pg page) bool { return pg.users == 0 })
	p.all = slices.Replace(p.all, i, i+len(mine), kept...)
}

// runs hands out the longest runs of neighbouring pages of which is holds.
func (p *pages) runs(from []page, is func(*page) bool, do func(run []page)) {
	for i := 0; i < len(from); {
		if !is(&from[i]) {
			i++
			continue
		}
		j := i + 1
		for j < len(from) && from[j].addr == from[j-1].addr+p.size && is(&from[j]) {
			j++
		}
		do(from[i:j])
		i = j
	}
}

// dirty returns the number of the last scan that found a page from start to end
// written, Unknown unless all of them are covered.
func (p *pages) dirty(start, end uint64) uint64 {
	mine := p.within(start, end)
	if uint64(len(mine)) != (end-start)/p.size {
		return Unknown
	}
	var last uint64
	for i := range mine {
		last = max(last, mine[i].written)
	}
	return last
}

// take compares a run of neighbouring pages with what the kernel reported of it:
// those that cannot be proven untouched are marked with the number of the scan. It
// reports whether all of them are protected now.
//
// Untouched is a page that is registered, present, protected, and shows a file's
// contents now if and only if it did before: MADV_DONTNEED throws a private copy away,
// and what it leaves in a file mapping keeps the protection. Of one that is not present
// nothing is known: that same remainder looks like a page that was swapped out, and
// kernels differ in whether an unpopulated page is reported as written.
func take(run []page, regions []pageRegion, number uint64) (protected bool) {
	protected = true
	each(run, regions, func(pg *page, is uint64) {
		was := *pg
		pg.observe(is)
		if !was.held || !pg.held || is&pageWritten != 0 || was.file != pg.file {
			pg.written = number
		}
		protected = protected && pg.held
	})
	return protected
}

// lose marks pages of which nothing is known.
func lose(run []page, number uint64) {
	for i := range run {
		run[i].written, run[i].held = number, false
	}
}

// learn takes in what the kernel reported of pages that have just been protected.
func learn(run []page, regions []pageRegion) { each(run, regions, (*page).observe) }

func (pg *page) observe(is uint64) {
	pg.held = is&(pageAllowed|pagePresent) == pageAllowed|pagePresent
	pg.file = is&pageFile != 0
}

// each hands out every page with its categories, 0 if it was not reported.
func each(run []page, regions []pageRegion, do func(pg *page, is uint64)) {
	for i := range run {
		pg, is := &run[i], uint64(0)
		for len(regions) > 0 && regions[0].end <= pg.addr {
			regions = regions[1:]
		}
		if len(regions) > 0 && regions[0].start <= pg.addr {
			is = regions[0].categories
		}
		do(pg, is)
	}
}
