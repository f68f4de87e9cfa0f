package ptrace

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// heldBy checks that every thread of a stopped process is held and stopped.
func heldBy(t testing.TB, p *Process) {
	t.Helper()
	tids, err := threadIDs(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	for _, tid := range tids {
		th := p.Thread(tid)
		if th == nil {
			// It is on its way out, which the kernel shows a little later.
			eventually(t, "the thread has left", func() bool { return hasLeft(tid) || isZombie(tid) })
			continue
		}
		if th == nil || !th.Stopped() {
			t.Errorf("thread %d of %d: %+v", tid, p.PID, th)
		}
		if st, err := readStatus(tid); err != nil || st.state != 't' || processOf(st.tracer) != os.Getpid() {
			t.Errorf("thread %d: %+v, %v", tid, st, err)
		}
	}
	if len(p.Threads()) == 0 {
		t.Error("no threads")
	}
}

func TestAttachTakesEveryThread(t *testing.T) {
	victim := begin(t, target(t), "busy", "20")
	s := open(t)
	p := s.attach(victim.Process.Pid)
	heldBy(t, p)
	if len(p.Threads()) != 20 || p.Threads()[0].TID != p.PID {
		t.Errorf("%d threads", len(p.Threads()))
	}
	y := s.word(p, symbol(t, "y"))
	for i := 1; i < len(p.Threads()); i++ {
		if p.Threads()[i-1].TID >= p.Threads()[i].TID {
			t.Error("not in order")
		}
	}
	if again := s.word(p, symbol(t, "y")); again != y {
		t.Error("it runs")
	}
	s.detach(p)
	advances(t, p.PID, symbol(t, "y"))
}

func TestAttachDuringThreadBirths(t *testing.T) {
	for _, args := range [][]string{{"birth", "4"}, {"relay", "4"}} {
		victim := begin(t, target(t), args...)
		s := open(t)
		for range 100 {
			p := s.attach(victim.Process.Pid)
			heldBy(t, p)
			s.do(func() error { return s.drain(func(Event) error { return nil }) })
			s.detach(p)
			if t.Failed() {
				return
			}
		}
		advances(t, victim.Process.Pid, symbol(t, "beats"))
		end(victim)
	}
}

func TestAttachToGoProgram(t *testing.T) {
	cmd := exec.Command(testkit.Scenarios(t, testkit.Optimized), "storm", "3000")
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	rounds := 0
	for {
		var p *Process
		if s.try(func() (err error) { p, err = s.g.Attach(cmd.Process.Pid); return err }) != nil {
			break // it has ended
		}
		rounds++
		heldBy(t, p)
		s.do(func() error { return s.drain(func(Event) error { return nil }) })
		s.detach(p)
	}
	err := cmd.Wait()
	collected := errors.Is(err, unix.ECHILD) // by the Tracer: it ended while it was held
	if (err != nil && !collected) || strings.TrimSpace(out.String()) != "3000" {
		t.Errorf("it said %q and ended with %v after %d attaches", out.String(), err, rounds)
	}
	if rounds < 3 {
		t.Errorf("%d attaches only", rounds)
	}
}

func attachError(t testing.TB, s *session, pid int, cause error, text string) {
	t.Helper()
	var ae *AttachError
	err := s.try(func() error { _, err := s.g.Attach(pid); return err })
	if !errors.As(err, &ae) || ae.PID != pid || !errors.Is(err, cause) || !strings.Contains(err.Error(), text) {
		t.Errorf("attach to %d: %v (%v), want %q and %v", pid, err, errors.Unwrap(err), text, cause)
	}
	if len(s.g.Processes()) != 0 || len(s.g.threads) != 0 || len(s.g.queue) != 0 {
		t.Errorf("left behind: %v %v %v", s.g.Processes(), s.g.threads, s.g.queue)
	}
}

func TestAttachErrors(t *testing.T) {
	s := open(t)
	gone := exec.Command(target(t), "exit", "0")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	attachError(t, s, gone.Process.Pid, unix.ESRCH, "there is no such process")
	attachError(t, s, 0, unix.ESRCH, "there is no such process")
	attachError(t, s, -1, unix.ESRCH, "there is no such process")
	attachError(t, s, os.Getpid(), unix.EPERM, "a process cannot trace itself")

	victim := begin(t, target(t), "idle", "2")
	pid := victim.Process.Pid
	tids, err := threadIDs(pid)
	if err != nil || len(tids) != 2 {
		t.Fatal(tids, err)
	}
	attachError(t, s, tids[1], unix.ESRCH, fmt.Sprintf("that is a thread of process %d", pid))

	other := open(t)
	p := other.attach(pid)
	attachError(t, s, pid, unix.EPERM, fmt.Sprintf("process %d (", os.Getpid()))
	other.detach(p)

	cmd, out := helper(t, "attach", strconv.Itoa(pid), nil)
	if got := line(t, out); got != "attached" {
		t.Fatal(got)
	}
	attachError(t, s, pid, unix.EPERM, fmt.Sprintf("process %d (", cmd.Process.Pid))
	end(cmd)
	s.detach(s.attach(pid))
}

func TestAttachToZombie(t *testing.T) {
	s := open(t)
	cmd := exec.Command(target(t), "exit", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended(t, pidfd(t, cmd.Process.Pid))
	attachError(t, s, cmd.Process.Pid, unix.ESRCH, "waits for its parent to collect it")
	if err := cmd.Wait(); err != nil {
		t.Errorf("its parent: %v", err)
	}
}

func TestAttachToAnotherUsersProcess(t *testing.T) {
	testkit.Watchdog(t)
	pid := 1
	if os.Getuid() == 0 {
		pid = begin(t, target(t), "idle", "1").Process.Pid
	} else if st, err := readStatus(pid); err != nil || st.uid == os.Getuid() {
		t.Skip("process 1 is our own")
	}
	_, out := helper(t, "attach", strconv.Itoa(pid), asNobody)
	if got := line(t, out); !strings.Contains(got, "it belongs to user 0: run as that user, or as root") {
		t.Error(got)
	}
}

func TestAttachWithoutLeader(t *testing.T) {
	for how, want := range map[string]ExitStatus{"group": {Unknown: true}, "last": {Unknown: true}} {
		s := open(t)
		victim := begin(t, target(t), "leader", how)
		p := s.attach(victim.Process.Pid)
		heldBy(t, p)
		if len(p.Threads()) != 1 || p.Thread(p.PID) != nil {
			t.Errorf("threads %v", p.Threads())
		}
		s.breakAt(p, symbol(t, "place")) // its memory can be read and written
		s.run(func(ev Event) error {
			if ev.Kind != Breakpoint {
				return fmt.Errorf("event %v", ev.Kind)
			}
			return errStop
		})
		s.do(func() error { return backToPlace(p.Threads()[0]) })
		s.do(func() error { return p.RemoveBreakpoint(symbol(t, "place")) })
		s.do(func() error {
			if got, err := s.g.Inject(p.Threads()[0], unix.SYS_GETPID); err != nil || got != uint64(p.PID) {
				return fmt.Errorf("getpid %d, %v", got, err)
			}
			return nil
		})
		s.letGoOn(p)
		if st := s.toTheEnd(p); st != want {
			t.Errorf("%s: ended with %v", how, st)
		}
	}
}

// The leader may leave just when it is seized: it must not be waited for.
func TestAttachWhileLeaderLeaves(t *testing.T) {
	for range 60 {
		s := open(t)
		victim := begin(t, target(t), "quit", strconv.Itoa(rand.IntN(4000)))
		p := s.attach(victim.Process.Pid)
		heldBy(t, p)
		s.resumeAll()
		s.do(func() error { return s.g.Kill(p) })
		end(victim)
		s.g.Tracer().Close()
	}
}

func TestAttachToStoppedProcess(t *testing.T) {
	victim := begin(t, target(t), "busy", "3")
	pid, y := victim.Process.Pid, symbol(t, "y")
	for range 20 {
		stopJob(t, pid)
		s := open(t)
		p := s.attach(pid)
		was := s.word(p, y)
		s.resumeAll()
		if err := s.g.Nudge(); err != nil {
			t.Fatal(err)
		}
		s.expect(Nudged)
		s.stopAll()
		if s.word(p, y) != was {
			t.Fatal("it ran")
		}
		s.detach(p)
		eventually(t, "it is back in its job control stop", func() bool { return testkit.State(pid) == 'T' })
		m, err := OpenMemory(pid)
		if err != nil {
			t.Fatal(err)
		}
		if word(t, m, y) != was {
			t.Error("it ran during the detach")
		}
		m.Close()
		if err := unix.Kill(pid, unix.SIGCONT); err != nil {
			t.Fatal(err)
		}
		advances(t, pid, y)
	}
}

// stopJob stops a process by SIGSTOP and waits until it has stopped.
func stopJob(t testing.TB, pid int) {
	t.Helper()
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "every thread has stopped", func() bool {
		tids, err := threadIDs(pid)
		if err != nil {
			t.Fatal(err)
		}
		for _, tid := range tids {
			if st, err := readStatus(tid); err != nil || st.state != 'T' {
				return false
			}
		}
		return true
	})
}
