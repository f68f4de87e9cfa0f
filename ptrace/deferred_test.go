package ptrace

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// received is what target's handler noted of a signal.
type received struct {
	signo, code, pid, uid int
	value                 uint64
}

// signals waits until target has handled n signals.
func signals(t testing.TB, pid, n int) []received {
	t.Helper()
	m, err := OpenMemory(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	count := func() int { return int(uint32(word(t, m, symbol(t, "ngot")))) }
	eventually(t, fmt.Sprintf("%d signals", n), func() bool { return count() >= n })
	const size = 24 // of struct got
	buf := make([]byte, min(count(), 64)*size)
	if _, err := m.ReadMemory(buf, symbol(t, "got")); err != nil {
		t.Fatal(err)
	}
	var got []received
	for ; len(buf) > 0; buf = buf[size:] {
		i := func(at int) int { return int(int32(binary.LittleEndian.Uint32(buf[at:]))) }
		got = append(got, received{i(0), i(4), i(8), i(12), binary.LittleEndian.Uint64(buf[16:])})
	}
	return got
}

// signalled lets a process run until it has handled n signals.
func (s *session) signalled(p *Process, n int) []received {
	s.t.Helper()
	ngot := symbol(s.t, "ngot")
	s.runUntil("the signals have come", func() bool { return int(uint32(peek(p.Memory, ngot))) >= n })
	return signals(s.t, p.PID, n)
}

func has(got []received, want received) bool {
	for _, g := range got {
		if g == want {
			return true
		}
	}
	return false
}

const rtSignal = unix.Signal(35) // SIGRTMIN + 1 of the C library

// origins are signals of every kind of origin that another process can give.
func origins(pid, tid int) []received {
	me, uid := os.Getpid(), os.Getuid()
	_ = queueSignal(pid, unix.SIGUSR1, 77)
	_ = unix.Kill(pid, unix.SIGUSR2)
	_ = unix.Tgkill(pid, tid, unix.SIGURG)
	_ = unix.Kill(pid, unix.SIGTRAP)
	_ = queueSignal(pid, rtSignal, 1)
	_ = queueSignal(pid, rtSignal, 2)
	return []received{
		{int(unix.SIGUSR1), siQueue, me, uid, 77},
		{int(unix.SIGUSR2), 0, me, uid, 0},
		{int(unix.SIGURG), siTkill, me, uid, 0},
		{int(unix.SIGTRAP), 0, me, uid, 0},
		{int(rtSignal), siQueue, me, uid, 1},
		{int(rtSignal), siQueue, me, uid, 2},
	}
}

func checkOrigins(t *testing.T, got, want []received) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d signals, want %d", len(got), len(want))
	}
	for _, w := range want {
		if !has(got, w) {
			t.Errorf("missing %+v of %+v", w, got)
		}
	}
}

func TestSignalsKeepTheirOrigin(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	s.resumeAll()
	want := origins(p.PID, p.PID)
	checkOrigins(t, s.signalled(p, len(want)), want)
}

func TestSignalsDuringStepsKeepTheirOrigin(t *testing.T) {
	handler := symbol(t, "handler")
	for round := range 20 {
		s := open(t)
		p := s.attach(begin(t, target(t), "signals").Process.Pid)
		th := p.Threads()[0]
		// While it is stopped: all of them arrive during the first step.
		want := origins(p.PID, p.PID)
		for range 1 + round%3 {
			s.do(func() error {
				before, err := th.Registers()
				if err != nil {
					return err
				}
				pc := before.PC()
				ev, err := s.g.StepOver(th)
				if err != nil {
					return err
				}
				after, err := th.Registers()
				if err == nil && (ev.Kind != Trapped || after.PC() == pc || after.PC() == handler) {
					err = fmt.Errorf("%v from %#x to %#x", ev.Kind, pc, after.PC())
				}
				return err
			})
		}
		if th.PendingSignal() == 0 {
			t.Error("no signal is in hand")
		}
		checkOrigins(t, s.signalled(p, len(want)), want)
		s.close()
	}
}

