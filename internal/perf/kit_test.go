package perf

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/ptrace"
)

// stop is one stop of a target's thread for a debug exception.
type stop struct {
	tid, code  int
	addr, data uint64
}

// target is a process that a test watches. It is traced: where debug exceptions
// lose their cause the kernel kills a program that is not (FACTS A12).
type target struct {
	*shared
	t    testing.TB
	g    *ptrace.Tracees
	proc *ptrace.Process

	halting atomic.Bool
	pumped  chan struct{} // closed when the pump has ended, by pumpErr
	pumpErr error
	hired   int // workers, without worker 0

	mu    sync.Mutex
	stops []stop // guarded by mu
	blank uint64 // stops without a cause, guarded by mu
}

// start runs a target with worker 0 waiting for orders.
func start(t testing.TB) *target {
	t.Helper()
	testkit.Watchdog(t)
	fd, err := unix.MemfdCreate("target", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Ftruncate(fd, int64(sharedSize)); err != nil {
		t.Fatal(err)
	}
	s, err := mapShared(fd)
	if err != nil {
		t.Fatal(err)
	}
	x := &target{shared: s, t: t, g: ptrace.NewTracees(ptrace.NewTracer())}
	t.Cleanup(x.end)
	x.do(func() (err error) {
		x.proc, err = x.g.Launch(ptrace.LaunchConfig{
			Path: "/proc/self/exe", Args: []string{"target"}, Dir: "/",
			Env: []string{
				fmt.Sprintf("%s=/proc/%d/fd/%d", targetFile, os.Getpid(), fd),
				// Its threads do what they are told, and nothing else.
				"GODEBUG=asyncpreemptoff=1", "GOGC=off", fmt.Sprintf("GOMAXPROCS=%d", maxWorkers+2),
			},
		})
		return err
	})
	x.run()
	x.finished(0, 1)
	return x
}

func (x *target) end() {
	x.stop.Store(1)
	if x.pumped != nil {
		x.stopPump()
	}
	x.do(func() (err error) {
		for err == nil && len(x.g.Processes()) > 0 {
			err = x.g.Kill(x.g.Processes()[0])
		}
		return err
	})
	x.g.Tracer().Close()
	unmapShared(x.t, x.shared)
}

// do runs fn on the tracer's thread, with the target not pumped.
func (x *target) do(fn func() error) {
	x.t.Helper()
	var err error
	if e := x.g.Tracer().Do(func() { err = fn() }); e != nil || err != nil {
		x.t.Fatal(errors.Join(e, err))
	}
}

// run lets the target run, in the background; halt ends that.
func (x *target) run() {
	x.halting.Store(false)
	x.pumped = make(chan struct{})
	go func() {
		defer close(x.pumped)
		doErr := x.g.Tracer().Do(func() {
			if x.pumpErr = x.g.ResumeAll(); x.pumpErr == nil {
				x.pumpErr = x.pump()
			}
		})
		if doErr != nil {
			x.pumpErr = doErr
		}
	}()
}

var errHalt = errors.New("halted")

func (x *target) pump() error {
	for {
		ev, err := x.g.Wait()
		if err != nil {
			return err
		}
		switch ev.Kind {
		case ptrace.Trapped:
			x.note(ev)
		case ptrace.Nudged: // maybe late, by the nudges for the halt before
			if x.halting.Load() {
				return errHalt
			}
		case ptrace.ProcessGone:
			return fmt.Errorf("the target ended: %v", ev.Status)
		}
		if ev.Thread != nil {
			if err := x.g.Resume(ev.Thread); err != nil {
				return err
			}
		}
	}
}

func (x *target) note(ev ptrace.Event) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if ev.Info.Code == ptrace.TrapUnknown {
		x.blank++
		return
	}
	x.stops = append(x.stops, stop{ev.Thread.TID, int(ev.Info.Code), ev.Info.Addr(), ev.Info.Value()})
}

// taken returns the stops since it was called last.
func (x *target) taken() []stop {
	x.mu.Lock()
	defer x.mu.Unlock()
	stops := x.stops
	x.stops = nil
	return stops
}

// lost is how many debug exceptions have come without a cause.
func (x *target) lost() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.blank
}

// counted fails the test unless an event has counted want hits. Those that come
// without a cause are in no count.
func (x *target) counted(e *Event, want uint64) {
	x.t.Helper()
	if n, lost := count(x.t, e), x.lost(); n > want || n+lost < want {
		x.t.Errorf("%d hits counted (%d came without a cause), want %d", n, lost, want)
	}
}

