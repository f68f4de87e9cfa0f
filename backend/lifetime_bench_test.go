package backend

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
)

// What it costs the rest of a program that something is looked after: the least of five
// runs, with it and without, and how often what it stops for came about.

// BenchmarkCollector is about an object of a program that does nothing but collect
// garbage.
func BenchmarkCollector(b *testing.B) {
	beside(b, "cycles", 1000, []WatchOption{KeepWhenFreed()}, nil)
}

// BenchmarkCrowd is about a local variable of a program that does nothing but start
// goroutines whose stacks grow.
func BenchmarkCrowd(b *testing.B) {
	beside(b, "crowd", 2000, nil, nil)
}

func beside(b *testing.B, scenario string, n int, without, with []WatchOption) {
	const runs = 5
	var least [2]time.Duration
	for b.Loop() {
		for i := range 2 * runs {
			opts := without
			if i%2 == 1 {
				opts = with
			}
			d := timedScenario(b, scenario, n, i%2 == 1 || without != nil, opts)
			if least[i%2] == 0 || d < least[i%2] {
				least[i%2] = d
			}
		}
	}
	b.ReportMetric(float64(least[0].Microseconds())/float64(n), "us/without")
	b.ReportMetric(float64(least[1].Microseconds())/float64(n), "us/with")
}

func timedScenario(b *testing.B, scenario string, n int, watch bool, opts []WatchOption) time.Duration {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	s, err := Launch(context.Background(), LaunchConfig{Path: testkit.Target(b, "lifetimes", testkit.Optimized),
		Args: []string{scenario, fmt.Sprint(n)}, Stdout: null, Stderr: null})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	br := setBreak(b, s, "main.begin", "")
	stopAt(b, s.Continue, ReasonBreakpoint)
	if err := br.Remove(context.Background()); err != nil {
		b.Fatal(err)
	}
	if watch {
		setWatch(b, s, "*p", Write, append(opts, Report(func(*Hit) {}))...)
	}
	began := time.Now()
	for _, err := range s.Run(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
