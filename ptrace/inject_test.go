package ptrace

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"golang.org/x/sys/unix"
)

func (s *session) inject(th *Thread, number int, args ...uint64) (result uint64) {
	s.t.Helper()
	s.do(func() (err error) { result, err = s.g.Inject(th, number, args...); return err })
	return result
}

// unchanged checks that fn leaves a thread's registers as they are.
func (s *session) unchanged(th *Thread, fn func()) {
	s.t.Helper()
	var before Regs
	s.do(func() error {
		r, err := th.Registers()
		if err == nil {
			before = *r
		}
		return err
	})
	fn()
	s.do(func() error {
		th.regsLoaded = false
		r, err := th.Registers()
		if err == nil && *r != before {
			err = fmt.Errorf("registers %+v, before %+v", *r, before)
		}
		return err
	})
}

func TestInject(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "busy", "3").Process.Pid)
	for _, th := range p.Threads() {
		s.unchanged(th, func() {
			if got := s.inject(th, unix.SYS_GETPID); got != uint64(p.PID) {
				t.Errorf("getpid %d, want %d", got, p.PID)
			}
			if got := s.inject(th, unix.SYS_GETTID); got != uint64(th.TID) {
				t.Errorf("gettid %d, want %d", got, th.TID)
			}
			addr := s.inject(th, unix.SYS_MMAP, 0, 8192, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uint64(0), 0)
			if _, err := p.Memory.WriteMemory(addr, make([]byte, 8192)); err != nil {
				t.Errorf("the mapping at %#x: %v", addr, err)
			}
			s.inject(th, unix.SYS_MUNMAP, addr, 8192)
			if _, err := p.Memory.ReadMemory(make([]byte, 1), addr); err == nil {
				t.Error("the mapping is still there")
			}
			for _, c := range []struct {
				number int
				args   []uint64
				want   unix.Errno
			}{
				{unix.SYS_CLOSE, []uint64{12345}, unix.EBADF},
				{unix.SYS_MUNMAP, []uint64{1, 1}, unix.EINVAL},
				{9999, nil, unix.ENOSYS},
			} {
				if err := s.try(func() error { _, err := s.g.Inject(th, c.number, c.args...); return err }); !errors.Is(err, c.want) {
					t.Errorf("call %d: %v, want %v", c.number, err, c.want)
				}
			}
		})
	}
	s.detach(p)
	advances(t, p.PID, symbol(t, "y"))
}

// A thread that waits inside a system call of its own goes on waiting after it.
func TestInjectInsideSystemCall(t *testing.T) {
	s := open(t)
	in, toIn := pipe(t)
	fromOut, out := pipe(t)
	p := s.start(LaunchConfig{Path: target(t), Args: []string{"target", "read"}, Stdin: in, Stdout: out})
	out.Close()
	waits := func() bool {
		number, state, err := currentCall(p.PID)
		return err == nil && number == unix.SYS_READ && state == 'S'
	}
	th := s.runUntil("it waits", waits).Thread
	for range 3 {
		s.stopAll()
		s.unchanged(th, func() {
			if got := s.inject(th, unix.SYS_GETPID); got != uint64(p.PID) {
				t.Errorf("getpid %d", got)
			}
		})
		s.runUntil("it waits again", waits)
	}
	if _, err := toIn.WriteString("abc"); err != nil {
		t.Fatal(err)
	}
	if st := s.toTheEnd(p); st.Code != 3 {
		t.Errorf("ended with %v", st)
	}
	if got, err := io.ReadAll(fromOut); string(got) != "ready\nabc" {
		t.Errorf("output %q, %v", got, err)
	}
}

// currentCall is the system call that a thread is in, and its state.
func currentCall(tid int) (number int, state byte, err error) {
	st, err := readStatus(tid)
	if err != nil {
		return 0, 0, err
	}
	data, err := readProc(tid, "syscall")
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscan(data, &number)
	return number, st.state, err
}

func TestInjectWhileSignalsArrive(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	th := p.Threads()[0]
	stop := meanwhile(func() {
		_ = unix.Tgkill(p.PID, p.PID, unix.SIGURG)
	})
	for range 200 {
		s.unchanged(th, func() {
			if got := s.inject(th, unix.SYS_GETPID); got != uint64(p.PID) {
				t.Errorf("getpid %d", got)
			}
		})
		s.runUntil("at once", func() bool { return true })
		s.stopAll()
	}
	stop()
	s.detach(p)
	advances(t, p.PID, symbol(t, "x"))
}

// An injected call that signals interrupt is made again.
func TestInjectInterrupted(t *testing.T) {
	s := open(t)
	p := s.attach(begin(t, target(t), "signals").Process.Pid)
	th := p.Threads()[0]
	fds := symbol(t, "blank")
	if got := s.inject(th, unix.SYS_PIPE2, fds, 0); got != 0 {
		t.Fatal(got)
	}
	pair := s.word(p, fds)
	r, w := uint64(uint32(pair)), pair>>32
	end, err := openFile(p.PID, int(w))
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	go func() {
		for range 5 { // each interrupts the read that is injected below
			_ = unix.Tgkill(p.PID, p.PID, unix.SIGUSR1)
			err := poll("it is in the call", func() bool {
				number, state, err := currentCall(p.PID)
				return err == nil && number == unix.SYS_READ && state == 'S'
			})
			if err != nil {
				t.Error(err)
			}
		}
		if _, err := end.WriteString("xyz"); err != nil {
			t.Error(err)
		}
	}()
	if got := s.inject(th, unix.SYS_READ, r, fds+64, 16); got != 3 {
		t.Errorf("read %d", got)
	}
	if v := s.word(p, fds+64); v != 'x'|'y'<<8|'z'<<16 {
		t.Errorf("%#x", v)
	}
	s.signalled(p, 1)
}

func TestInjectAfterTheEnd(t *testing.T) {
	s := open(t)
	p := s.launch("idle", "1")
	th := p.Threads()[0]
	s.do(func() error { return s.g.Kill(p) })
	if err := s.try(func() error { _, err := s.g.Inject(th, unix.SYS_GETPID); return err }); !errors.Is(err, ErrThreadGone) {
		t.Error(err)
	}
	if err := s.try(func() error { _, err := s.g.StepOver(th); return err }); !errors.Is(err, ErrThreadGone) {
		t.Error(err)
	}
}
