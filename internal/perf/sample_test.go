package perf

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
)

// recordOf is a record of the kernel's, with its head.
func recordOf(kind uint32, misc uint16, body ...uint64) []byte {
	e := binary.NativeEndian
	b := e.AppendUint32(nil, kind)
	b = e.AppendUint16(b, misc)
	b = e.AppendUint16(b, uint16(headerSize+8*len(body)))
	for _, w := range body {
		b = e.AppendUint64(b, w)
	}
	return b
}

// sampleOf is the body of a sample with a stack.
func sampleOf(chain []uint64, abi uint64, top ...uint64) []uint64 {
	body := []uint64{0x401000, 7 | 8<<32, 99, 0x5000, uint64(len(chain))}
	body = append(append(body, chain...), abi)
	if abi == unix.PERF_SAMPLE_REGS_ABI_64 {
		for i := range uint64(RegCount) {
			body = append(body, 100+i)
		}
	}
	return append(append(body, uint64(8*min(len(top), 1))), top...)
}

func TestParse(t *testing.T) {
	const user = ^uint64(511) // PERF_CONTEXT_USER, -512
	var s Sample
	kind, _ := parse(recordOf(recordSample, 2, sampleOf([]uint64{user, 0x401000, 0x402000}, unix.PERF_SAMPLE_REGS_ABI_64, 0xabc, 8)...), true, &s)
	if kind != Hit || s.PC != 0x401000 || s.PID != 7 || s.TID != 8 || s.Time != 99 || s.Addr != 0x5000 || s.Kernel {
		t.Errorf("kind %d, %+v", kind, s)
	}
	if s.Depth != 2 || s.Stack[1] != 0x402000 || !s.HasRegs || s.Regs[RegCount-1] != 100+RegCount-1 || s.Top != 0xabc {
		t.Errorf("%+v", s)
	}
	kind, _ = parse(recordOf(recordSample, cpuModeKern, sampleOf(nil, unix.PERF_SAMPLE_REGS_ABI_NONE)...), true, &s)
	if kind != Hit || !s.Kernel || s.Depth != 0 || s.HasRegs || s.Top != 0 {
		t.Errorf("kind %d, %+v", kind, s)
	}
	if kind, n := parse(recordOf(recordLost, 0, 1, 17), true, &s); kind != Lost || n != 17 {
		t.Errorf("kind %d, %d", kind, n)
	}
	if kind, _ := parse(recordOf(recordThrottle, 0, 1, 2, 3), true, &s); kind != Throttled {
		t.Errorf("kind %d", kind)
	}
	if kind, _ := parse(recordOf(99, 0), true, &s); kind != Other {
		t.Errorf("kind %d", kind)
	}
}

// FuzzParse: whatever is in the ring, nothing is read beyond a record, and a sample is
// whole or none.
func FuzzParse(f *testing.F) {
	f.Add(recordOf(recordSample, 2, sampleOf([]uint64{1, 2}, unix.PERF_SAMPLE_REGS_ABI_64, 3, 8)...), true)
	f.Add(recordOf(recordLost, 0, 1, 17), false)
	f.Fuzz(func(t *testing.T, b []byte, stack bool) {
		var s Sample
		kind, _ := parse(b, stack, &s)
		if s.Depth < 0 || s.Depth > MaxStack {
			t.Fatalf("%d frames", s.Depth)
		}
		if kind == Hit && len(b) < headerSize+6*8 {
			t.Fatalf("a sample of %d bytes", len(b))
		}
	})
}

// TestRing: events of two threads share a ring; samples that go over its end are whole, and
// those that find no room are counted by the kernel. Taking them out does not allocate.
func TestRing(t *testing.T) {
	x := start(t)
	x.hire(1)
	here, _ := processors(t)
	var ring *Ring
	var events []*Event
	for i := range 2 {
		x.pin(i, here)
		e, err := OpenSampled(x.tid(i), here, x.point(0, hwbp.Write), Sampling{Stack: 4})
		must(t, err)
		defer e.Close()
		events = append(events, e)
		if ring == nil {
			ring, err = NewRing(e, minRing)
			must(t, err)
			defer func() { must(t, ring.Close()) }()
			continue
		}
		must(t, e.Redirect(ring))
	}
	for _, e := range events {
		must(t, e.Enable())
	}
	hits, lost := uint64(0), uint64(0)
	tids := map[int]uint64{}
	var s Sample
	drain := func() {
		t.Helper()
		for {
			kind, n := ring.Next(&s)
			switch kind {
			case Empty:
				return
			case Hit:
				hits++
				tids[s.TID]++
				if s.Addr != x.watched || !s.HasRegs || s.Depth == 0 || s.Stack[0] != s.PC {
					t.Fatalf("%+v", s)
				}
			case Lost:
				lost += n
			}
		}
	}
	const each = 40
	for range 10 { // the ring is gone round more than once
		x.tell(0, opStore, 0, each)
		x.tell(1, opStore, 0, each)
		drain()
	}
	blank := x.lost()
	if hits+blank != 2*10*each || lost != 0 || len(tids) != 2 {
		t.Errorf("%d samples (%d without a cause), %d lost, threads %v", hits, blank, lost, tids)
	}
	x.tell(0, opStore, 0, 2000)
	drain()
	x.tell(0, opStore, 0, 1) // the kernel tells of a loss with the next sample
	drain()
	total := count(t, events[0]) + count(t, events[1])
	if lost == 0 || hits+lost != total {
		t.Errorf("%d samples and %d lost of %d hits", hits, lost, total)
	}
	if n := testing.AllocsPerRun(1, drain); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOpenSampled(t *testing.T) {
	if e, err := OpenSampled(0, 0, hwbp.Point{Addr: 8, Len: 8, Access: hwbp.Write}, Sampling{Stack: MaxStack + 1}); err == nil {
		e.Close()
		t.Error("too many frames")
	}
}
