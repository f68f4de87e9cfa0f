package cond

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// counted counts the reads of memory.
type counted struct {
	Memory
	reads int
}

func (c *counted) ReadMemory(buf []byte, addr uint64) (int, error) {
	c.reads++
	return c.Memory.ReadMemory(buf, addr)
}

func TestReads(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	for expr, want := range map[string]int{
		"3 > 2": 0, "runtime.threadid > 0": 0, "main.global == 42": 1, "main.global == 42 && main.global > 0": 1,
		"i8 < 0 && u8 > 0 && yes":          1, // they lie side by side
		"u8 == 0 && main.global == 42":     1, // the rest is not looked at
		"u8 == 255 && main.global == 42":   2,
		"ptr.X == 1 && ptr.Y == 2":         3,
		`str == "pl"`:                      1, // the lengths differ
		`str == "plain"`:                   2,
		"arr[0] + arr[1] + arr[2] == 6":    1,
		"nilPtr == nil || nilPtr.X == 100": 1,
	} {
		m := &counted{Memory: s.target.Memory()}
		p, err := Compile(expr, s.scope, nil)
		if err != nil {
			t.Fatal(err)
		}
		in := s.in
		in.Memory = m
		if _, err := p.Eval(&in); err != nil || m.reads != want {
			t.Errorf("%s: %d reads, want %d; %v", expr, m.reads, want, err)
		}
	}
}

func TestKnown(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	v, err := s.scope.EvalExpression("&main.global", fully)
	if err != nil {
		t.Fatal(err)
	}
	m := &counted{Memory: s.target.Memory()}
	in := s.in
	in.Memory, in.Known, in.KnownAt = m, []byte{7, 0, 0, 0, 0, 0, 0, 0}, v.Children[0].Addr
	for expr, reads := range map[string]int{"main.global == 7": 0, "i8 == -8 && main.global == 7": 1} {
		p, err := Compile(expr, s.scope, nil)
		if err != nil {
			t.Fatal(err)
		}
		m.reads = 0
		if ok, err := p.Eval(&in); !ok || err != nil || m.reads != reads {
			t.Errorf("%s: %v, %v, %d reads", expr, ok, err, m.reads)
		}
	}
}

func TestEvalAllocatesNothing(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	s.in.Runtime = someone(1)
	s.in.Memory = barred{s.in.Memory}
	for _, expr := range []string{
		"main.global == 42", `str == "plain" && i8 < 0`, "ints[2] == 3 && ptr.X == 1", "runtime.curg.goid == 1", "nilPtr.X == 1", "ints[9] == 1", "f64 + 1 > 2", "*unread == 1",
	} {
		p, err := Compile(expr, s.scope, nil)
		if err != nil {
			t.Fatal(err)
		}
		allowed := 0.0
		if strings.Contains(expr, "unread") {
			allowed = 1 // the Fault that wraps the memory's error
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = p.Eval(&s.in) }); n > allowed {
			t.Errorf("%s: %v allocations", expr, n)
		}
	}
}

// barred is memory whose error, for what is never mapped, is made once: what fmt allocates is
// left to chance under the race detector (sync.Pool).
type barred struct{ Memory }

var errBarred = errors.New("it cannot be read")

func (b barred) ReadMemory(buf []byte, addr uint64) (int, error) {
	if addr <= 1<<16 {
		return 0, errBarred
	}
	return b.Memory.ReadMemory(buf, addr)
}

// someone is the goroutine on the thread.
type someone int64

func (g someone) GoroutineID() int64 { return int64(g) }

func TestNoGoroutine(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	p, err := Compile("runtime.curg.goid == 1", s.scope, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.in.Runtime = someone(0)
	if _, err := p.Eval(&s.in); err != FaultGoroutine {
		t.Error(err)
	}
}

func TestLongTexts(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	for expr, want := range map[string]string{
		fmt.Sprintf("long == %q", strings.Repeat("\x00", 600)):           "true",
		fmt.Sprintf("long == %q", strings.Repeat("\x00", 599)+"x"):       "false",
		fmt.Sprintf("long < %q", strings.Repeat("\x00", 300)+"\x01"):     "true",
		fmt.Sprintf("long <= %q", strings.Repeat("\x00", 600)):           "true",
		fmt.Sprintf("long > %q", strings.Repeat("\x00", 512)):            "true",
		fmt.Sprintf("%q >= long", strings.Repeat("\x00", 601)):           "true",
		fmt.Sprintf("long == %q", ""):                                    "false",
		fmt.Sprintf("%q > %q", "b", "a"):                                 "true",
		fmt.Sprintf("empty == %q && %q == empty && empty < str", "", ""): "true",
	} {
		if got := s.answer(expr); got != want {
			t.Errorf("%.20s...: %s, want %s", expr, got, want)
		}
		s.agree(t, expr)
	}
}

func TestDeepNesting(t *testing.T) {
	s := stopAt(t, testkit.Debug, "values", "values")
	expr := "i8"
	for range maxStack {
		expr = "i8 + (" + expr + ")"
	}
	if got := s.answer(expr + " == 1"); !strings.Contains(got, "too deeply") {
		t.Error(got)
	}
	wide := "i8 == -8" + strings.Repeat(" && i8 == -8", 500)
	if got := s.answer(wide); got != "true" {
		t.Error(got)
	}
	// More pieces of memory than are read in one go.
	apart := "main.huge[0] == 0"
	for i := range 3 * maxWindows {
		apart += fmt.Sprintf(" && *(*uint8)(%#x) >= 0", s.scope.Regs.SP()+uint64(i*2*maxApart))
	}
	if got := s.answer(apart); got != "true" {
		t.Error(got)
	}
	s.agree(t, apart)
}

func TestFaultsAreErrors(t *testing.T) {
	for f := FaultNil; f <= FaultValue; f++ {
		if f.Error() == "" || strings.HasPrefix(f.Error(), "fault ") {
			t.Errorf("%d has no text", f)
		}
	}
	if Fault(99).Error() != "fault 99" || errors.Is(FaultNil, FaultRead) {
		t.Error("unknown faults")
	}
}

func BenchmarkEval(b *testing.B) {
	s := stopAt(b, testkit.Debug, "values", "values")
	for _, expr := range []string{"3 > 2", "main.global == 41", "i8 == 1 && u8 == 3", `str == "plane"`, "points[1].Y == 5"} {
		b.Run(expr, func(b *testing.B) {
			p, err := Compile(expr, s.scope, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = p.Eval(&s.in)
			}
		})
	}
}
