package ptrace

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// story is what becomes of a program: the events until its end, in words.
func (s *session) story(p *Process) string {
	s.t.Helper()
	var words []string
	s.run(func(ev Event) error {
		word := ev.Kind.String()
		switch {
		case ev.Kind == Leaving && ev.Last:
			word = "last " + word
			if _, err := ev.Proc.Memory.ReadMemory(make([]byte, 8), symbol(s.t, "x")); err != nil {
				return fmt.Errorf("its memory: %w", err)
			}
		case ev.Kind == ProcessGone:
			word = ev.Status.String()
		}
		if ev.Kind != ProcessGone && ev.Kind != ThreadGone && !ev.Thread.Stopped() {
			return fmt.Errorf("the thread of %v is not stopped", ev.Kind)
		}
		words = append(words, word)
		return nil
	})
	return strings.Join(words, ", ")
}

func TestStories(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"exit", "7"}, "last leaving, exit status 7"},
		{[]string{"lastexit"}, "last leaving, exit status 9"},
		{[]string{"abort"}, "last leaving, killed by SIGABRT"},
		{[]string{"replace"}, "execed, last leaving, exit status 5"},
		{[]string{"stores", "10", "2"}, "born, exit status 0, last leaving, leaving, thread gone"},
	} {
		s := open(t)
		got := s.story(s.launch(c.args...))
		if strings.HasPrefix(got, "born") { // which of two threads is quicker at its end varies
			words := strings.Split(got, ", ")
			slices.Sort(words)
			got = strings.Join(words, ", ")
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.args, got, c.want)
		}
	}
	s := open(t)
	if got := s.story(s.launch("abort", "8")); strings.Count(got, "last leaving") != 1 || !strings.HasSuffix(got, "killed by SIGABRT") {
		t.Error(got)
	}
	// What a thread that is killed reports before its end is the kernel's choice.
	s = open(t)
	if got := s.story(s.launch("sigkill")); got != "killed by SIGKILL" && got != "last leaving, killed by SIGKILL" {
		t.Error(got)
	}
}

func TestBornBeforeItsFirstInstruction(t *testing.T) {
	s := open(t)
	p := s.launch("all", "100")
	place := symbol(t, "place")
	s.breakAt(p, place)
	s.resumeAll()
	ev := s.wait()
	if ev.Kind == Breakpoint { // the parent may come to report first
		ev = s.wait()
	}
	if ev.Kind != Born {
		t.Fatalf("event %v", ev.Kind)
	}
	s.do(func() error {
		r, err := ev.Thread.Registers()
		if err != nil {
			return err
		}
		var b [2]byte
		if _, err := p.Memory.ReadMemory(b[:], r.PC()-2); err != nil || [2]byte(b) != [2]byte(syscallInstruction) || r.syscallResult() != 0 {
			return fmt.Errorf("at %#x behind %x, result %d, %v", r.PC(), b, r.syscallResult(), err)
		}
		return nil
	})
	if len(p.Threads()) != 2 || p.Thread(ev.Thread.TID) != ev.Thread || s.g.Thread(ev.Thread.TID) != ev.Thread {
		t.Error("it is not in the tables")
	}
}

func TestLeaderLeavesFirst(t *testing.T) {
	for how, want := range map[string]int{"group": 7, "last": 0} {
		s := open(t)
		p := s.launch("leader", how)
		leader := p.Threads()[0]
		x := symbol(t, "x")
		s.runUntil("the survivor runs", func() bool { return peek(p.Memory, x) >= 1000 })
		s.stopAll()
		if !leader.Gone() || p.Thread(p.PID) != nil || len(p.Threads()) != 1 {
			t.Errorf("threads %v", p.Threads())
		}
		s.letGoOn(p)
		lastLeaving := 0
		var status ExitStatus
		s.run(func(ev Event) error {
			switch ev.Kind {
			case Leaving:
				if ev.Last {
					lastLeaving++
				}
			case ProcessGone:
				status = ev.Status
			}
			return nil
		})
		if status != (ExitStatus{Code: want}) || lastLeaving != 1 {
			t.Errorf("%s: ended with %v, %d were the last to leave", how, status, lastLeaving)
		}
	}
}

// The embedding program's own children are its own.
func TestOwnChildrenAreLeftAlone(t *testing.T) {
	s := open(t)
	p := s.launch("birth", "2")
	done := make(chan error, 1)
	go func() {
		for i := range 30 {
			cmd := exec.Command(target(t), "exit", "4")
			err := cmd.Run()
			if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 4 {
				done <- fmt.Errorf("child %d: %v", i, err)
				return
			}
		}
		done <- s.g.Nudge()
	}()
	s.run(func(ev Event) error {
		if ev.Kind == Nudged {
			return errStop
		}
		return nil
	})
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.do(func() error { return s.g.Kill(p) })
}

