package ptrace

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// Of several running threads exactly the one that is nudged stops, and the others
// run meanwhile.
func TestNudgeThread(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "busy", "4").Process.Pid)
	y := symbol(t, "y")
	for i := range 40 {
		var tid int
		s.do(func() error {
			tid = p.Threads()[i%4].TID
			if err := s.g.ResumeAll(); err != nil {
				return err
			}
			return s.g.NudgeThread(tid)
		})
		ev := s.expect(Nudged)
		if !ev.Directed || ev.Thread.TID != tid || !ev.Thread.Stopped() {
			t.Fatalf("nudged thread %d, heard of %d (directed %v)", tid, ev.Thread.TID, ev.Directed)
		}
		for _, th := range p.Threads() {
			if th.TID != tid && th.Stopped() {
				t.Fatalf("thread %d is stopped too", th.TID)
			}
		}
		var was [4]uint64
		for k := range was {
			was[k] = s.word(p, y+8*uint64(k))
		}
		eventually(t, "three threads run", func() bool {
			n := 0
			for k := range was {
				if peek(p.Memory, y+8*uint64(k)) != was[k] {
					n++
				}
			}
			return n == 3
		})
		s.do(func() error { return s.g.Resume(ev.Thread) })
	}
	if s.g.heard != 0 {
		t.Error("a thread's nudge was taken for one of Nudge")
	}
}

// A nudge from another goroutine ends a Wait that is under way.
func TestNudgeThreadEndsWait(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "idle", "3").Process.Pid)
	tid := p.Threads()[2].TID
	for range 20 {
		s.do(s.g.ResumeAll)
		sent := make(chan error, 1)
		go func() { sent <- s.g.NudgeThread(tid) }()
		if ev := s.expect(Nudged); !ev.Directed || ev.Thread.TID != tid {
			t.Fatalf("event %+v", ev)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
	}
}

func TestNudgeThreadThatIsStopped(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "busy", "2").Process.Pid)
	tid := p.Threads()[1].TID
	for range 5 {
		if err := s.g.NudgeThread(tid); err != nil {
			t.Fatal(err)
		}
	}
	y := symbol(t, "y")
	if ev := s.runUntilWord(p, y); ev.Directed {
		t.Error("the nudge of a stopped thread was kept")
	}
}

// runUntilWord is runUntil for a word that changes.
func (s *session) runUntilWord(p *Process, addr uint64) Event {
	s.t.Helper()
	was := s.word(p, addr)
	return s.runUntil(fmt.Sprintf("the word at %#x changes", addr), func() bool { return peek(p.Memory, addr) != was })
}

func TestNudgeThreadThatIsNotHeld(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "0")
	tid := p.PID
	s.toTheEnd(p)
	if err := s.g.NudgeThread(tid); !errors.Is(err, ErrThreadGone) {
		t.Errorf("a thread that has ended: %v", err)
	}
	if err := s.g.NudgeThread(unix.Getpid()); !errors.Is(err, ErrThreadGone) {
		t.Errorf("a stranger: %v", err)
	}
}

// Threads that are born and end while they are nudged: neither error nor stray stop.
func TestNudgeThreadsThatComeAndGo(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "birth", "3").Process.Pid)
	nudges, heard := 0, 0
	s.run(func(ev Event) error {
		if ev.Kind == Nudged {
			if !ev.Directed {
				return errors.New("a nudge that is not directed")
			}
			heard++
		}
		if heard == 200 {
			return errStop
		}
		for _, th := range p.Threads() {
			nudges++
			if err := s.g.NudgeThread(th.TID); err != nil && !errors.Is(err, ErrThreadGone) {
				return err
			}
		}
		return nil
	})
	if heard != 200 {
		t.Errorf("%d of %d nudges were heard", heard, nudges)
	}
	s.stopAll()
	s.detach(p)
	advances(t, p.PID, symbol(t, "beats"))
}

// A nudge that no thread has taken yet does not stop the target after a detach.
func TestDetachTakesBackThreadNudges(t *testing.T) {
	for range 12 {
		s := open(t)
		cmd := begin(t, target(t), "busy", "4")
		p := s.attach(cmd.Process.Pid)
		s.do(func() error {
			if err := s.g.ResumeAll(); err != nil {
				return err
			}
			for _, th := range p.Threads() {
				if err := s.g.NudgeThread(th.TID); err != nil {
					return err
				}
			}
			if err := s.g.StopAll(); err != nil {
				return err
			}
			return s.g.Detach(p)
		})
		if err := s.g.NudgeThread(p.PID); !errors.Is(err, ErrThreadGone) {
			t.Errorf("after the detach: %v", err)
		}
		y := symbol(t, "y")
		for k := range uint64(4) {
			advances(t, p.PID, y+8*k)
		}
		s.close()
		end(cmd)
	}
}

// A process that is being attached to is not stopped by a nudge that a thread takes
// before it is held; and the nudge is heard.
func TestNudgeDuringAttach(t *testing.T) {
	for range 15 {
		cmd := begin(t, target(t), "busy", "8")
		s := open(t)
		stop := meanwhile(func() {
			_ = s.g.Nudge() // there is nobody at first
		})
		p := s.attach(cmd.Process.Pid)
		stop()
		s.resumeAll()
		s.expect(Nudged)
		s.stopAll()
		s.detach(p)
		if state := testkit.State(p.PID); state == 'T' {
			t.Fatal("the process was stopped")
		}
		s.close()
		end(cmd)
	}
}
