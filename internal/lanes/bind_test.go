package lanes

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

func affinity(t *testing.T, tid int) (set unix.CPUSet) {
	t.Helper()
	if err := unix.SchedGetaffinity(tid, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

// TestBindAndFree: a thread goes where it is sent and is then as free as it was.
func TestBindAndFree(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home := affinity(t, 0)
	if home.Count() < 2 {
		t.Skip("one processor only: there is nowhere to go")
	}
	tr := newAgent(unix.Gettid())
	defer tr.free()
	for cpu := range 64 {
		if !home.IsSet(cpu) {
			continue
		}
		tr.bind(cpu)
		if now := affinity(t, 0); now.Count() != 1 || !now.IsSet(cpu) {
			t.Errorf("sent to %d: %v", cpu, now)
		}
		tr.bind(-1) // not known: where it is will do
		if now := affinity(t, 0); !now.IsSet(cpu) {
			t.Errorf("sent nowhere from %d: %v", cpu, now)
		}
	}
	tr.free()
	if now := affinity(t, 0); now != home {
		t.Errorf("freed: %v, was %v", now, home)
	}
}

// TestTracerIsFreed: turns by ptrace take the tracer to the threads' processors, and leave
// it as free as it was.
func TestTracerIsFreed(t *testing.T) {
	d, err := Choose(DriverPtrace, false, false)
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, Options{Driver: d, Slice: time.Millisecond}, "named", "200", "2")
	tid := x.g.Tracer().TID()
	home := affinity(t, tid)
	entries := x.cells(12)
	sent := false
	x.hit = func(*ptrace.Thread, *Entry, Shot) { sent = sent || affinity(t, tid) != home }
	x.runTo("main.finished")
	var turns uint64
	for _, e := range entries {
		turns += x.account(e).Turns
	}
	if x.b.tracer.spent.Load() == 0 || turns == 0 {
		t.Errorf("%d turns, which took %d ns", turns, x.b.tracer.spent.Load())
	}
	x.do(func() error { x.b.Pause(); return nil })
	if now := affinity(t, tid); now != home {
		t.Errorf("the tracer may run on %v, before on %v", now, home)
	}
	t.Logf("%d turns in %v; a hit met it bound: %v", turns, time.Duration(x.b.tracer.spent.Load()), sent)
}

// boundTo is an agent that was sent to a processor.
func boundTo(cpu int32) *agent {
	a := &agent{}
	a.at.Store(cpu)
	return a
}