func TestNudge(t *testing.T) {
	s := open(t)
	if err := s.g.Nudge(); err == nil {
		t.Error("a nudge of nothing succeeded")
	}
	p := s.launch("busy", "2")
	if err := s.g.Nudge(); err != nil {
		t.Fatal(err)
	}
	s.resumeAll()
	if ev := s.expect(Nudged); ev.Proc != p || !ev.Thread.Stopped() {
		t.Errorf("%+v", ev)
	}
}

// Whenever the target is killed, whatever is being done to it: nothing hangs, and
// its end is told.
func TestKilledAtRandomMoments(t *testing.T) {
	place := uint64(0)
	work := map[string]func(s *session, p *Process) error{
		"wait": func(s *session, p *Process) error { return nil },
		"stop": func(s *session, p *Process) error {
			if err := s.g.StopAll(); err != nil {
				return err
			}
			return s.drain(s.setBack)
		},
		"step": func(s *session, p *Process) error {
			if err := s.g.StopAll(); err != nil {
				return err
			}
			if err := s.drain(s.setBack); err != nil || p.Ended() || len(p.Threads()) == 0 {
				return err
			}
			for _, th := range p.Threads() {
				if _, err := s.g.StepOver(th); err != nil {
					return err
				}
			}
			return nil
		},
		"inject": func(s *session, p *Process) error {
			if err := s.g.StopAll(); err != nil {
				return err
			}
			if err := s.drain(s.setBack); err != nil || p.Ended() || len(p.Threads()) == 0 {
				return err
			}
			_, err := s.g.Inject(p.Threads()[0], unix.SYS_GETPID)
			return err
		},
	}
	for how, fn := range work {
		for _, args := range [][]string{{"busy", "4"}, {"birth", "3"}, {"breed"}} {
			t.Run(how+"/"+args[0], func(t *testing.T) {
				for i := range 9 {
					s := open(t)
					victim := begin(t, target(t), args...)
					p := s.attach(victim.Process.Pid)
					place = symbol(t, "place")
					if i%2 == 0 {
						s.breakAt(p, place)
					}
					time.AfterFunc(time.Duration(rand.IntN(4000))*time.Microsecond, func() { _ = unix.Kill(p.PID, unix.SIGKILL) })
					ends := 0
					s.ended = func(ev Event) {
						ends++
						if ev.Status.Signal != unix.SIGKILL {
							t.Errorf("ended with %v", ev.Status)
						}
					}
					s.do(func() error {
						for !p.Ended() {
							if err := fn(s, p); err != nil && err != ErrThreadGone {
								return fmt.Errorf("%s: %w", how, err)
							}
							if err := s.g.ResumeAll(); err != nil {
								return err
							}
							if how == "wait" {
								return s.pump(s.setBackAndStep)
							}
						}
						return nil
					})
					s.do(func() error { return s.drain(s.setBack) })
					if ends != 1 || !p.Ended() {
						t.Fatalf("%d ends", ends)
					}
					s.close()
					end(victim)
				}
			})
		}
	}
}

// setBack handles what stops have met: breakpoints are undone.
func (s *session) setBack(ev Event) error {
	switch ev.Kind {
	case Breakpoint:
		if err := backToPlace(ev.Thread); err != nil && s.g.goneOr(ev.Thread, err) != ErrThreadGone {
			return err
		}
	case ProcessGone:
		s.ended(ev)
	}
	return nil
}

// setBackAndStep gets a thread over the breakpoint that it has reached.
func (s *session) setBackAndStep(ev Event) error {
	if err := s.setBack(ev); err != nil || ev.Kind != Breakpoint {
		return err
	}
	if err := s.g.StopAll(); err != nil {
		return err
	}
	if err := s.drain(s.setBack); err != nil {
		return err
	}
	if !ev.Thread.Gone() {
		if _, err := s.g.StepOver(ev.Thread); err != nil && err != ErrThreadGone {
			return err
		}
	}
	return s.g.ResumeAll()
}

func TestKilledDuringDetach(t *testing.T) {
	for range 60 {
		s := open(t)
		victim := begin(t, target(t), "busy", "6")
		p := s.attach(victim.Process.Pid)
		s.breakAt(p, symbol(t, "place"))
		if err := s.g.Nudge(); err != nil {
			t.Fatal(err)
		}
		n := rand.IntN(3000)
		go func() {
			for range n {
				runtime.KeepAlive(p)
			}
			_ = unix.Kill(p.PID, unix.SIGKILL)
		}()
		for range rand.IntN(3000) {
			runtime.KeepAlive(p)
		}
		if err := s.try(func() error { return s.g.Detach(p) }); err != nil {
			t.Logf("detach: %v", err) // an error is fair, if the end is told
			if st := s.toTheEnd(p); st.Signal != unix.SIGKILL {
				t.Errorf("ended with %v", st)
			}
		}
		eventually(t, "the process ends", func() bool { c := testkit.State(p.PID); return c == 'Z' || c == 0 })
		s.close()
		end(victim)
	}
}
