package ptrace

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
)

func (s *session) arm(th *Thread, points ...hwbp.Point) {
	s.t.Helper()
	s.do(func() error { return th.SetSlots(points) })
}

func TestStopAndResumeUnderLoad(t *testing.T) {
	for _, args := range [][]string{{"busy", "6"}, {"birth", "4"}} {
		s := open(t)
		p := s.attach(begin(t, target(t), args...).Process.Pid)
		beats := symbol(t, "beats")
		for i := range 200 {
			was := s.word(p, beats)
			s.runUntil("it beats", func() bool { return peek(p.Memory, beats) != was })
			s.stopAll()
			if i%20 == 0 {
				heldBy(t, p)
			}
			s.do(func() error { return s.drain(func(Event) error { return nil }) })
			if a, b := s.word(p, beats), s.word(p, beats); a != b {
				t.Fatal("it runs")
			}
		}
	}
}

// A thread that stops for another reason with the trap of its last store still
// pending gives that trap away: every store is counted, wherever the stops fall.
func TestNoTrapIsLostToAStop(t *testing.T) {
	const stores, threads, stops = 3000, 4, 500
	s := open(t)
	p := s.launch("stores", strconv.Itoa(stores), strconv.Itoa(threads))
	point := hwbp.Point{Addr: symbol(t, "x"), Len: 8, Access: hwbp.Write}
	s.arm(p.Threads()[0], point)
	traps, stopped, other := 0, 0, 0
	handle := func(ev Event) error {
		switch ev.Kind {
		case Trapped:
			slots, _, err := ev.Thread.Fired(&ev.Info)
			if err != nil {
				return err
			}
			// FACTS A6; where a hypervisor loses the cause the trap still counts.
			if slots != 1 && ev.Info.Code != TrapUnknown {
				return fmt.Errorf("slots %#b fired, code %d", slots, ev.Info.Code)
			}
			traps++
		case Born:
			return ev.Thread.SetSlots([]hwbp.Point{point})
		case Leaving, ThreadGone, ProcessGone:
		default:
			other++
		}
		return nil
	}
	s.run(func(ev Event) error {
		if err := handle(ev); err != nil || ev.Kind == ProcessGone || stopped == stops {
			return err
		}
		if rand.IntN(stores*threads/stops/2) != 0 {
			return nil
		}
		if err := s.g.Resume(ev.Thread); err != nil {
			return err
		}
		for range rand.IntN(2000) { // into the run of the thread
			runtime.KeepAlive(s)
		}
		stopped++
		if err := s.g.StopAll(); err != nil {
			return err
		}
		if err := s.drain(handle); err != nil {
			return err
		}
		return s.g.ResumeAll()
	})
	if traps != stores*threads || stopped < stops || other != 0 {
		t.Errorf("%d traps of %d stores, %d stops, %d other events", traps, stores*threads, stopped, other)
	}
}

// A thread stopped inside clone(2) would have its result register overwritten.
func TestStoppedThreadsAreOutOfSystemCalls(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "birth", "3").Process.Pid)
	inside := 0
	for range 150 {
		n := 0
		s.run(func(ev Event) error {
			if n++; n > 2 {
				return errStop
			}
			return nil
		})
		s.stopAll()
		s.do(func() error {
			for _, th := range p.Threads() {
				if th.midCall {
					inside++
				}
				if got, err := s.g.Inject(th, unix.SYS_GETTID); err != nil || int(got) != th.TID {
					return fmt.Errorf("gettid of thread %d: %d, %v", th.TID, got, err)
				}
			}
			return s.drain(func(Event) error { return nil })
		})
	}
	if inside != 0 {
		t.Errorf("%d threads were left inside a system call", inside)
	}
	s.detach(p)
	advances(t, p.PID, symbol(t, "beats"))
}

// An exec ends the other threads, each of which reports that it leaves: a stop in
// the midst of it must not hold them up.
func TestStopDuringExec(t *testing.T) {
	for range 40 {
		s := open(t)
		victim := begin(t, target(t), "become", "50")
		p := s.attach(victim.Process.Pid)
		s.letGoOn(p)
		execed, gone := 0, 0
		handle := func(ev Event) error {
			switch ev.Kind {
			case Execed:
				execed++
				if ev.Replaced != p || ev.Proc.PID != p.PID || !p.Ended() || len(ev.Proc.Threads()) != 1 || ev.Proc.Memory == p.Memory {
					return fmt.Errorf("%+v", ev)
				}
			case ProcessGone:
				gone++
				if ev.Status != (ExitStatus{Code: 3}) {
					return fmt.Errorf("ended with %v", ev.Status)
				}
			}
			return nil
		}
		s.do(func() error {
			for execed == 0 && gone == 0 {
				if err := s.g.ResumeAll(); err != nil {
					return err
				}
				for range rand.IntN(20000) {
					runtime.KeepAlive(s)
				}
				if err := s.g.StopAll(); err != nil {
					return err
				}
				if err := s.drain(handle); err != nil {
					return err
				}
			}
			return nil
		})
		s.run(handle)
		if execed != 1 || gone != 1 {
			t.Fatalf("%d execs, %d ends", execed, gone)
		}
		s.close()
		end(victim)
	}
}

// The stop of one process of several waits for that one's threads only.
func TestSeveralProcessesOfOneTracer(t *testing.T) {
	s := open(t)
	a := s.attach(begin(t, target(t), "busy", "3").Process.Pid)
	b := s.launch("busy", "2")
	y := symbol(t, "y")
	was := [2]uint64{s.word(a, y), s.word(b, y)}
	s.runUntil("both run", func() bool { return peek(a.Memory, y) != was[0] && peek(b.Memory, y) != was[1] })
	s.stopAll()
	heldBy(t, a)
	heldBy(t, b)
	s.detach(a)
	advances(t, a.PID, y)
	if testkit.State(b.PID) != 't' {
		t.Error("the other was let go too")
	}
}
