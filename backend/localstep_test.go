package backend

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// inOne stops in the function of the first scenario, with its variable watched from the
// frame below.
func inOne(t *testing.T, n int, opts ...WatchOption) (*Session, *Watchpoint) {
	t.Helper()
	s := atBegin(t, testkit.Debug, "main.begin", "return", fmt.Sprint(n))
	return s, setWatch(t, s, "v", Write, append([]WatchOption{InScope(-1, 1)}, opts...)...)
}

// TestLocalOfOuterFrame: what counts is the frame that the variable is in, not the one in
// which the program is stopped.
func TestLocalOfOuterFrame(t *testing.T) { eachDriver(t, testLocalOfOuterFrame) }

func testLocalOfOuterFrame(t *testing.T) {
	s, w := inOne(t, 3, Report(func(*Hit) {}))
	if w.local == nil || w.local.fn != "main.one" {
		t.Fatalf("%+v", w.local)
	}
	stopAt(t, s.StepOut, ReasonStep) // begin's frame is left, the variable's is not
	if w.End() != nil {
		t.Fatalf("%+v", w.End())
	}
	stop := stopAt(t, s.Continue, ReasonScopeEnd)
	if st := w.Stats(); st.Hits != 3 || stop.Ended[0] != w {
		t.Errorf("%+v", st)
	}
	toTheEnd(t, s, 0)
}

// TestStepOutOfLocal: stepping out of the function ends its variable, be it line by line or
// instruction by instruction, and is no reason to stop twice.
func TestStepOutOfLocal(t *testing.T) { eachDriver(t, testStepOutOfLocal) }

func testStepOutOfLocal(t *testing.T) {
	instruction := func(s *Session) func(context.Context) (Event, error) {
		return func(ctx context.Context) (Event, error) { return s.StepInstruction(ctx, true) }
	}
	for name, step := range map[string]func(*Session) func(context.Context) (Event, error){
		"line":        func(s *Session) func(context.Context) (Event, error) { return s.Next },
		"out":         func(s *Session) func(context.Context) (Event, error) { return s.StepOut },
		"instruction": instruction,
	} {
		t.Run(name, func(t *testing.T) {
			s, w := inOne(t, 3, Report(func(*Hit) {}))
			for n := 0; w.End() == nil; n++ {
				ev, err := step(s)(context.Background())
				stop, ok := ev.(*Stop)
				if err != nil || !ok || n > 100 {
					t.Fatalf("%v, %v", ev, err)
				}
				if w.End() != nil && (len(stop.Ended) != 1 || stop.Reason != ReasonScopeEnd || stop.Place.Function != "main.returns") {
					t.Errorf("%+v", stop)
				}
			}
			if st := w.Stats(); st.Hits != 3 || st.Coverage != Exact || w.End().Last.String() != "3" {
				t.Errorf("%+v", st)
			}
			toTheEnd(t, s, 0)
		})
	}
}

// TestBreakBehindLocal: a breakpoint where the function returns to stops as well, and is
// not disturbed when the watchpoint ends.
func TestBreakBehindLocal(t *testing.T) { eachDriver(t, testBreakBehindLocal) }

func testBreakBehindLocal(t *testing.T) {
	for _, first := range []bool{true, false} { // which of them was set first
		s := atBegin(t, testkit.Debug, "main.begin", "return", "3")
		var b *Breakpoint
		set := func() {
			stack, err := s.Stack(context.Background(), -1, 3)
			if err != nil {
				t.Fatal(err)
			}
			b = setBreak(t, s, fmt.Sprintf("*%#x", stack[2].PC), "")
		}
		if first {
			set()
		}
		w := setWatch(t, s, "v", Write, InScope(-1, 1), Report(func(*Hit) {}))
		if !first {
			set()
		}
		reached := false
		for w.End() == nil || !reached {
			ev, err := s.Continue(context.Background())
			stop, ok := ev.(*Stop)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ev, err)
			}
			reached = reached || stop.Breakpoint == b
		}
		if n := hitsOf(t, b); n != 1 {
			t.Errorf("%d hits of the breakpoint", n)
		}
		toTheEnd(t, s, 0)
	}
}

