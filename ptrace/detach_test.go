package ptrace

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/hwbp"
	"github.com/argusdbg/argus/internal/testkit"
)

// What is armed and inserted at random moments must not outlive a detach.
func TestDetachAtRandomMoments(t *testing.T) {
	const rounds = 200
	victim := begin(t, target(t), "busy", "3")
	pid, y, place := victim.Process.Pid, symbol(t, "y"), symbol(t, "place")
	s := open(t)
	hits, stops := 0, 0
	for round := range rounds {
		p := s.attach(pid)
		if len(p.Threads()) != 3 {
			t.Fatalf("round %d: %d threads", round, len(p.Threads()))
		}
		s.do(func() error {
			for _, th := range p.Threads() {
				if err := disarmed(th); err != nil {
					return fmt.Errorf("round %d: %w", round, err)
				}
				if err := th.SetSlots([]hwbp.Point{{Addr: y, Len: 8, Access: hwbp.Write}, {}, {Addr: y + 16, Len: 4, Access: hwbp.ReadWrite}}); err != nil {
					return err
				}
			}
			return nil
		})
		if round%2 == 0 {
			s.breakAt(p, place)
		}
		atStop := func(ev Event) error {
			switch ev.Kind {
			case Breakpoint:
				stops++
				return backToPlace(ev.Thread)
			case Trapped:
				hits++
			}
			return nil
		}
		events := rand.IntN(6)
		s.run(func(ev Event) error {
			if err := atStop(ev); err != nil {
				return err
			}
			if events--; events < 0 || ev.Kind == Breakpoint {
				return errStop
			}
			return nil
		})
		if rand.IntN(4) == 0 {
			if err := s.g.Nudge(); err != nil {
				t.Fatal(err)
			}
		}
		s.stopAll()
		s.do(func() error { return s.drain(atStop) })
		s.detach(p)
	}
	if hits < rounds || stops < rounds/4 {
		t.Errorf("%d hits and %d breakpoints in %d rounds", hits, stops, rounds)
	}
	for i := range 3 {
		advances(t, pid, y+8*uint64(i))
	}
}

// Children that are on their way to exec or to their end when the process is let
// go must not meet a breakpoint that nobody takes.
func TestDetachFromBreedingProcess(t *testing.T) {
	victim := begin(t, target(t), "breed")
	pid, place, rounds, bad := victim.Process.Pid, symbol(t, "place"), symbol(t, "rounds"), symbol(t, "bad")
	for i := range 60 {
		s := open(t)
		s.g.FollowExec = i%2 == 0
		p := s.attach(pid)
		s.breakAt(p, place)
		until := s.word(p, rounds) + 1 + rand.Uint64N(6)
		spins := rand.IntN(300)
		s.runUntil("some children are born", func() bool {
			if peek(p.Memory, rounds) >= until {
				spins--
			}
			return spins < 0
		})
		s.stopAll()
		s.do(func() error {
			for len(s.g.Processes()) > 0 {
				if err := s.g.Detach(s.g.Processes()[0]); err != nil {
					return err
				}
			}
			return nil
		})
		s.g.Tracer().Close()
		m, err := OpenMemory(pid)
		if err != nil {
			t.Fatal(err)
		}
		if n := word(t, m, bad); n != 0 {
			t.Fatalf("round %d: %d children were harmed", i, n)
		}
		m.Close()
		advances(t, pid, rounds)
	}
}

func TestDetachDeliversSignalInHand(t *testing.T) {
	victim := begin(t, target(t), "signals")
	pid := victim.Process.Pid
	s := open(t)
	for i := range 20 {
		p := s.attach(pid)
		value := uint64(1000 + i)
		if err := queueSignal(pid, unix.SIGUSR1, value); err != nil {
			t.Fatal(err)
		}
		th := p.Threads()[0]
		s.do(func() error { // to the stop of the signal
			if err := s.g.Resume(th); err != nil {
				return err
			}
			return s.g.awaitThread(th)
		})
		if th.PendingSignal() != int(unix.SIGUSR1) {
			t.Fatalf("signal %d in hand", th.PendingSignal())
		}
		s.detach(p)
		got := signals(t, pid, i+1)
		if g := got[i]; g.signo != int(unix.SIGUSR1) || g.value != value || g.pid != unix.Getpid() || g.code != siQueue {
			t.Errorf("round %d: %+v", i, g)
		}
	}
}

