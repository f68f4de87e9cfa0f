package ptrace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperMode); mode != "" {
		help(mode)
	}
	testkit.Main(m)
}

// session is a Tracees with the methods that tests use, each of which runs on the
// Tracer's thread and fails the test on an error.
type session struct {
	t     testing.TB
	g     *Tracees
	ended func(Event) // what setBack does with the end of a process
}

// allSafe makes the Tracees of all tests Safe.
var allSafe bool

func open(t testing.TB) *session {
	t.Helper()
	testkit.Watchdog(t)
	s := &session{t: t, g: NewTracees(NewTracer()), ended: func(Event) {}}
	s.g.Safe = allSafe
	t.Cleanup(s.close)
	return s
}

// close ends everything that is held, and the Tracer.
func (s *session) close() {
	_ = s.g.Tracer().Do(func() {
		for len(s.g.Processes()) > 0 {
			if err := s.g.Kill(s.g.Processes()[0]); err != nil {
				s.t.Errorf("kill: %v", err)
				return
			}
		}
	})
	s.g.Tracer().Close()
}

// try runs fn on the Tracer's thread.
func (s *session) try(fn func() error) (err error) {
	s.t.Helper()
	if e := s.g.Tracer().Do(func() { err = fn() }); e != nil {
		s.t.Fatal(e)
	}
	return err
}

func (s *session) do(fn func() error) {
	s.t.Helper()
	if err := s.try(fn); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) start(cfg LaunchConfig) (p *Process) {
	s.t.Helper()
	s.do(func() (err error) { p, err = s.g.Launch(cfg); return err })
	return p
}

// launch starts target; its output is thrown away.
func (s *session) launch(args ...string) *Process {
	s.t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer null.Close()
	return s.start(LaunchConfig{Path: target(s.t), Args: append([]string{"target"}, args...), Stdout: null, Stderr: null})
}

func (s *session) attach(pid int) (p *Process) {
	s.t.Helper()
	s.t.Cleanup(s.close) // before the process is waited for by whoever started it
	s.do(func() (err error) { p, err = s.g.Attach(pid); return err })
	return p
}

func (s *session) wait() (ev Event) {
	s.t.Helper()
	s.do(func() (err error) { ev, err = s.g.Wait(); return err })
	return ev
}

func (s *session) expect(want Kind) Event {
	s.t.Helper()
	ev := s.wait()
	if ev.Kind != want {
		s.t.Fatalf("event %v of %v, want %v", ev.Kind, ev.Thread, want)
	}
	return ev
}

func (s *session) stopAll() {
	s.t.Helper()
	s.do(s.g.StopAll)
}

func (s *session) resumeAll() {
	s.t.Helper()
	s.do(s.g.ResumeAll)
}

func (s *session) detach(p *Process) {
	s.t.Helper()
	s.do(func() error { return s.g.Detach(p) })
}

// drain hands what is queued to handle, with everything stopped.
func (s *session) drain(handle func(Event) error) error {
	for {
		ev, ok := s.g.Queued()
		if !ok {
			return nil
		}
		if err := handle(ev); err != nil {
			return err
		}
	}
}

// interrupted lets everything run for a moment, which is longer each round, stops it, and hands
// handle what came meanwhile. It is for the Tracer's thread.
func (s *session) interrupted(round int, handle func(Event) error) error {
	if err := s.g.ResumeAll(); err != nil {
		return err
	}
	for range round % 64 * 50 {
		runtime.KeepAlive(s)
	}
	if err := s.g.StopAll(); err != nil {
		return err
	}
	return s.drain(handle)
}

var errStop = errors.New("enough")

// run lets everything run and handles events until handle returns errStop, or the
// last process is gone.
func (s *session) run(handle func(Event) error) {
	s.t.Helper()
	s.do(func() error {
		if err := s.g.ResumeAll(); err != nil {
			return err
		}
		return s.pump(handle)
	})
}

func (s *session) pump(handle func(Event) error) error {
	for {
		ev, err := s.g.Wait()
		if err == ErrNothing {
			return nil
		} else if err != nil {
			return err
		}
		if err := handle(ev); err == errStop {
			return nil
		} else if err != nil {
			return err
		}
		if ev.Thread != nil {
			if err := s.g.Resume(ev.Thread); err != nil {
				return err
			}
		}
	}
}

