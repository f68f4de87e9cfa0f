package record

import (
	"fmt"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestEveryWrite: every store of several threads that begin later leaves one record, in
// order of time, and those of one thread in its own order.
func TestEveryWrite(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method) {
		testkit.Thrice(t, func() error { return everyWrite(t, m) })
	})
}

// everyWrite returns an error if there are stores that nobody knows of.
func everyWrite(t *testing.T, m Method) error {
	t.Helper()
	const stores, threads = "500", "3"
	x := launch(t, "stores", stores, threads)
	r := x.record(m, "x", 8, Config{})
	if r.Method() != m {
		t.Fatalf("records by %s", r.Method())
	}
	x.runTo("done")
	list := all(t, r)
	c := r.Counts()
	if c.Records != uint64(len(list)) || c.Lost != 0 || c.Throttled != 0 {
		t.Errorf("%d records, %+v", len(list), c)
	}
	last := int64(0)
	tids := map[int]bool{}
	for i := range list {
		rec := &list[i]
		if tids[rec.TID] = true; rec.Time < last-settling {
			t.Errorf("record %d is %d ns older than the one before", i, last-rec.Time)
		}
		last = max(last, rec.Time)
		if rec.Kernel || !rec.HasRegs || rec.Depth != 1 || rec.Stack[0] != rec.PC || rec.PC == 0 {
			t.Fatalf("record %d: %+v", i, rec)
		}
		if rec.HasValues != (m == BPF) {
			t.Fatalf("record %d: values are %v", i, rec.HasValues)
		}
	}
	switch missing := int(x.word("stored")) - len(list) - x.unknown; {
	case missing > 0:
		return fmt.Errorf("%d writes have no record", missing)
	case missing < 0:
		t.Errorf("%d records of no write", -missing)
	case len(tids) != 3:
		t.Errorf("threads %v", tids)
	}
	return nil
}

// TestValues: with one thread the values are those that were stored, one after the other.
func TestValues(t *testing.T) {
	x := launch(t, "stores", "300", "1")
	r := x.record(BPF, "x", 8, Config{})
	x.runTo("done")
	last := uint64(0)
	for i, rec := range all(t, r) {
		was, is := word(rec.Old[:]), word(rec.New[:])
		if x.unknown == 0 && (was != last || is != 1<<32|uint64(i+1)) {
			t.Fatalf("record %d: %#x -> %#x, before it was %#x", i, was, is, last)
		}
		last = is
		if rec.Goroutine != Unknown {
			t.Fatalf("a C program has goroutine %d", rec.Goroutine)
		}
	}
}

// TestStack: frame pointers are followed as far as was asked for.
func TestStack(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method) {
		x := launch(t, "deep", "10", "30")
		r := x.record(m, "x", 8, Config{Stack: 16})
		x.runTo("done")
		list := all(t, r)
		if len(list)+x.unknown != 10 {
			t.Fatalf("%d records", len(list))
		}
		inside := func(pc uint64, function string) bool {
			return pc >= x.symbols[function] && pc < x.symbols[function]+128
		}
		for _, rec := range list {
			if rec.Depth != 16 || !inside(rec.Stack[0], "put") || !inside(rec.Stack[5], "deep") || !inside(rec.Stack[15], "deep") {
				t.Fatalf("%d frames: %#x", rec.Depth, rec.Stack[:rec.Depth])
			}
		}
	})
}

// TestWide: a store that two events see is one record, with the whole value.
func TestWide(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method) {
		x := launch(t, "wide", "200")
		r := x.record(m, "pair", 16, Config{})
		x.runTo("done")
		list := all(t, r)
		if len(list)+x.unknown != 200 || r.Counts().Lost != 0 {
			t.Fatalf("%d records, %+v", len(list), r.Counts())
		}
		for i, rec := range list {
			if a, b := word(rec.New[:]), word(rec.New[8:]); m == BPF && x.unknown == 0 && (a != uint64(i+1) || b != a) {
				t.Fatalf("record %d: %d, %d", i, a, b)
			}
		}
	})
}

// TestKernel: a write by a system call is told from the program's own, and names the call.
func TestKernel(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method) {
		x := launch(t, "read", "50")
		r := x.record(m, "buffer", 8, Config{})
		x.runTo("done")
		list := all(t, r)
		if len(list) == 0 && m == Samples {
			t.Skip("this user may not see what the kernel does")
		}
		if len(list)+x.unknown != 50 {
			t.Fatalf("%d records", len(list))
		}
		for _, rec := range list {
			if !rec.Kernel || rec.HasRegs || rec.PC == 0 || rec.PC>>47 != 0 {
				t.Fatalf("%+v", rec)
			}
			if m == BPF && rec.Call != 0 { // read(2)
				t.Fatalf("system call %d", rec.Call)
			}
		}
	})
}

// TestLoss: what a ring has no room for is counted, exactly.
func TestLoss(t *testing.T) {
	x := launch(t, "stores", "3000", "1")
	r := x.record(BPF, "x", 8, Config{RingSize: 64 << 10, Stack: 16})
	x.runTo("done")
	before := r.Counts().Lost
	n := uint64(len(all(t, r)))
	if lost := r.Counts().Lost; lost == 0 || n+lost+uint64(x.unknown) != 3000 || before > lost {
		t.Errorf("%d records, %d lost (%d while it ran)", n, lost, before)
	}
}
