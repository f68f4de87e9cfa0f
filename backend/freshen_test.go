package backend

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestNothingStale: what is remembered of a stop is not taken for what is so after the
// program has run, was written to, or looked at elsewhere.
func TestNothingStale(t *testing.T) {
	s := parked(t, testkit.Debug, "40")
	ctx := context.Background()
	const sink = "main.sink.v"
	read := func() int64 {
		t.Helper()
		v, err := s.Evaluate(ctx, Selected, sink, Load{})
		if err != nil {
			t.Fatal(err)
		}
		if n := evalInt(t, s, sink); fmt.Sprint(n) != v.Plain {
			t.Errorf("%s is %d and %s", sink, n, v.Plain)
		}
		return evalInt(t, s, sink)
	}
	goroutines := func() (list []GoroutineInfo) {
		t.Helper()
		for range 2 {
			var err error
			if list, _, err = s.GoroutinePage(ctx, GoroutineQuery{Brief: true}); err != nil {
				t.Fatal(err)
			}
		}
		return list
	}
	top := func() string {
		t.Helper()
		stack, err := s.Stack(ctx, -1, 5)
		if err != nil {
			t.Fatal(err)
		}
		return stack[0].Function
	}

	before, many := read(), len(goroutines())
	stopAt(t, s.Continue, ReasonBreakpoint) // settled again: it has added 1, and there is one goroutine more
	if n := read(); n != before+1 {
		t.Errorf("after a run %s is %d, and was %d", sink, n, before)
	}
	if n := len(goroutines()); n != many+1 {
		t.Errorf("after a run there are %d goroutines, and were %d", n, many)
	}

	if err := s.Set(ctx, sink, "700"); err != nil || read() != 700 {
		t.Errorf("set to 700 %s is %d, %v", sink, read(), err)
	}
	v, err := s.Evaluate(ctx, Selected, sink, Load{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteMemory(ctx, v.Addr, []byte{90, 0, 0, 0, 0, 0, 0, 0}); err != nil || read() != 90 {
		t.Errorf("written to, %s is %d, %v", sink, read(), err)
	}

	waits := func() (id int64, reason string) {
		for _, g := range goroutines() {
			if g.Place.Function == "main.receive" {
				return g.ID, g.WaitReason
			}
		}
		return 0, ""
	}
	id, reason := waits()
	g, err := s.findGoroutineAddr(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set(ctx, fmt.Sprintf("(*(*runtime.g)(%#x)).waitreason", g), "1"); err != nil {
		t.Fatal(err)
	}
	if _, now := waits(); now == reason || reason != "chan receive" {
		t.Errorf("goroutine %d waits for %q, before for %q", id, now, reason)
	}

	for _, b := range s.breaks {
		if err := b.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, ev, err := s.Call(ctx, "main.settled()"); err != nil || read() != 91 {
		t.Errorf("after a call %s is %d, %v, %v", sink, read(), ev, err)
	}

	other, _ := waits()
	if err := s.SelectGoroutine(ctx, other); err != nil {
		t.Fatal(err)
	}
	if g := goroutines()[0]; g.ID != other || !g.Selected {
		t.Errorf("goroutine %d was selected, the first is %+v", other, g)
	}
	if f := top(); f != "runtime.gopark" {
		t.Errorf("the selected goroutine is in %s", f)
	}
	if err := s.SelectGoroutine(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if f := top(); f != "main.settled" {
		t.Errorf("goroutine 1 is in %s", f)
	}
	stopAt(t, s.StepOut, ReasonStep)
	if f, g := top(), goroutines()[0]; f != "main.main" || g.ID != 1 || g.Place.Function != f {
		t.Errorf("stepped out to %s, listed as %+v", f, g)
	}
}

// findGoroutineAddr is where the runtime.g of a goroutine is.
func (s *Session) findGoroutineAddr(ctx context.Context, id int64) (addr uint64, err error) {
	err = s.do(ctx, func() error {
		all, err := s.all()
		for _, g := range all {
			if g.ID == id {
				addr = g.Addr
			}
		}
		return err
	})
	return addr, err
}

// TestNothingStaleInARun: the program is looked at while it runs, and between hits.
func TestNothingStaleInARun(t *testing.T) {
	s := parked(t, testkit.Debug, "40", "1") // which adds to sink for ever
	ctx := context.Background()
	for _, b := range s.breaks {
		if err := b.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var hits, wrong atomic.Int64
	setWatch(t, s, "main.sink.v", Write, Report(func(h *Hit) {
		hits.Add(1)
		// It only grows, and others may have written since.
		v, err := h.Evaluate("main.sink.v", Load{})
		var now, then int64
		if err == nil {
			_, err = fmt.Sscan(v.Plain+" "+h.New.String(), &now, &then)
		}
		if err != nil || now < then {
			wrong.Add(1)
		}
	}))
	running, halt := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if ev, err := s.Continue(running); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", ev, err)
		}
	}()
	last := int64(-1)
	for changes := 0; changes < 20; {
		v, err := s.Evaluate(ctx, Selected, "main.sink.v", Load{})
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		if _, err := fmt.Sscan(v.Plain, &n); err != nil || n < last {
			t.Fatalf("%q after %d, %v", v.Plain, last, err)
		}
		if n > last {
			last = n
			changes++
		}
		if _, _, err := s.GoroutinePage(ctx, GoroutineQuery{Brief: true}); err != nil {
			t.Fatal(err)
		}
	}
	halt()
	<-ended
	if n := evalInt(t, s, "main.sink.v"); n < last {
		t.Errorf("%d after %d", n, last)
	}
	if hits.Load() == 0 || wrong.Load() != 0 {
		t.Errorf("%d of %d hits have a value of before", wrong.Load(), hits.Load())
	}
	if list, _, err := s.GoroutinePage(ctx, GoroutineQuery{}); err != nil || len(list) < 40 {
		t.Errorf("%d goroutines, %v", len(list), err)
	}
}
