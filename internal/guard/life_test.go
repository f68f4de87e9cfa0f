package guard

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
	"github.com/argusdbg/argus/internal/wpscan"
	"github.com/argusdbg/argus/ptrace"
)

// TestNothingIsLeft: neither in the process nor in ours, and the mappings are as before,
// with what the program has written meanwhile.
func TestNothingIsLeft(t *testing.T) {
	x := startTarget(t, program(t), nil)
	for _, kind := range []string{"data", "private file"} { // pages of its own, which mappings need to be joined again
		x.answers(0, "here", x.at[kind], 1)
	}
	maps := x.proc("maps")
	h := x.hold(false)
	var ours testkit.Resources
	for i := range 5 {
		if i == 1 {
			ours = testkit.Used(t)
			ours.Threads += 8 // the runtime's own, which come as it needs them
		}
		h.open()
		for _, kind := range anyKind {
			h.add(h.at[kind]+pageSize, 8)
			h.add(h.at[kind]+pageSize, 2*pageSize)
		}
		was := h.word(h.at["data"] + pageSize)
		if h.proc("maps") == maps {
			t.Fatal("the mappings do not show what is guarded: the test is void")
		}
		h.run(func() { h.answers(0, "here", h.at["data"]+pageSize, 3) })
		for _, kind := range anyKind[:4] {
			kind := kind
			h.do(func() error { return h.guard.Remove(h.at[kind]+pageSize, 8) })
			h.do(func() error { return h.guard.Remove(h.at[kind]+pageSize, 2*pageSize) })
		}
		if n := h.guard.Stats().Pages; n != 2*(len(anyKind)-4) {
			t.Errorf("%d pages are guarded", n)
		}
		h.do(h.guard.Close)
		h.do(h.guard.Close)
		if got := h.proc("maps"); got != maps {
			t.Fatalf("mappings:\n%s\nbefore:\n%s", got, maps)
		}
		if got := h.word(h.at["data"] + pageSize); got != was+3 {
			t.Errorf("%d in .data, want %d", got, was+3)
		}
	}
	testkit.NoMoreThan(t, ours)
	h.do(func() error {
		if err := h.guard.Add(h.at["heap"], 8); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		return nil
	})
}

// TestDetach: with threads waiting at a page the process runs on, without the guards.
func TestDetach(t *testing.T) {
	h, addr := guarded(t, "heap")
	h.run(func() { h.answers(0, "writers", addr, 4) })
	h.do(func() error {
		if err := h.guard.Close(); err != nil {
			return err
		}
		for { // no thread may be behind a breakpoint
			if _, ok := h.g.Queued(); !ok {
				return h.g.Detach(h.p)
			}
		}
	})
	was := h.peek(addr)
	eventually(t, "it runs", func() bool { return h.peek(addr)-was > 1000 })
}

// TestEnds: exit, exec and the end of threads with guards on the memory that they leave.
func TestEnds(t *testing.T) {
	for _, how := range []string{"exit", "exec", "leave"} {
		t.Run(how, func(t *testing.T) {
			h, addr := guarded(t, "heap")
			ended := make(chan ptrace.Kind, 16)
			h.events = func(ev ptrace.Event) {
				select {
				case ended <- ev.Kind:
				default: // nobody listens any more
				}
			}
			h.run(func() {
				h.answers(0, "writers", addr, 2)
				h.order(how)
				if how == "leave" { // of which there is no event while everybody is being stopped
					eventually(t, "it leaves", func() bool { return h.state() == 'Z' })
					return
				}
				for k := range ended {
					if how == "exit" && k == ptrace.ProcessGone || how == "exec" && k == ptrace.Execed {
						return
					}
				}
			})
			h.do(h.guard.Close)
		})
	}
}

