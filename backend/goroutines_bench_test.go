package backend

import (
	"context"
	"testing"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/testkit"
)

// BenchmarkGoroutines lists 10,000 goroutines parked in many ways: ids, states, where
// they began, were made, and where their own code is. Delve lists them by turns with it,
// with the last of these alone. The ratio is how many times longer that takes, of the
// best of three each; cold-ms is the first listing of a program, when nothing is known.
func BenchmarkGoroutines(b *testing.B) {
	s := parked(b, testkit.Debug, "10000", "2")
	cold := listed(b, s)
	ours, delves := cold, delveLists(b, s)
	for range 3 {
		ours, delves = min(ours, listed(b, s)), min(delves, delveLists(b, s))
	}
	for b.Loop() {
		listed(b, s)
	}
	b.ReportMetric(float64(cold)/float64(time.Millisecond), "cold-ms")
	b.ReportMetric(float64(delves)/float64(time.Millisecond), "delve-ms")
	b.ReportMetric(float64(delves)/float64(ours), "ratio")
}

// listed is how long GoroutinePage takes for all.
func listed(b *testing.B, s *Session) time.Duration {
	began := time.Now()
	list, _, err := s.GoroutinePage(context.Background(), GoroutineQuery{})
	if err != nil || len(list) < 10000 {
		b.Fatalf("%d goroutines, %v", len(list), err)
	}
	return time.Since(began)
}

// delveLists is how long Delve takes.
func delveLists(b *testing.B, s *Session) time.Duration {
	began := time.Now()
	if err := s.do(context.Background(), func() error {
		gs, _, err := proc.GoroutinesInfo(s.target, 0, 0)
		for _, g := range gs {
			g.UserCurrent()
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
