package ptrace

import (
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// What holds of stops, signals, births, execs and ends holds with Safe too.
func TestSafe(t *testing.T) {
	allSafe = true
	t.Cleanup(func() { allSafe = false })
	for name, test := range map[string]func(*testing.T){
		"stop and resume":     TestStopAndResumeUnderLoad,
		"traps":               TestNoTrapIsLostToAStop,
		"calls":               TestStoppedThreadsAreOutOfSystemCalls,
		"exec":                TestStopDuringExec,
		"origin":              TestSignalsKeepTheirOrigin,
		"storm":               TestStormOfSignals,
		"steps at detach":     TestSignalsDuringStepAtDetach,
		"nudge":               TestNudgeThread,
		"nudge ends wait":     TestNudgeThreadEndsWait,
		"nudge births":        TestNudgeThreadsThatComeAndGo,
		"detach nudged":       TestDetachTakesBackThreadNudges,
		"detach while nudged": TestNudgeDoesNotOutliveDetach,
	} {
		t.Run(name, test)
	}
}

// Stopped with a signal on its way the thread has begun its handler, and has nothing in
// hand that would go with us.
func TestSafeStopHoldsNoSignal(t *testing.T) {
	allSafe = true
	t.Cleanup(func() { allSafe = false })
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	th := p.Threads()[0]
	handler := symbol(t, "handler")
	began := 0
	for i := range 50 {
		if err := queueSignal(p.PID, rtSignal, uint64(i)); err != nil {
			t.Fatal(err)
		}
		s.do(func() error {
			if err := s.g.ResumeAll(); err != nil {
				return err
			}
			if i%2 == 0 {
				for testkit.State(p.PID) != 't' { // it has come to its signal
				}
			} else {
				for range rand.IntN(300_000) { // a thread takes a while to wake
					runtime.KeepAlive(s)
				}
			}
			return s.g.StopAll()
		})
		if th.PendingSignal() != 0 || th.atSignal || !th.Stopped() {
			t.Fatalf("signal %d in hand", th.PendingSignal())
		}
		s.do(func() error {
			r, err := th.Registers()
			if err == nil && r.PC() == handler {
				began++
			}
			return err
		})
	}
	if began < 25 {
		t.Errorf("%d stops fell upon a signal", began)
	}
	for i, g := range s.signalled(p, 50) {
		if g.value != uint64(i) {
			t.Fatalf("signal %d has value %d", i, g.value)
		}
	}
}

// Whenever the tracer dies, every signal arrives, and in order.
func TestSafeDeathLosesNoSignal(t *testing.T) {
	const sent = 60
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for round := range rounds {
		victim := begin(t, target(t), "signals")
		pid := victim.Process.Pid
		cmd, out := helper(t, "safe", strconv.Itoa(pid), nil)
		if s := line(t, out); s != "attached" {
			t.Fatal(s)
		}
		last := rand.IntN(sent)
		for i := range sent {
			if i == last {
				kill(t, cmd)
			}
			if err := queueSignal(pid, rtSignal, uint64(i)); err != nil {
				t.Fatal(err)
			}
			for range rand.IntN(20000) {
				runtime.KeepAlive(cmd)
			}
		}
		got := signals(t, pid, sent)
		if len(got) != sent {
			t.Fatalf("round %d: %d signals of %d", round, len(got), sent)
		}
		for i, g := range got {
			if g.signo != int(rtSignal) || g.value != uint64(i) {
				t.Fatalf("round %d: signal %d is %+v", round, i, g)
			}
		}
		advances(t, pid, symbol(t, "x"))
		end(victim)
	}
}

// kill ends a helper at once.
func kill(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// A job control stop stays one; nudges that were sent in it are heard when it ends.
func TestSafeJobControl(t *testing.T) {
	s := open(t)
	s.g.Safe = true
	p := s.attach(begin(t, target(t), "busy", "3").Process.Pid)
	y := symbol(t, "y")
	s.jobControl(p, y, 20, func(was uint64) {
		for s.word(p, y) == was {
			s.runUntil("at once", func() bool { return true })
		}
	})
}

// A nudge that finds no tracer leaves the target running.
func TestSafeNudgeIsHarmless(t *testing.T) {
	victim := begin(t, target(t), "busy", "3")
	pid := victim.Process.Pid
	st, err := readStatus(pid)
	if err != nil {
		t.Fatal(err)
	}
	sig := st.nudgeSignal()
	if sig != unix.SIGCHLD {
		t.Fatalf("%v for a thread that blocks %#x", sig, st.blocked)
	}
	for _, value := range []uint64{nudgeValue, threadNudgeValue} {
		info := sentBy(sig, value)
		if !isNudge(&info) {
			t.Error("not recognised")
		}
		if err := queueToThread(pid, pid, &info); err != nil {
			t.Fatal(err)
		}
		advances(t, pid, symbol(t, "y"))
	}
	if state := testkit.State(pid); state != 'R' && state != 'S' {
		t.Errorf("state %c", state)
	}
}

func TestNudgeSignal(t *testing.T) {
	for _, c := range []struct {
		blocked uint64
		want    unix.Signal
	}{
		{0, unix.SIGCHLD},
		{maskOf(unix.SIGURG), unix.SIGCHLD},
		{maskOf(unix.SIGCHLD), unix.SIGURG},
		{maskOf(unix.SIGCHLD) | maskOf(unix.SIGURG), unix.SIGSTOP},
	} {
		if got := (status{blocked: c.blocked}).nudgeSignal(); got != c.want {
			t.Errorf("blocked %#x: %v, want %v", c.blocked, got, c.want)
		}
	}
}

// Threads that block SIGCHLD, or every signal, can be nudged too.
func TestSafeNudgeOfThreadsThatBlockSignals(t *testing.T) {
	for _, which := range []string{"chld", "all"} {
		s := open(t)
		s.g.Safe = true
		p := s.attach(begin(t, target(t), "blocks", which).Process.Pid)
		for range 10 {
			s.runUntil("at once", func() bool { return true })
			s.do(func() error {
				if err := s.g.ResumeAll(); err != nil {
					return err
				}
				return s.g.NudgeThread(p.PID)
			})
			if ev := s.expect(Nudged); !ev.Directed {
				t.Error("a nudge of nobody's")
			}
		}
		s.stopAll()
		s.detach(p)
		advances(t, p.PID, symbol(t, "x"))
	}
}
