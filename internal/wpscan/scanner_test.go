package wpscan

import (
	"encoding/binary"
	"sync"
	"testing"
)

// TestNumbers: the protocol of the package comment.
func TestNumbers(t *testing.T) {
	h, s, addr := covered(t, "heap")
	store := func() { h.run(func() { h.tell("store", addr, 1) }) }
	store()
	if !scanned(t, s, addr) || s.Dirty(addr, 8) != s.Scans() {
		t.Fatal("not seen")
	}
	dirty := s.Scans()
	for range 3 {
		if scanned(t, s, addr) || s.Dirty(addr, 8) != dirty {
			t.Error("the number of the last dirty scan changed")
		}
	}
	store()
	if s.Dirty(addr, 8) != dirty {
		t.Error("dirty before the scan")
	}
	add(t, s, addr, pageSize+1) // once more, with the page behind it: what is pending stays so
	if !scanned(t, s, addr) {
		t.Error("a write before another Add of the page is lost")
	}
	if s.Dirty(addr+pageSize, 1) != 0 {
		t.Error("the other page is dirty")
	}
	if s.Dirty(addr, 2*pageSize) != s.Scans() || s.Dirty(addr, 2*pageSize+1) != Unknown {
		t.Error("ranges of pages")
	}
}

// TestUnderWrites: no write of a busy thread is lost between scans, whether the scan
// falls into the middle of one or not, and the thread is not held up.
func TestUnderWrites(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	addr := h.at["data"]
	add(t, s, addr, 8)
	h.run(func() { h.must("spin", addr) })
	count := func() uint64 {
		var b [8]byte
		if _, err := h.p.Memory.ReadMemory(b[:], addr); err != nil {
			t.Fatal(err)
		}
		return binary.NativeEndian.Uint64(b[:])
	}
	h.run(func() {
		eventually(t, "it writes", func() bool { return count() > 0 })
		for range 2000 {
			before := count()
			for range 10 {
				if after := count(); after != before {
					break
				}
			}
			wrote := count() != before
			if got := scanned(t, s, addr); wrote && !got {
				t.Fatalf("clean after %d became %d", before, count())
			}
		}
		was := count()
		eventually(t, "it goes on", func() bool { return count() > was+1000 })
	})
}

// TestManyPages: more than one call looks at, in one piece and scattered.
func TestManyPages(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	base := h.at["many"]
	add(t, s, base, 300*pageSize)
	for i := range uint64(100) {
		add(t, s, base+(301+2*i)*pageSize, 8)
	}
	if err := s.Scan(); err != nil || s.Dirty(base, 300*pageSize) != 0 {
		t.Fatalf("%v, dirty %d", err, s.Dirty(base, 300*pageSize))
	}
	written := map[uint64]bool{299: true, 300: true, 301: true, 499: true}
	for n := uint64(0); n < 299; n += 2 {
		written[n] = true // what the kernel reports is in as many pieces as can be
	}
	h.run(func() {
		for n := range written {
			h.tell("store", base+n*pageSize+5, 1)
		}
	})
	if err := s.Scan(); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(500) {
		covered := n < 300 || n%2 == 1
		got := s.Dirty(base+n*pageSize, 1)
		switch {
		case !covered && got != Unknown, covered && written[n] && got != s.Scans(), covered && !written[n] && got != 0:
			t.Errorf("page %d: %d", n, got)
		}
	}
}

// TestFromManyGoroutines: while the process runs.
func TestFromManyGoroutines(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	base := h.at["many"]
	h.run(func() {
		h.must("spin", base)
		var wg sync.WaitGroup
		for i := range uint64(4) {
			wg.Go(func() {
				for k := range uint64(200) {
					addr := base + (i+k%7)*pageSize
					if err := s.Add(addr, 2*pageSize); err != nil {
						t.Error(err)
						return
					}
					if err := s.Scan(); err != nil {
						t.Error(err)
					}
					if s.Dirty(addr, 2*pageSize) == Unknown {
						t.Error("unknown though covered")
					}
					s.Remove(addr, 2*pageSize)
				}
			})
		}
		wg.Wait()
	})
	if n := len(s.pages.all); n != 0 {
		t.Errorf("%d pages are left", n)
	}
}

func TestNoAllocation(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	base := h.at["many"]
	add(t, s, base, 64*pageSize)
	n := testing.AllocsPerRun(100, func() {
		if s.Scan() != nil || s.Dirty(base, 64*pageSize) != 0 {
			t.Error("not clean")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestGoProgram: variables of a Go program that writes them, and its collector and
// scheduler at work beside.
func TestGoProgram(t *testing.T) {
	x := startGo(t, "forever")
	h := x.hold()
	s := h.scanner()
	addr := goSymbol(t, "main.x")
	add(t, s, addr, 8)
	for range 20 {
		if scanned(t, s, addr) {
			t.Fatal("dirty while all threads are stopped")
		}
		var before, after [8]byte
		read := func(b *[8]byte) {
			if _, err := h.p.Memory.ReadMemory(b[:], addr); err != nil {
				t.Fatal(err)
			}
		}
		read(&before)
		h.run(func() {
			eventually(t, "x changes", func() bool { read(&after); return after != before })
		})
		if !scanned(t, s, addr) {
			t.Fatal("clean though x changed")
		}
	}
	for _, name := range []string{"main.numbers", "main.any1", "main.ready", "runtime.memstats", "runtime.allgs"} {
		add(t, s, goSymbol(t, name), 8)
	}
	if err := s.Scan(); err != nil {
		t.Fatal(err)
	}
}