// TestJoin: a thread whose end the kernel tells by a word of a guarded page is waited for
// no longer than before, and one whose rseq area is there runs: the page is given up.
func TestJoin(t *testing.T) {
	h := startTarget(t, program(t), nil).hold(false)
	h.open()
	stack := h.at["many"]
	const size = 64 * pageSize
	h.add(stack+size-2*pageSize, 2*pageSize) // where the C library keeps what it knows of a thread
	h.run(func() { h.answers(0, "born", stack, size) })
	lost := false
	for _, w := range h.writes {
		lost = lost || w.Lost && w.Unseen
	}
	if !lost {
		t.Error("nobody was told that the page is not guarded any more")
	}
}

// TestMillion: a million watchpoints of eight bytes each take little time and memory.
func TestMillion(t *testing.T) {
	h := startTarget(t, program(t), nil).hold(false)
	h.open()
	many := h.at["many"]
	begin := time.Now()
	h.do(func() error {
		for i := range uint64(1_000_000) {
			if err := h.guard.Add(many+8*i, 8); err != nil {
				return err
			}
		}
		return nil
	})
	t.Logf("%v for %d pages", time.Since(begin), h.guard.Stats().Pages)
	h.run(func() { h.answers(0, "store", many+8*765_432, 1) })
	if len(h.writes) != 1 || h.writes[0].Addrs[0] != many+8*765_432 {
		t.Errorf("%+v", h.writes)
	}
}

// TestScattered: pages that lie alone.
func TestScattered(t *testing.T) {
	h := startTarget(t, program(t), nil).hold(false)
	h.open()
	begin := time.Now()
	h.do(func() error {
		for i := range uint64(1000) {
			if err := h.guard.Add(h.at["many"]+2*i*pageSize, 8); err != nil {
				return err
			}
		}
		return nil
	})
	t.Logf("%v", time.Since(begin))
	h.do(h.guard.Close)
}

// TestRefusals: memory that cannot be guarded, and what is guarded before stays so.
func TestRefusals(t *testing.T) {
	h, addr := guarded(t, "heap")
	add := func(addr, size uint64) (err error) {
		h.do(func() error { err = h.guard.Add(addr, size); return nil })
		return err
	}
	var lacking *NotSupportedError
	var conflict *ConflictError
	if err := add(1<<20, 8); !errors.As(err, &lacking) {
		t.Error(err)
	}
	if err := add(h.at["shared file"], 8); !errors.As(err, &lacking) && err != nil {
		t.Error(err)
	}
	if err := add(^uint64(0)-8, 100); err == nil {
		t.Error("no error")
	}
	h.do(func() error {
		s, err := wpscan.Open(h.g, h.p.Threads()[0])
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Add(h.at["bss"]+pageSize, 8)
	})
	var s *wpscan.Scanner
	h.do(func() (err error) {
		if s, err = wpscan.Open(h.g, h.p.Threads()[0]); err != nil {
			return err
		}
		return s.Add(h.at["bss"]+pageSize, 8)
	})
	if err := add(h.at["bss"], 2*pageSize); !errors.As(err, &conflict) || !strings.Contains(err.Error(), "sampled") {
		t.Error(err)
	}
	if err := s.Add(addr, 8); err == nil {
		t.Error("the scanner took a guarded page")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := h.guard.Stats().Pages; n != 1 {
		t.Errorf("%d pages are guarded, want 1", n)
	}
	h.run(func() { h.answers(0, "store", addr, 1) })
	if user, _, _ := h.told(); user != 1 {
		t.Errorf("%d writes", user)
	}
}

// TestForbidden: a program without privileges gets no guards on a machine that has not been
// told to give it some, and the error says what to do.
func TestForbidden(t *testing.T) {
	if os.Getuid() != 0 || !unprivileged() {
		t.Skip("ordinary users may have them here, or we are one")
	}
	h := startTarget(t, program(t), func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}).hold(false)
	var forbidden *NotPermittedError
	h.do(func() error {
		_, err := Open(h.g, h.p.Threads()[0])
		if !errors.As(err, &forbidden) || !strings.Contains(err.Error(), "vm.unprivileged_userfaultfd=1") || !strings.Contains(err.Error(), "mode sampled") {
			t.Error(err)
		}
		return nil
	})
}