// halt ends the pump, and stops all threads.
func (x *target) halt() {
	x.t.Helper()
	x.stopPump()
	if x.pumpErr != errHalt {
		x.t.Fatal(x.pumpErr)
	}
	x.do(x.g.StopAll)
	for ev, ok := x.g.Queued(); ok; ev, ok = x.g.Queued() {
		if ev.Kind == ptrace.Trapped {
			x.note(ev)
		}
	}
}

// stopPump returns when the tracer's thread is free.
func (x *target) stopPump() {
	x.halting.Store(true)
	for { // a nudge can be lost
		select {
		case <-x.pumped:
			return
		default:
			_ = x.g.Nudge() // of no use if the target has ended
			runtime.Gosched()
		}
	}
}

// while runs fn with every thread of the target stopped.
func (x *target) while(fn func() error) {
	x.t.Helper()
	x.halt()
	x.do(fn)
	x.run()
}

// order tells worker i to do something, and does not wait for it.
func (x *target) order(i int, o op, word int, n uint64) {
	w := &x.workers[i]
	w.op, w.word, w.n = o, word, n
	bump(&w.asked)
}

// finished waits until worker i has carried out as many orders.
func (x *target) finished(i int, orders uint32) {
	x.t.Helper()
	w := &x.workers[i]
	for n := w.done.Load(); n < orders; n = w.done.Load() {
		select {
		case <-x.pumped:
			x.t.Fatal(x.pumpErr)
		default:
			await(&w.done, n)
		}
	}
}

// tell gives an order and waits until it is carried out.
func (x *target) tell(i int, o op, word int, n uint64) {
	x.t.Helper()
	was := x.workers[i].done.Load()
	x.order(i, o, word, n)
	x.finished(i, was+1)
}

// rest ends what workers do until they are stopped, and waits for these.
func (x *target) rest(workers ...int) {
	x.t.Helper()
	x.stop.Store(1)
	for _, i := range workers {
		x.finished(i, x.workers[i].asked.Load()+1)
	}
	x.stop.Store(0)
}

// hire has worker 0 start n workers more, those after the last.
func (x *target) hire(n int) {
	x.t.Helper()
	for first := x.hired + 1; x.hired < first+n-1; {
		x.hired++
		i := x.hired
		x.tell(0, opStart, 0, uint64(i))
		x.finished(i, 1)
	}
}

func (x *target) tid(i int) int { return int(x.workers[i].tid.Load()) }

// pin keeps worker i on a processor.
func (x *target) pin(i, cpu int) {
	x.t.Helper()
	pin(x.t, x.tid(i), cpu)
}

func pin(t testing.TB, tid, cpu int) {
	t.Helper()
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(tid, &set); err != nil {
		t.Fatal(err)
	}
}

// pinHere keeps the calling thread on a processor until the test ends.
func pinHere(t testing.TB, cpu int) {
	t.Helper()
	var allowed unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &allowed))
	runtime.LockOSThread()
	pin(t, 0, cpu)
	t.Cleanup(func() {
		must(t, unix.SchedSetaffinity(0, &allowed))
		runtime.UnlockOSThread()
	})
}

// processors returns two that may be used, the same one twice where there is one.
func processors(t testing.TB) (one, other int) {
	t.Helper()
	var allowed unix.CPUSet
	must(t, unix.SchedGetaffinity(0, &allowed))
	for !allowed.IsSet(one) {
		one++
	}
	for other = one + 1; !allowed.IsSet(other); other++ {
		if other > 1024 {
			return one, one
		}
	}
	return one, other
}

// leave has worker i end its thread.
func (x *target) leave(i int) {
	x.order(i, opLeave, 0, 0)
	for unix.Tgkill(x.proc.PID, x.tid(i), 0) == nil {
		runtime.Gosched()
	}
}

// point is on one of the watched words.
func (x *target) point(word int, a hwbp.Access) hwbp.Point {
	return hwbp.Point{Addr: x.watched + 8*uint64(word), Len: 8, Access: a}
}

// open opens an event on worker i that the test closes at its end.
func (x *target) open(i int, p hwbp.Point, o Options) *Event {
	x.t.Helper()
	e, err := Open(x.tid(i), p, o)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		if err := e.Close(); err != nil {
			x.t.Error(err)
		}
	})
	return e
}

func count(t testing.TB, e *Event) uint64 {
	t.Helper()
	n, err := e.Count()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
