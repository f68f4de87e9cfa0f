package backend

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
)

// What a hit costs, in ns/op. The program is the same for all of them: it does nothing
// but write main.x, twice a round. Compare ratios: what the processor and the kernel
// take differs by a factor of ten between machines, and BenchmarkFloor is just that.

func BenchmarkHitReported(b *testing.B) { benchmark(b, hitReported) }

func BenchmarkHitFiltered(b *testing.B) { benchmark(b, hitFiltered) }

func BenchmarkHitUnstopped(b *testing.B) { benchmark(b, hitUnstopped) }

func BenchmarkHitStops(b *testing.B) { benchmark(b, hitStops) }

func benchmark(b *testing.B, kind func(b *testing.B, rounds int) time.Duration) {
	b.ReportAllocs()
	b.StopTimer() // kind starts it when the program runs
	kind(b, (b.N+1)/2)
}

// hitReported: every hit goes to a function, the program runs on.
func hitReported(b *testing.B, rounds int) time.Duration {
	told := uint64(0)
	d, st := throughSession(b, rounds, Report(func(*Hit) { told++ }))
	if told != st.Hits {
		b.Fatalf("told of %d hits of %d", told, st.Hits)
	}
	return d
}

// hitFiltered: every hit is judged by a condition, and none meets it.
func hitFiltered(b *testing.B, rounds int) time.Duration {
	d, st := throughSession(b, rounds, If("main.x == 1 << 40"), ByStop())
	if st.Reported != 0 {
		b.Fatalf("%d hits met the condition", st.Reported)
	}
	return d
}

// hitUnstopped: the kernel judges.
func hitUnstopped(b *testing.B, rounds int) time.Duration {
	d, st := throughSession(b, rounds, If("main.x == 1 << 40"))
	if st.Reported != 0 || st.Unstopped == 0 {
		b.Fatalf("%+v", st)
	}
	return d
}

// hitStops: every hit stops the program, and Run continues it.
func hitStops(b *testing.B, rounds int) time.Duration {
	d, _ := throughSession(b, rounds)
	return d
}

func throughSession(b *testing.B, rounds int, opts ...WatchOption) (time.Duration, Stats) {
	s := launch(b, testkit.Debug, "twice", strconv.Itoa(rounds))
	defer s.Close()
	w := setWatch(b, s, "main.x", Write, opts...)
	defer timed(b)()
	began := time.Now()
	for _, err := range s.Run(context.Background()) {
		if err != nil {
			b.Fatal(err)
		}
	}
	d := time.Since(began)
	st := w.Stats()
	if st.Hits != uint64(2*rounds) || st.Lost != 0 {
		b.Fatalf("%d hits, %d lost, want %d", st.Hits, st.Lost, 2*rounds)
	}
	return d, st
}

// timed runs the benchmark's clock until what it returns is called.
func timed(b *testing.B) (stop func()) {
	b.StartTimer()
	return b.StopTimer
}