// TestFalseBreakBehindLocal: one whose condition is never true lets the program pass, and
// the variable ends there all the same.
func TestFalseBreakBehindLocal(t *testing.T) { eachDriver(t, testFalseBreakBehindLocal) }

func testFalseBreakBehindLocal(t *testing.T) {
	s, w := inOne(t, 3, Report(func(*Hit) {}))
	b := setBreak(t, s, fmt.Sprintf("*%#x", w.local.ret), "1 == 2")
	stop := stopAt(t, s.Continue, ReasonScopeEnd)
	if stop.Breakpoint != nil || hitsOf(t, b) != 0 || w.Stats().Hits != 3 {
		t.Errorf("%+v, %d hits of the breakpoint", stop, hitsOf(t, b))
	}
	toTheEnd(t, s, 0)
}

// TestTwoLocals: variables of one frame end at one stop, and one that was removed does not.
func TestTwoLocals(t *testing.T) {
	s, w := inOne(t, 3, Report(func(*Hit) {}))
	n := setWatch(t, s, "n", Write, InScope(-1, 1), Report(func(*Hit) {}))
	gone := setWatch(t, s, "v", ReadWrite, InScope(-1, 1), Report(func(*Hit) {}))
	if err := gone.Remove(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop := stopAt(t, s.Continue, ReasonScopeEnd)
	if len(stop.Ended) != 2 || stop.Ended[0] != w || stop.Ended[1] != n || gone.End() != nil {
		t.Errorf("%v", stop.Ended)
	}
	toTheEnd(t, s, 0)
}

// TestLocalLeavesNoTrace: nothing of the program's code is changed after the last local
// variable has ended, was removed, or the program is let go.
func TestLocalLeavesNoTrace(t *testing.T) { eachDriver(t, testLocalLeavesNoTrace) }

func testLocalLeavesNoTrace(t *testing.T) {
	ctx := context.Background()
	s, w := inOne(t, 3, Report(func(*Hit) {}))
	if err := w.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	code := func() []byte {
		t.Helper()
		f, err := os.Open(fmt.Sprintf("/proc/%d/mem", s.PID()))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var all []byte
		for _, name := range []string{"runtime.copystack", "runtime.recovery", "runtime.Goexit", "runtime.gcMark", "main.returns"} {
			fns, err := s.target.BinInfo().FindFunction(name)
			if err != nil {
				t.Fatal(err)
			}
			text := make([]byte, fns[0].End-fns[0].Entry)
			if _, err := f.ReadAt(text, int64(fns[0].Entry)); err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		}
		return all
	}
	clean := code()
	w = setWatch(t, s, "v", Write, InScope(-1, 1), Report(func(*Hit) {}))
	if bytes.Equal(code(), clean) {
		t.Error("nothing is changed while it is watched")
	}
	text, err := s.Disassemble(ctx, w.local.ret, 0, 1)
	if err != nil || len(text) == 0 || strings.Contains(text[0].Text, "INT") {
		t.Errorf("what is seen of it: %v, %v", text, err)
	}
	if err := w.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(code(), clean) {
		t.Error("changed after Remove")
	}
	setWatch(t, s, "v", Write, InScope(-1, 1), Report(func(*Hit) {}))
	stopAt(t, s.Continue, ReasonScopeEnd)
	if !bytes.Equal(code(), clean) {
		t.Error("changed after the end")
	}
}

// TestDetachWithLocal: a program that is let go while a local variable of it is followed
// runs on.
func TestDetachWithLocal(t *testing.T) { eachDriver(t, testDetachWithLocal) }

func testDetachWithLocal(t *testing.T) {
	testkit.Watchdog(t)
	ctx := context.Background()
	r, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := Launch(ctx, LaunchConfig{Path: testkit.Target(t, "lifetimes", testkit.Debug), Args: []string{"many", "50"}, Stdout: stdout, Options: testOptions()})
	stdout.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := setBreak(t, s, "main.begin", "")
	stopAt(t, s.Continue, ReasonBreakpoint)
	if err := b.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	setWatch(t, s, "*p", Write, Report(func(*Hit) {}))
	if err := s.Detach(ctx); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(r); err != nil || string(said) != "done\n" {
		t.Errorf("it says %q, %v", said, err)
	}
}
