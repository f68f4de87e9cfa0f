package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestTraceHitCondition: the kernel counts as a watchpoint does that stops, and goes on to
// where another trace had come.
func TestTraceHitCondition(t *testing.T) {
	const rounds = 6
	for _, hit := range []string{"3", "!= 3", "> 2", ">= 2", "< 4", "<= 4", "% 2"} {
		for _, cond := range []string{"", "new > 0"} {
			t.Run(hit+cond, func(t *testing.T) {
				s := launch(t, testkit.Optimized, "twice", fmt.Sprint(rounds))
				tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: cond, HitCondition: hit})
				var want []string
				w := setWatch(t, s, "main.x", Write, If(cond), WithHitCondition(hit), Report(func(h *Hit) { want = append(want, h.New.String()) }))
				var got []string
				for _, r := range runOut(t, s, tr) {
					got = append(got, r.New.String())
				}
				st := tr.Stats()
				if st.Lost > 0 || w.Stats().Lost > 0 {
					t.Skipf("the processor has lost a hit: %+v", st)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) || len(got) == 0 {
					t.Errorf("%v, and %v by stops", got, want)
				}
				if all := map[string]uint64{"": 2 * rounds, "new > 0": rounds - 1}[cond]; st.Matched != all || st.Filtered+st.Records != 2*rounds {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

// TestTraceReplaced: a trace takes the place of another while the program runs, and every
// write is in one of the two; the count goes on.
func TestTraceReplaced(t *testing.T) {
	s := launch(t, testkit.Optimized, "forever")
	halt := continueMeanwhile(s)
	defer halt()
	// Room for what is lost, which is counted, is left in the ring by reading at once.
	var last int64
	var before *Trace
	var lost uint64
	read := func(tr *Trace, n int) {
		for r, err := range tr.Records(context.Background()) {
			if err != nil {
				t.Fatal(err)
			}
			is, _ := r.New.Int()
			if gap := is - last - 1; last > 0 && gap != 0 {
				lost += uint64(gap)
			}
			if last = is; n > 0 {
				if n--; n == 0 {
					return
				}
			}
		}
	}
	var counted uint64
	for range 5 {
		tr := setTrace(t, s, "main.x", TraceOptions{Method: TraceBPF, If: "new != 0", HitCondition: "> 0", Replaces: before})
		if before != nil {
			read(before, 0)
			counted += before.Stats().Lost
		}
		read(tr, 100)
		before = tr
	}
	if err := before.Stop(); err != nil {
		t.Error(err)
	}
	read(before, 0)
	if counted += before.Stats().Lost; lost > counted {
		t.Errorf("%d writes are in no trace, and %d are known to be lost", lost, counted)
	}
	if st := before.Stats(); st.Matched <= st.Records {
		t.Errorf("the count has begun anew: %+v", st)
	}
	halt()
}

// TestTracePlain: what would not be told as by a stop is refused, with the reason.
func TestTracePlain(t *testing.T) {
	s := launch(t, testkit.Debug, "twice", "3")
	ctx := context.Background()
	setTrace(t, s, "main.x", TraceOptions{Plain: true, Method: TraceBPF}).Close() // skips where it is not permitted
	for _, where := range []string{"at the entry", "in a function"} {
		if where == "in a function" {
			runTo(t, s, "main.twice")
		}
		for _, c := range []struct{ expr, cond, why string }{
			{"main.x", "", ""},
			{"main.pair.B", "main.pair.A == 3 && main.x < 5", ""},
			{"main.x", "old < new && runtime.curg.goid == 1 && runtime.threadid > 0 && true && len(main.name) == 5", ""},
			{"main.name", "", "as a whole"},
			{"*main.ptr", "", "no package variable"},
			{"main.wide", "", ""},
			{"main.wide", "main.x > 3", "2 debug registers"},
			{"main.x", "x > 3", "x in the condition"},
			{"main.x", "new > 3 && i == 3", "i in the condition"},
			{"main.x", "nosuch.x == 3", "nosuch.x in the condition"},
			{"main.x", "main.nosuch == 3", "main.nosuch in the condition"},
		} {
			tr, err := s.Trace(ctx, c.expr, TraceOptions{Plain: true, If: c.cond})
			var refused *ExprError
			if (err == nil) != (c.why == "") || err != nil && (!errors.As(err, &refused) || !strings.Contains(err.Error(), c.why)) {
				t.Errorf("%s: %s if %s: %v", where, c.expr, c.cond, err)
			}
			if tr != nil {
				if err := tr.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

// TestTraceBesideGuard: what is written to a page with guards is recorded too, although most of
// such writes are otherwise made in the thread's place.
func TestTraceBesideGuard(t *testing.T) {
	const rounds = 300
	s := launch(t, testkit.Optimized, "fields", fmt.Sprint(rounds))
	tr := setTrace(t, s, "main.pair.B", TraceOptions{Method: TraceBPF})
	needGuards(t, s)
	hits := 0
	w := setWatch(t, s, "main.pair.A", Write, append(behindGuards, Report(func(*Hit) { hits++ }))...)
	list := runOut(t, s, tr)
	if st := tr.Stats(); st.Lost > 0 {
		t.Skipf("the processor has lost a hit: %+v", st)
	}
	if len(list) != rounds || hits != rounds || !w.Stats().Guarded {
		t.Errorf("%d records, %d hits, %+v", len(list), hits, w.Stats())
	}
}