func TestDetachWithStopInHand(t *testing.T) {
	victim := begin(t, target(t), "busy", "1")
	pid := victim.Process.Pid
	s := open(t)
	p := s.attach(pid)
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	th := p.Threads()[0]
	s.do(func() error {
		if err := s.g.Resume(th); err != nil {
			return err
		}
		return s.g.awaitThread(th)
	})
	if th.PendingSignal() != int(unix.SIGSTOP) {
		t.Fatalf("signal %d in hand", th.PendingSignal())
	}
	s.detach(p)
	eventually(t, "it stops", func() bool { return testkit.State(pid) == 'T' })
}

func TestNudgeDoesNotOutliveDetach(t *testing.T) {
	victim := begin(t, target(t), "busy", "3")
	pid := victim.Process.Pid
	s := open(t)
	for range 100 {
		p := s.attach(pid)
		done := make(chan error)
		go func() {
			for {
				if s.g.Nudge() != nil { // no process left to nudge
					done <- nil
					return
				}
			}
		}()
		s.resumeAll()
		s.expect(Nudged)
		s.stopAll()
		s.detach(p)
		<-done
	}
	advances(t, pid, symbol(t, "y"))
}

func TestDetachedLaunchIsCollected(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "6")
	fd := pidfd(t, p.PID)
	s.detach(p)
	ended(t, fd)
	if st := <-p.Reaped; st != (ExitStatus{Code: 6}) {
		t.Errorf("ended with %v", st)
	}
	if c := testkit.State(p.PID); c != 0 {
		t.Errorf("process %d is in state %c", p.PID, c)
	}
	s.do(func() error { return s.g.Detach(p) }) // again: nothing
}

func TestKill(t *testing.T) {
	for _, args := range [][]string{{"busy", "5"}, {"birth", "3"}, {"breed"}, {"idle", "1"}} {
		s := open(t)
		p := s.launch(args...)
		s.resumeAll()
		fd := pidfd(t, p.PID)
		s.do(func() error { return s.g.Kill(p) })
		ended(t, fd)
		var last Event
		s.do(func() error { return s.drain(func(ev Event) error { last = ev; return nil }) })
		if last.Kind != ProcessGone || last.Status.Signal != unix.SIGKILL {
			t.Errorf("%v: last event %v %v", args, last.Kind, last.Status)
		}
		s.do(func() error { return s.g.Kill(p) }) // again: nothing
	}
}

func TestKillEndsTheGroup(t *testing.T) {
	s := open(t)
	r, w := pipe(t)
	p := s.start(LaunchConfig{Path: "/bin/sh", Args: []string{"sh", "-c", target(t) + " idle 1 & wait"}, Stdout: w, NewProcessGroup: true})
	w.Close()
	var b [6]byte
	s.runUntil("its child is ready", func() bool {
		n, err := r.Read(b[:])
		return n == len(b) && err == nil
	})
	s.do(func() error { return s.g.Kill(p) })
	if n, err := r.Read(b[:]); err == nil { // the end of the last writer
		t.Errorf("read %d", n)
	}
}

func TestSeveralAttachedThreadsSurvive(t *testing.T) {
	victim := begin(t, target(t), "busy", strconv.Itoa(8))
	s := open(t)
	for range 50 {
		s.detach(s.attach(victim.Process.Pid))
	}
	for i := range 8 {
		advances(t, victim.Process.Pid, symbol(t, "y")+8*uint64(i))
	}
}
