package backend

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestTraceIf: the kernel lets through what a watchpoint's condition does, which is
// evaluated with the program stopped; what it has filtered is counted.
func TestTraceIf(t *testing.T) {
	const rounds = 150
	for _, c := range []struct{ trace, watch string }{
		{"new < 0", "new < 0"},
		{"new > old && new%7 != 3 || new == -5", "new > old && new%7 != 3 || new == -5"},
		{"old == 4 || main.x == 40", "old == 4 || main.x == 40"},
		{"!(new >= -10) && len(main.name) == 5 && main.name == \"argus\"", "new < -10"},
		{"runtime.curg.goid == 1 && runtime.threadid != 0", "true"},
		{"runtime.curg.goid != 1", "false"},
		{"*main.ptr == new && main.numbers[1] == 2", "true"},
	} {
		t.Run(c.trace, func(t *testing.T) {
			s := launch(t, testkit.Optimized, "twice", fmt.Sprint(rounds))
			tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: c.trace})
			var hits []*Hit
			w := setWatch(t, s, "main.x", Write, If(c.watch), Report(func(h *Hit) { hits = append(hits, h) }))
			list := runOut(t, s, tr)
			st := tr.Stats()
			if st.Lost > 0 || w.Stats().Lost > 0 {
				t.Skipf("the processor has lost a hit: %+v", st)
			}
			if len(list) != len(hits) || st.Filtered+st.Records != 2*rounds {
				t.Fatalf("%d records, %d hits, %+v", len(list), len(hits), st)
			}
			for i, r := range list {
				if h := hits[i]; r.New.String() != h.New.String() || r.Old.String() != h.Old.String() || r.CondErr != nil {
					t.Fatalf("record %d: %v, hit %v", i, r, h)
				}
			}
		})
	}
}

// TestTraceEvery: each n-th of the writes that meet the condition is recorded, the others are
// counted.
func TestTraceEvery(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "50")
	tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: "new > 0", Every: 7})
	list := runOut(t, s, tr)
	st := tr.Stats()
	if st.Lost > 0 {
		t.Skipf("the processor has lost a hit: %+v", st)
	}
	for i, r := range list { // 1 to 49 are above 0
		if n, _ := r.New.Int(); n != int64(7*(i+1)) {
			t.Errorf("record %d: %v", i, r)
		}
	}
	if len(list) != 7 || st.Filtered != 100-7 {
		t.Errorf("%d records, %+v", len(list), st)
	}
	for _, o := range []TraceOptions{{Every: 2, Method: TraceSamples}, {HitCondition: "3", Method: TraceSamples}, {HitCondition: "often"}} {
		s := launch(t, testkit.Optimized, "twice", "1")
		if _, err := s.Trace(context.Background(), "main.x", o); err == nil {
			t.Errorf("%+v", o)
		}
		for _, o := range []TraceOptions{{Every: 2}, {HitCondition: "> 2"}} {
			if _, err := s.Trace(context.Background(), "main.wide", o); err == nil {
				t.Error("two debug registers")
			}
		}
	}
}

// TestTraceIfDoubtful: what the kernel cannot decide is recorded, and says so.
func TestTraceIfDoubtful(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "10")
	tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: "main.numbers[new] == 3"})
	list := runOut(t, s, tr)
	if st := tr.Stats(); st.Lost > 0 {
		t.Skipf("the processor has lost a hit: %+v", st)
	}
	for _, r := range list { // there are three numbers: 1, 2, 3
		n, _ := r.New.Int()
		if inside := n >= 0 && n < 3; inside != (r.CondErr == nil) || inside && n != 2 {
			t.Errorf("%v: %v", r, r.CondErr)
		}
	}
	if len(list) != 17 {
		t.Errorf("%d records", len(list))
	}
}

// TestTraceIfErrors: a condition that the kernel cannot evaluate is refused.
func TestTraceIfErrors(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	runTo(t, s, "main.twice")
	for _, expr := range []string{"n == 3", "new", "new <", "main.fraction + 1 > 2", "new == \"argus\""} {
		tr, err := s.Trace(context.Background(), "main.x", TraceOptions{If: expr})
		var bad *ExprError
		if !errors.As(err, &bad) || tr != nil {
			t.Errorf("%s: %v", expr, err)
		}
	}
	if _, err := s.Trace(context.Background(), "main.x", TraceOptions{If: "new > 0", Method: TraceSamples}); err == nil {
		t.Error("samples have no conditions")
	}
}

// TestTraceIfMet: if another thread had written by the time the kernel looked, the record says
// that the condition was evaluated for what that wrote.
func TestTraceIfMet(t *testing.T) {
	s := launch(t, testkit.Optimized, "twice", "20")
	tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: "new < 1000"})
	if ev, err := s.Continue(context.Background()); err != nil {
		t.Fatalf("%v, %v", ev, err)
	}
	for i := 0; tr.rec.Next(&tr.reader.raw); i++ {
		if i%2 == 1 {
			tr.reader.raw.New[0] ^= 1 << 6
		}
		r := tr.reader.read(tr)
		if n, _ := r.New.Int(); (r.CondErr != nil) != (i%2 == 1) || n < -20 || n > 20 {
			t.Errorf("record %d: %v, %v", i, r, r.CondErr)
		}
	}
}
