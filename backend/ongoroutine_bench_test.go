package backend

import (
	"fmt"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/testkit"
)

// BenchmarkSwitch measures what goroutines that yield all the time to one another, four on
// one thread, lose by contexts: "none" is under the debugger with nothing watched, "others"
// one of the four having a context that stays where it is, so that the others' switches are
// told of and nothing more (in the kernel mode it has none, and its watchpoints are on all
// threads), and "contexts" all having one, which takes turns on the
// thread's slots. Nobody writes what is watched. The metric is the time for each switch.
func BenchmarkSwitch(b *testing.B) {
	b.Setenv("GOMAXPROCS", "1")
	for _, driver := range []string{"perf", "ptrace"} {
		for _, c := range []struct {
			name, way string
			contexts  int
		}{
			{"none", "", 0}, {"others/kernel", inKernel, 1},
			{"others/probe", glue.SwitchesByProbe, 1}, {"others/hook", glue.SwitchesByHook, 1},
			{"contexts/probe", glue.SwitchesByProbe, 4}, {"contexts/hook", glue.SwitchesByHook, 4},
		} {
			b.Run(driver+"/"+c.name, func(b *testing.B) {
				testDriver = driver
				defer func() { testDriver = "" }()
				var switches int64
				var took time.Duration
				for b.Loop() {
					n, d := switching(b, c.way, c.contexts)
					switches, took = switches+n, took+d
				}
				b.ReportMetric(float64(took)/float64(switches), "ns/switch")
			})
		}
	}
}

// inKernel is where no switches are followed: the kernel tells whose hits are whose.
const inKernel = "kernel"

// switching lets the goroutines run for some time, and returns how often they switched.
func switching(b *testing.B, way string, contexts int) (n int64, took time.Duration) {
	const workers, d = 4, 300 * time.Millisecond
	s := tasks(b, testkit.Target(b, "tasks", testkit.Optimized), "yield", workers, d)
	if way != inKernel {
		s.switchWay, s.alwaysSwap = way, true
	}
	ids := numbers(b, s, "main.ids", workers)
	for i := range contexts {
		for j := range 2 {
			w := setWatch(b, s, fmt.Sprintf("main.others[%d]", 100*i+j), Write, OnGoroutine(ids[i]))
			if st := w.Stats(); (st.Selected == SelectedInKernel) != (way == inKernel) {
				b.Skipf("who is meant is decided by %s", st.Selected)
			}
		}
	}
	began := time.Now()
	stopAt(b, s.Continue, ReasonBreakpoint)
	took = time.Since(began)
	for _, v := range numbers(b, s, "main.wrote", workers) {
		n += v
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	return n, took
}
