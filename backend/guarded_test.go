package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// needGuards skips a test where the machine does not permit page guards.
func needGuards(t *testing.T, s *Session) {
	t.Helper()
	w, err := s.Watchable(context.Background(), "main.big")
	if err != nil {
		t.Skip(err)
	}
	if w.Guard != nil {
		t.Skip(w.Guard)
	}
}

// TestExactWithoutEnd: what is beyond the debug registers is behind page guards, and every
// write is a hit there as well, with the values and the place.
func TestExactWithoutEnd(t *testing.T) { eachDriver(t, testExactWithoutEnd) }

func testExactWithoutEnd(t *testing.T) {
	const n = 200
	s := launch(t, testkit.Debug, "fields", fmt.Sprint(n))
	needGuards(t, s)
	for _, quiet := range []string{"main.quiet", "main.ready", "main.big[0]", "main.big[1]"} {
		setWatch(t, s, quiet, Write, Report(count))
	}
	var last [2]int64
	for i, field := range []string{"A", "B"} {
		last[i] = -1
		w := setWatch(t, s, "main.pair."+field, Write, Report(func(h *Hit) {
			old, _ := h.Old.Int()
			now, _ := h.New.Int()
			if now != last[i]+1 || old != max(last[i], 0) || h.PlaceErr != nil || !strings.HasSuffix(h.Place.Function, "main.fields") || h.Goroutine.ID == 0 {
				t.Errorf("%v (%v)", h, h.PlaceErr)
			}
			last[i] = now
		}))
		if st := w.Stats(); !st.Guarded {
			t.Errorf("%s is not behind a guard", w.Expr())
		}
	}
	whole := setWatch(t, s, "main.pair", Write, Report(count))
	all := s.Watchpoints()
	toTheEnd(t, s, 0)
	for _, w := range all {
		want := uint64(0)
		switch {
		case w == whole:
			want = 2 * n
		case strings.HasPrefix(w.Expr(), "main.pair."):
			want = n
		case w.Expr() == "main.ready":
			want = w.Stats().Hits
		}
		if st := w.Stats(); st.Hits != want || st.Coverage != Exact || st.Lost != 0 || st.Unseen != 0 || st.Enabled != st.Running {
			t.Errorf("%s: %d hits of %d, %s (%s)", w.Expr(), st.Hits, want, st.Coverage, st.Reason)
		}
	}
}

// TestStopAtGuard: a hit behind a guard stops the program as any other does.
func TestStopAtGuard(t *testing.T) { eachDriver(t, testStopAtGuard) }

func testStopAtGuard(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	needGuards(t, s)
	big := setWatch(t, s, "main.big", Write)
	for i, e := range []string{"main.quiet", "main.ready", "main.pair.A", "main.pair.B"} {
		setWatch(t, s, e, Write, InMode(ModePinned), Report(count), Every(uint64(i+1)))
	}
	w := setWatch(t, s, "main.x", Write)
	for i := range 6 {
		stop := stopAt(t, s.Continue, ReasonWatchpoint)
		if len(stop.Hits) != 1 || stop.Hits[0].Watchpoint != w || stop.Hits[0].Number != uint64(i+1) {
			t.Fatalf("stop %d: %v", i, stop.Hits)
		}
	}
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Coverage != Exact || !st.Guarded || st.Faults < 6 {
		t.Errorf("%+v", st)
	}
	if st := big.Stats(); st.Hits != 0 || st.Coverage != Exact {
		t.Errorf("%+v", st)
	}
}

// TestPinnedComesFirst: what is exact gives its debug registers to what can be nowhere else,
// in the midst of a run too, and misses nothing.
func TestPinnedComesFirst(t *testing.T) { eachDriver(t, testPinnedComesFirst) }