// At a detach one signal is in hand; of the others those that were queued with a
// value keep it, and the rest come in the tracer's name.
func TestSignalsDuringStepAtDetach(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	th := p.Threads()[0]
	want := []received{
		{int(unix.SIGUSR1), siQueue, os.Getpid(), os.Getuid(), 5},
		{int(unix.SIGUSR2), siQueue, os.Getpid(), os.Getuid(), 6},
		{int(rtSignal), siQueue, os.Getpid(), os.Getuid(), 7},
	}
	for _, w := range want {
		if err := queueSignal(p.PID, unix.Signal(w.signo), w.value); err != nil {
			t.Fatal(err)
		}
	}
	s.do(func() error { _, err := s.g.StepOver(th); return err })
	s.stopAll()
	s.detach(p)
	checkOrigins(t, signals(t, p.PID, len(want)), want)
}

func TestStormOfSignals(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	th := p.Threads()[0]
	stop := meanwhile(func() {
		_ = unix.Tgkill(p.PID, p.PID, unix.SIGURG)
	})
	place := symbol(t, "place")
	s.breakAt(p, place)
	for range 100 {
		s.run(func(ev Event) error {
			if ev.Kind != Breakpoint {
				return fmt.Errorf("event %v", ev.Kind)
			}
			return errStop
		})
		s.stopAll()
		s.do(func() error {
			if err := backToPlace(th); err != nil {
				return err
			}
			if _, err := s.g.StepOver(th); err != nil {
				return err
			}
			r, err := th.Registers()
			if err == nil && r.PC() != place+1 { // past the nop
				err = fmt.Errorf("pc %#x, want %#x", r.PC(), place+1)
			}
			return err
		})
	}
	stop()
	s.do(func() error { return p.RemoveBreakpoint(place) })
	s.detach(p)
	advances(t, p.PID, symbol(t, "x"))
	if n := len(signals(t, p.PID, 1)); n == 0 {
		t.Error("no signal came")
	}
}

// A SIGSTOP stops the process as without us, nudges come through meanwhile, and
// SIGCONT lets it run on.
func TestJobControl(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "busy", "3").Process.Pid)
	y := symbol(t, "y")
	s.jobControl(p, y, 30, func(was uint64) {
		s.runUntil("it runs on", func() bool { return peek(p.Memory, y) != was })
	})
}

// jobControl stops and continues a process as a shell does. It does not run in between;
// runsOn waits until y is no longer what it was.
func (s *session) jobControl(p *Process, y uint64, rounds int, runsOn func(was uint64)) {
	for range rounds {
		if err := unix.Kill(p.PID, unix.SIGSTOP); err != nil {
			s.t.Fatal(err)
		}
		for !s.allListeningNow() {
			s.runUntil("at once", func() bool { return true })
		}
		was := s.word(p, y)
		for range rand.IntN(5) {
			s.runUntil("at once", func() bool { return true })
			s.stopAll()
		}
		if s.word(p, y) != was {
			s.t.Error("it ran")
		}
		s.resumeAll()
		if err := unix.Kill(p.PID, unix.SIGCONT); err != nil {
			s.t.Fatal(err)
		}
		runsOn(was)
		s.stopAll()
		s.do(func() error { return s.drain(func(Event) error { return nil }) })
	}
}

// A thread that is stepped, or made to do a system call, during a job control stop
// goes back into it.
func TestStepDuringJobControlStop(t *testing.T) {
	victim := begin(t, target(t), "busy", "2")
	pid, y := victim.Process.Pid, symbol(t, "y")
	stopJob(t, pid)
	s := open(t)
	p := s.attach(pid)
	for _, th := range p.Threads() {
		s.do(func() error { _, err := s.g.StepOver(th); return err })
		s.do(func() error { _, err := s.g.Inject(th, unix.SYS_GETPID); return err })
	}
	was := [2]uint64{s.word(p, y), s.word(p, y+8)}
	s.resumeAll()
	for range 3 {
		if err := s.g.Nudge(); err != nil {
			t.Fatal(err)
		}
		s.expect(Nudged)
	}
	if !s.allListeningNow() {
		t.Error("it is not in a job control stop")
	}
	if now := [2]uint64{s.word(p, y), s.word(p, y+8)}; now != was {
		t.Errorf("it ran: %v, before %v", now, was)
	}
	if err := unix.Kill(pid, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.runUntil("both run", func() bool { return peek(p.Memory, y) != was[0] && peek(p.Memory, y+8) != was[1] })
}

func (s *session) allListeningNow() (all bool) {
	s.do(func() error { all = s.g.allListening(); return nil })
	return all
}
