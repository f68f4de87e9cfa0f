package ptrace

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// runTo lets a program run to a breakpoint at addr, which is then taken out.
func (s *session) runTo(p *Process, addr uint64) *Thread {
	s.t.Helper()
	s.breakAt(p, addr)
	s.resumeAll()
	ev := s.expect(Breakpoint)
	s.stopAll()
	s.do(func() error { return backToPlace(ev.Thread) })
	s.do(func() error { return p.RemoveBreakpoint(addr) })
	return ev.Thread
}

// The end of the process is still told when a step ran into it, with the memory
// there to be read.
func TestStepOverExit(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	th := s.runTo(p, symbol(t, "place"))
	s.do(func() error {
		for {
			if _, err := s.g.StepOver(th); errors.Is(err, ErrThreadGone) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	ev := s.expect(Leaving)
	if !ev.Last || !ev.Thread.Stopped() || s.word(p, symbol(t, "x")) != 1 {
		t.Errorf("%+v", ev)
	}
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}

// A fault is the stepped instruction's own doing: the step ends in its handler. The
// other signals that came meanwhile are not lost.
func TestStepIntoFault(t *testing.T) {
	s := open(t)
	p := s.launch("fault")
	th := s.runTo(p, symbol(t, "place"))
	want := []received{
		{int(unix.SIGUSR1), 0, os.Getpid(), os.Getuid(), 0},
		{int(unix.SIGUSR2), 0, os.Getpid(), os.Getuid(), 0},
	}
	for _, w := range want {
		if err := unix.Kill(p.PID, unix.Signal(w.signo)); err != nil {
			t.Fatal(err)
		}
	}
	mender := symbol(t, "mender")
	s.do(func() error {
		for range 100 {
			if _, err := s.g.StepOver(th); err != nil {
				return err
			}
			if r, err := th.Registers(); err != nil || r.PC() == mender {
				return err
			}
		}
		return fmt.Errorf("no step ended at the handler")
	})
	y := symbol(t, "y")
	s.runUntil("the fault is made good", func() bool { return peek(p.Memory, y) == 1 })
	checkOrigins(t, s.signalled(p, len(want)), want)
	s.letGoOn(p)
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}