func testPinnedComesFirst(t *testing.T) {
	const n = 100
	ctx := context.Background()
	s := launch(t, testkit.Debug, "twice", fmt.Sprint(n))
	needGuards(t, s)
	var pinned []*Watchpoint
	x := setWatch(t, s, "main.x", Write, Report(func(h *Hit) {
		if h.Number == n {
			h.StopHere()
		}
	}))
	stopAt(t, s.Continue, ReasonWatchpoint)
	for _, e := range []string{"main.quiet", "main.pair.A", "main.pair.B"} {
		pinned = append(pinned, setWatch(t, s, e, Write, InMode(ModePinned), Report(count)))
	}
	if x.Stats().Guarded {
		t.Error("there was a register left")
	}
	pinned = append(pinned, setWatch(t, s, "main.big[3]", Write, InMode(ModePinned), Report(count)))
	if st := x.Stats(); !st.Guarded || st.Moves != 1 {
		t.Errorf("%+v", st)
	}
	var full *SlotsError
	if _, err := s.Watch(ctx, "main.big[4]", Write, InMode(ModePinned)); !errors.As(err, &full) {
		t.Errorf("a fifth: %v", err)
	}
	var guard *GuardError
	if _, err := s.Watch(ctx, "main.big[4]", ReadWrite); !errors.As(err, &guard) || !errors.As(err, &full) {
		t.Errorf("reads, which no guard sees: %v", err)
	}
	toTheEnd(t, s, 0)
	for _, w := range append(pinned, x) {
		if st := w.Stats(); st.Coverage != Exact || w == x && st.Hits != 2*n {
			t.Errorf("%s: %d hits, %s (%s)", w.Expr(), st.Hits, st.Coverage, st.Reason)
		}
	}
}

// TestKernelWritesBehindGuard: read(2) into what is watched succeeds, and is a hit that names
// the call, whatever the driver.
func TestKernelWritesBehindGuard(t *testing.T) { eachDriver(t, testKernelWritesBehindGuard) }

func testKernelWritesBehindGuard(t *testing.T) {
	const n = 3
	s := launch(t, testkit.Debug, "syscall", fmt.Sprint(n))
	needGuards(t, s)
	for i := range 4 {
		setWatch(t, s, fmt.Sprintf("main.big[%d]", i), Write, InMode(ModePinned), Report(count))
	}
	var hits []*Hit
	w := setWatch(t, s, "main.buffer[0]", Write, Report(func(h *Hit) { hits = append(hits, h) }))
	toTheEnd(t, s, 0)
	for i, h := range hits {
		if now, ok := h.New.Int(); h.Call != "read" || !ok || now != int64(i+1) {
			t.Errorf("hit %d: %v by %q", i, h, h.Call)
		}
	}
	if st := w.Stats(); len(hits) != n || st.Coverage != Exact || st.Unseen != 0 {
		t.Errorf("%d hits of %d, %s (%s)", len(hits), n, st.Coverage, st.Reason)
	}
}

// TestSlotOnGuardedPage: what a debug register watches is on a page with guards, and is hit
// and told as often as it would be elsewhere.
func TestSlotOnGuardedPage(t *testing.T) { eachDriver(t, testSlotOnGuardedPage) }

func testSlotOnGuardedPage(t *testing.T) {
	const n = 200
	for _, access := range []Access{Write, ReadWrite} {
		s := launch(t, testkit.Debug, "fields", fmt.Sprint(n))
		needGuards(t, s)
		next := func(field string) func(*Hit) {
			last := int64(-1)
			return func(h *Hit) {
				old, _ := h.Old.Int()
				now, _ := h.New.Int()
				if now != last+1 || old != max(last, 0) || h.PlaceErr != nil || !strings.HasSuffix(h.Place.Function, "main.fields") {
					t.Errorf("%s: %v (%v)", field, h, h.PlaceErr)
				}
				last = now
			}
		}
		slot := setWatch(t, s, "main.pair.A", access, InMode(ModePinned), Report(next("A")))
		guard := setWatch(t, s, "main.pair.B", Write, append(behindGuards, Report(next("B")))...)
		if slot.Stats().Guarded || !guard.Stats().Guarded {
			t.Error("they are elsewhere")
		}
		toTheEnd(t, s, 0)
		for _, w := range []*Watchpoint{slot, guard} {
			if st := w.Stats(); st.Hits != n || st.Coverage != Exact || st.Lost != 0 || st.Unseen != 0 {
				t.Errorf("%s %s: %d hits of %d, %s (%s)", w.Expr(), access, st.Hits, n, st.Coverage, st.Reason)
			}
		}
	}
}

// TestExitBesideGuard: the kernel writes a last word for a thread that ends, which for the
// first one of a Go program is in package runtime. When the whole program ends it is of no
// moment.
func TestExitBesideGuard(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	needGuards(t, s)
	w := setWatch(t, s, "runtime.m0.tls[5]", Write, append(behindGuards, Report(count))...)
	toTheEnd(t, s, 0)
	if st := w.Stats(); st.Coverage != Exact || !st.Guarded || st.Faults == 0 {
		t.Errorf("%+v", st)
	}
}
