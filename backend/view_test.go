package backend

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// countdown is a context that ends when it has been asked so often whether it has.
type countdown struct {
	context.Context
	left, asked atomic.Int64
}

func (c *countdown) Err() error {
	c.asked.Add(1)
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestPatience: an evaluation that takes many reads ends soon after its context does,
// and leaves nothing behind that knows of it.
func TestPatience(t *testing.T) {
	ctx := context.Background()
	s := atValues(t, testkit.Debug, "values")
	const expr = "main.hugeTable[5000]" // is not there: all pairs are read
	patient := &countdown{Context: ctx}
	patient.left.Store(1 << 40)
	if _, err := s.Evaluate(patient, Selected, expr, Load{}); err == nil || errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	needed := patient.asked.Load()
	hasty := &countdown{Context: ctx}
	hasty.left.Store(20)
	if _, err := s.Evaluate(hasty, Selected, expr, Load{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if asked := hasty.asked.Load(); asked > needed/4 {
		t.Errorf("%d reads, of %d that the evaluation takes: it went on", asked, needed)
	}
	if v, err := s.Evaluate(ctx, Selected, "main.hugeTable[17]", Load{}); err != nil || v.Value != "-17" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestGuard: a panic in the reading of values ends the reading, nothing else.
func TestGuard(t *testing.T) {
	s := atValues(t, testkit.Debug, "values")
	err := s.look(context.Background(), Selected, Load{}, func(*view) error { panic("what is this?") })
	if err == nil || !strings.Contains(err.Error(), "what is this?") || !strings.Contains(err.Error(), "TestGuard") {
		t.Errorf("%v", err)
	}
	if v, err := s.Evaluate(context.Background(), Selected, "i8", Load{}); err != nil || v.Value != "-8" {
		t.Errorf("%v, %v", v, err)
	}
}

// TestViewWhileRunning: what is read while the program runs has no children to be asked
// for.
func TestViewWhileRunning(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := launch(t, testkit.Debug, "twice", "100000000")
	setBreak(t, s, "main.twice", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	for _, b := range s.breaks {
		if err := b.Remove(ctx); err != nil {
			t.Fatal(err)
		}
	}
	before, err := s.Evaluate(ctx, Selected, "main.numbers", Load{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.Continue(ctx)
	}()
	for !s.Running() { // until the goroutine has begun
		if s.Ended() != nil {
			t.Fatal("the program has ended")
		}
		runtime.Gosched()
	}
	during, err := s.Evaluate(context.Background(), Selected, "main.numbers", Load{})
	if err != nil || during.Value != before.Value {
		t.Errorf("%v, %v", during, err)
	}
	for range 2 {
		for _, v := range []*Variable{before, during} {
			if _, err := s.Children(context.Background(), v, 0, 0, Load{}); !errors.Is(err, ErrStale) {
				t.Errorf("children: %v", err)
			}
		}
		cancel() // and once more when it is stopped
		<-ended
	}
	if _, err := s.Children(context.Background(), &Variable{}, 0, 0, Load{}); err != nil {
		t.Errorf("of no variable: %v", err)
	}
}

// TestScopesApart: each goroutine and frame has a view of its own, and that of the
// selected goroutine follows the selection.
func TestScopesApart(t *testing.T) {
	ctx := context.Background()
	s := launch(t, testkit.Debug, "negative", "5")
	setBreak(t, s, "main.spoil", "")
	stop := stopAt(t, s.Continue, ReasonBreakpoint)
	if stop.Goroutine.ID == 1 {
		t.Fatal("main.spoil is called on the main goroutine: this test tests nothing")
	}
	names := func(at Scope) string {
		list, err := s.Locals(ctx, at, Load{})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, v := range list {
			text += v.Name + " "
		}
		return text
	}
	inner, outer := names(Selected), names(Scope{Goroutine: -1, Frame: 1})
	if inner == outer {
		t.Errorf("both frames have %s", inner)
	}
	frames, err := s.Stack(ctx, 1, 50)
	if err != nil {
		t.Fatal(err)
	}
	mains := -1
	for i, f := range frames {
		if f.Function == "main.main" {
			mains = i
		}
	}
	want := names(Scope{Goroutine: 1, Frame: mains})
	if err := s.SelectGoroutine(ctx, 1); err != nil {
		t.Fatal(err)
	}
	if got := names(Scope{Goroutine: -1, Frame: mains}); got != want {
		t.Errorf("after the selection of goroutine 1: %q, want %q", got, want)
	}
	if got := names(Scope{Goroutine: stop.Goroutine.ID}); got != inner {
		t.Errorf("goroutine %d: %q, want %q", stop.Goroutine.ID, got, inner)
	}
}
