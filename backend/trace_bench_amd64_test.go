package backend

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/perf"
	"github.com/argusdbg/argus/internal/testkit"
)

// traceKinds are ways to learn of a loop's stores.
var traceKinds = []struct {
	name   string
	traced bool // otherwise the kernel counts, and that is all
	o      TraceOptions
}{
	{"counted", false, TraceOptions{}},
	{"bpf", true, TraceOptions{Method: TraceBPF}},
	{"bpf-stack16", true, TraceOptions{Method: TraceBPF, Stack: 16}},
	{"bpf-false", true, TraceOptions{Method: TraceBPF, If: "new < 0"}},
	{"samples-stack16", true, TraceOptions{Method: TraceSamples, Stack: 16}},
}

// BenchmarkTrace measures a loop of stores at the end of 24 calls, counted by the kernel
// and traced, in turns, so that what else the machine does hits them alike. It reports
// medians: ns of the program's processor time for each store, how many times the kernel's
// own count that is, how many records a second that makes, and how many were lost of all.
func BenchmarkTrace(b *testing.B) {
	const (
		turns  = 7
		stores = 20_000 // in each turn
	)
	samples := make([][]float64, len(traceKinds))
	lost := make([]uint64, len(traceKinds))
	for range b.N * turns {
		for i, k := range traceKinds {
			d, n := storesTraced(b, stores, k.traced, k.o)
			samples[i] = append(samples[i], float64(d.Nanoseconds())/stores)
			lost[i] += n
		}
	}
	b.ReportMetric(0, "ns/op") // it would be that of a whole comparison
	for i, k := range traceKinds {
		ns := median(samples[i])
		b.ReportMetric(ns, k.name+"-ns")
		if k.traced {
			b.ReportMetric(ns/median(samples[0]), k.name+"-x-count")
			b.ReportMetric(1e9/ns, k.name+"-per-s")
			b.ReportMetric(float64(lost[i]), k.name+"-lost")
		}
		b.Logf("%-16s %.0f to %.0f ns", k.name, slices.Min(samples[i]), slices.Max(samples[i]))
	}
}

// storesTraced runs the loop, and returns how long it took and what was lost.
func storesTraced(b *testing.B, stores int, traced bool, o TraceOptions) (d time.Duration, lost uint64) {
	b.Helper()
	testkit.Watchdog(b)
	s := launch(b, testkit.Optimized, "nested", strconv.Itoa(stores))
	runTo(b, s, "main.nested")
	var tr *Trace
	if traced {
		tr = setTrace(b, s, "main.x", o)
	} else {
		counted(b, s)
	}
	read := make(chan int)
	go func() {
		n := 0
		if tr != nil {
			for r, err := range tr.Records(context.Background()) {
				if err != nil || o.Stack > 0 && len(r.Stack) != o.Stack {
					b.Errorf("%v, %v", r, err)
				}
				n++
			}
		}
		read <- n
	}()
	began := processTime(b, s.PID())
	runTo(b, s, "main.opaque")
	d = processTime(b, s.PID()) - began
	if tr != nil {
		if err := tr.Stop(); err != nil {
			b.Error(err)
		}
	}
	n := uint64(<-read)
	if traced {
		st := tr.Stats()
		if lost = st.Lost; n+lost+st.Filtered != uint64(stores) {
			b.Errorf("%d records, %+v, of %d stores", n, st, stores)
		}
		if err := tr.Close(); err != nil {
			b.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Error(err)
	}
	return d, lost
}

// processTime is how long the threads of a process have been on a processor.
func processTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	const sched = 2 // CPUCLOCK_SCHED of include/linux/posix-timers.h; clock_getcpuclockid(3)
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// counted has the kernel count the stores of all threads.
func counted(b *testing.B, s *Session) {
	b.Helper()
	err := s.do(context.Background(), func() error {
		w, err := s.newWatchpoint("main.x", Write, nil)
		if err != nil {
			return err
		}
		if _, err := s.prepare(w); err != nil {
			return err
		}
		for _, th := range s.target.ThreadList() {
			e, err := perf.Open(th.ThreadID(), hwbp.Point{Addr: w.addr, Len: 8, Access: hwbp.Write}, perf.Options{Inherit: true})
			if err != nil {
				return err
			}
			b.Cleanup(func() { _ = e.Close() })
		}
		return s.process.Untold(func() bool { return true })
	})
	var forbidden *perf.PermissionError
	if errors.As(err, &forbidden) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
}