// runUntil lets everything run until something has happened, which another
// goroutine polls for.
func (s *session) runUntil(what string, happened func() bool) (ev Event) {
	s.t.Helper()
	done := make(chan error, 1)
	go func() {
		err := poll(what, happened)
		if e := s.g.Nudge(); e != nil {
			err = e
		}
		done <- err
	}()
	s.run(func(e Event) error {
		if ev = e; ev.Kind == Nudged {
			return errStop
		}
		return nil
	})
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
	if ev.Kind != Nudged {
		s.t.Fatalf("waiting until %s, event %v", what, ev.Kind)
	}
	return ev
}

// toTheEnd runs on without interest in anything but how a process ends.
func (s *session) toTheEnd(p *Process) (st ExitStatus) {
	s.t.Helper()
	ended := false
	s.run(func(ev Event) error {
		if ev.Kind == ProcessGone && ev.Proc.PID == p.PID {
			st, ended = ev.Status, true
			return errStop
		}
		return nil
	})
	if !ended {
		s.t.Fatalf("process %d did not report its end", p.PID)
	}
	return st
}

func (s *session) word(p *Process, addr uint64) uint64 {
	s.t.Helper()
	return word(s.t, p.Memory, addr)
}

func word(t testing.TB, m *Memory, addr uint64) uint64 {
	t.Helper()
	v, err := readWord(m, addr)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// peek is word for other goroutines than the test's: 0 if it cannot be read.
func peek(m *Memory, addr uint64) uint64 {
	v, _ := readWord(m, addr)
	return v
}

func readWord(m *Memory, addr uint64) (uint64, error) {
	var b [8]byte
	if _, err := m.ReadMemory(b[:], addr); err != nil {
		return 0, err
	}
	return binary.NativeEndian.Uint64(b[:]), nil
}

func (s *session) letGoOn(p *Process) {
	s.t.Helper()
	if _, err := p.Memory.WriteMemory(symbol(s.t, "go_on"), []byte{1, 0, 0, 0}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) breakAt(p *Process, addr uint64) {
	s.t.Helper()
	s.do(func() error { return p.InsertBreakpoint(addr) })
}

// begin starts a program of the test's own, outside of any Tracer, and waits until
// it is ready.
func begin(t testing.TB, path string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		t.Fatalf("%s %v said %q: %v", path, args, line, err)
	}
	return cmd
}

// end kills and collects what begin started. Wait fails where a Tracer has
// collected it.
func end(cmd *exec.Cmd) {
	_ = unix.Kill(cmd.Process.Pid, unix.SIGCONT)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// meanwhile does something again and again until stop is called.
func meanwhile(fn func()) (stop func()) {
	end, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
				fn()
			}
		}
	}()
	return func() {
		close(end)
		<-done
	}
}

// eventually polls for what cannot be waited for.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	if err := poll(what, happened); err != nil {
		t.Fatal(err)
	}
}

func poll(what string, happened func() bool) error {
	for deadline := time.Now().Add(testkit.Deadline / 2); !happened(); runtime.Gosched() {
		if time.Now().After(deadline) {
			return fmt.Errorf("in vain: %s", what)
		}
	}
	return nil
}

// advances waits until a word of a running process changes.
func advances(t testing.TB, pid int, addr uint64) {
	t.Helper()
	m, err := OpenMemory(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	was := word(t, m, addr)
	eventually(t, fmt.Sprintf("process %d runs", pid), func() bool { return word(t, m, addr) != was })
}

// ended waits until a process, which need not be a child, has ended.
func ended(t testing.TB, pidfd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(testkit.Deadline/2/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n != 1 {
			t.Fatalf("the process does not end: %v", err)
		}
		return
	}
}

func pidfd(t testing.TB, pid int) int {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// backToPlace undoes a breakpoint of ours that a thread has executed.
func backToPlace(th *Thread) error {
	addr, ours, err := th.RanBreakpoint()
	if err != nil || !ours {
		return err
	}
	return th.SetPC(addr)
}

// asNobody makes a command run as an ordinary user if we are root.
func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
}
