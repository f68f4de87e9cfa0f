package ptrace

import (
	"errors"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestDoRunsOnOneThread(t *testing.T) {
	testkit.Watchdog(t)
	tr := NewTracer()
	defer tr.Close()
	var wg sync.WaitGroup
	n := 0 // unguarded: Do runs one function at a time
	tids := map[int]bool{}
	for range 16 {
		wg.Go(func() {
			for range 200 {
				if err := tr.Do(func() { n++; tids[unix.Gettid()] = true }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n != 3200 || len(tids) != 1 || tids[unix.Gettid()] {
		t.Errorf("%d calls on threads %v", n, tids)
	}
	if tr.OnThread() {
		t.Error("the test is on the tracer's thread")
	}
}

func TestDoInsideDo(t *testing.T) {
	testkit.Watchdog(t)
	tr := NewTracer()
	defer tr.Close()
	ran := false
	err := tr.Do(func() {
		if !tr.OnThread() {
			t.Error("not on the thread")
		}
		if err := tr.Do(func() { ran = true }); err != nil {
			t.Error(err)
		}
		if !ran {
			t.Error("Do returned before its function had run")
		}
	})
	if err != nil || !ran {
		t.Errorf("err %v, ran %v", err, ran)
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	testkit.Watchdog(t)
	tr := NewTracer()
	defer tr.Close()
	func() {
		defer func() {
			if p := recover(); p != "deliberate" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = tr.Do(func() { panic("deliberate") })
		t.Error("Do returned")
	}()
	if err := tr.Do(func() {}); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestGoexitEndsTheTracer(t *testing.T) {
	testkit.Watchdog(t)
	tr := NewTracer()
	if err := tr.Do(runtime.Goexit); !errors.Is(err, ErrTracerClosed) {
		t.Errorf("err %v", err)
	}
	tr.Close()
}

func TestClose(t *testing.T) {
	testkit.Watchdog(t)
	before := testkit.Used(t)
	for range 50 {
		tr := NewTracer()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := tr.Do(func() {}); err != nil && !errors.Is(err, ErrTracerClosed) {
					t.Error(err)
				}
			})
		}
		tr.Close()
		tr.Close()
		wg.Wait()
		if err := tr.Do(func() { t.Error("ran after Close") }); !errors.Is(err, ErrTracerClosed) {
			t.Errorf("after Close: %v", err)
		}
		if tr.OnThread() {
			t.Error("on a thread that has ended")
		}
	}
	// The runtime keeps threads for itself: not one for each Tracer must stay.
	before.Threads += 10
	testkit.NoMoreThan(t, before)
}

func TestCloseOnTheThread(t *testing.T) {
	testkit.Watchdog(t)
	tr := NewTracer()
	if err := tr.Do(tr.Close); err != nil {
		t.Error(err)
	}
	<-tr.ended
}
