package ptrace

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestLaunchStopsBeforeTheFirstInstruction(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "3")
	th := p.Thread(p.PID)
	if len(p.Threads()) != 1 || th == nil || !th.Stopped() || th.PendingSignal() != 0 {
		t.Fatalf("threads %v", p.Threads())
	}
	s.do(func() error {
		r, err := th.Registers()
		if err == nil && r.PC() != symbol(t, "_start") {
			err = fmt.Errorf("pc %#x, want _start", r.PC())
		}
		return err
	})
	if st := s.toTheEnd(p); st != (ExitStatus{Code: 3}) {
		t.Errorf("ended with %v", st)
	}
	if !p.Ended() || len(s.g.Processes()) != 0 || s.g.Thread(p.PID) != nil {
		t.Error("still in the table")
	}
	s.do(func() error {
		if _, err := s.g.Wait(); err != ErrNothing {
			return fmt.Errorf("wait for nothing: %v", err)
		}
		return nil
	})
}

func pipe(t testing.TB) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

func TestStandardFiles(t *testing.T) {
	s := open(t)
	in, toIn := pipe(t)
	fromOut, out := pipe(t)
	p := s.start(LaunchConfig{Path: target(t), Args: []string{"target", "read"}, Stdin: in, Stdout: out})
	out.Close()
	if _, err := toIn.WriteString("hello"); err != nil {
		t.Fatal(err)
	}
	if st := s.toTheEnd(p); st.Code != 5 {
		t.Errorf("ended with %v", st)
	}
	if got, err := io.ReadAll(fromOut); string(got) != "ready\nhello" {
		t.Errorf("output %q, %v", got, err)
	}
	if st := s.toTheEnd(s.launch("read")); st.Code != 0 {
		t.Errorf("nil Stdin is not empty: %v", st)
	}
}

func TestSurroundings(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		cfg  LaunchConfig
		want string
	}{
		{LaunchConfig{Dir: dir, Env: []string{"ARGUS_WORD=w"}}, dir + " w 0 0"},
		{LaunchConfig{Dir: dir, Env: []string{}, DisableASLR: true}, dir + " - 1 0"},
		{LaunchConfig{Dir: "/", Env: []string{}, NewProcessGroup: true}, "/ - 0 1"},
	} {
		s := open(t)
		fromOut, out := pipe(t)
		fromErr, errs := pipe(t)
		c.cfg.Path, c.cfg.Args, c.cfg.Stdout, c.cfg.Stderr = target(t), []string{"target", "where"}, out, errs
		p := s.start(c.cfg)
		out.Close()
		errs.Close()
		if st := s.toTheEnd(p); st.Code != 0 {
			t.Errorf("ended with %v", st)
		}
		if got, _ := io.ReadAll(fromOut); strings.TrimSpace(string(got)) != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if got, _ := io.ReadAll(fromErr); string(got) != "err\n" {
			t.Errorf("stderr %q", got)
		}
		s.do(func() error { // the change of personality was the child's alone
			if p, _, _ := unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0); p&0x40000 != 0 {
				return errors.New("the tracer's own addresses are not randomised any more")
			}
			return nil
		})
	}
}

func TestLaunchErrors(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	before := testkit.Used(t)
	before.Threads = testkit.Any
	before.Threads, before.Goroutines = math.MaxInt, math.MaxInt // only descriptors are at stake
	for _, c := range []struct {
		cfg  LaunchConfig
		want error
		text string
	}{
		{LaunchConfig{Path: filepath.Join(dir, "none")}, unix.ENOENT, "no such file, or its interpreter"},
		{LaunchConfig{Path: plain}, unix.EACCES, "is it executable?"},
		{LaunchConfig{Path: garbage}, unix.ENOEXEC, "not a program of this machine"},
		{LaunchConfig{Path: target(t), Dir: filepath.Join(dir, "none")}, unix.ENOENT, "none is no directory to work in"},
		{LaunchConfig{Path: target(t), Dir: plain}, unix.ENOTDIR, "plain is no directory to work in"},
		{LaunchConfig{Path: target(t), NewProcessGroup: true, Foreground: true}, nil, "foreground of the terminal"},
	} {
		c.cfg.Args = []string{"target", "exit", "0"}
		var le *LaunchError
		err := s.try(func() error { _, err := s.g.Launch(c.cfg); return err })
		if !errors.As(err, &le) || le.Path != c.cfg.Path || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%+v: %v", c.cfg, err)
		}
		if strings.Contains(c.text, "director") && strings.Contains(err.Error(), "interpreter") {
			t.Errorf("misleading: %v", err)
		}
	}
	if len(s.g.Processes()) != 0 || len(s.g.threads) != 0 {
		t.Errorf("left behind: %v", s.g.threads)
	}
	testkit.NoMoreThan(t, before)
}

// A launched program does not inherit what the thread that starts it does to itself.
func TestNothingIsBlocked(t *testing.T) {
	s := open(t)
	for _, sig := range []unix.Signal{unix.SIGTTOU, unix.SIGCONT, unix.SIGURG, unix.SIGTRAP} {
		if st := s.toTheEnd(s.launch("blocked", strconv.Itoa(int(sig)))); st.Code != 0 {
			t.Errorf("%s is blocked: %v", unix.SignalName(sig), st)
		}
	}
}

func TestLaunchedDiesWithTheTracer(t *testing.T) {
	testkit.Watchdog(t)
	cmd, out := helper(t, "launch", target(t), nil)
	var pid int
	for pid == 0 {
		if s := line(t, out); s != "ready" { // the target has the helper's output
			var err error
			if pid, err = strconv.Atoi(s); err != nil {
				t.Fatal(s)
			}
		}
	}
	fd := pidfd(t, pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended(t, fd)
}

func TestAttachedSurvivesTheTracer(t *testing.T) {
	testkit.Watchdog(t)
	victim := begin(t, target(t), "busy", "3")
	cmd, out := helper(t, "attach", strconv.Itoa(victim.Process.Pid), nil)
	if s := line(t, out); s != "attached" {
		t.Fatal(s)
	}
	end(cmd)
	advances(t, victim.Process.Pid, symbol(t, "y"))
}

// An attached process is not tied to the tracer because a launched one is.
func TestLaunchedAndAttachedTogether(t *testing.T) {
	victim := begin(t, target(t), "busy", "2")
	s := open(t)
	launched := s.launch("idle", "2")
	s.attach(victim.Process.Pid)
	s.resumeAll()
	s.do(func() error { return s.g.Kill(launched) })
	s.g.Tracer().Close()
	advances(t, victim.Process.Pid, symbol(t, "y"))
	s.g.Tracer().Close()
}

func TestForeground(t *testing.T) {
	testkit.Watchdog(t)
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	_, out := helper(t, "foreground", target(t), func(cmd *exec.Cmd) {
		cmd.Stdin = slave
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	})
	for range 2 {
		if _, err := master.WriteString("hello\n"); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"ready", "hello", "exit status 6 of group true"} {
			if got := line(t, out); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
}
