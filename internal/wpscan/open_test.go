package wpscan

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestNothingIsLeft: neither in the process nor in ours, and the mappings are as
// before.
func TestNothingIsLeft(t *testing.T) {
	h := startTarget(t, nil).hold()
	h.run(func() { h.tell("load", h.at["data"]) })
	theirs, maps := h.descriptors(), h.maps()
	ours := testkit.Used(t).Descriptors
	for range 20 {
		s, err := h.open()
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range kinds {
			add(t, s, h.at[kind]+pageSize, pageSize)
			add(t, s, h.at[kind]+pageSize, pageSize)
		}
		if got := h.descriptors(); got != theirs {
			t.Fatalf("descriptors of the process:\n%s\nbefore:\n%s", got, theirs)
		}
		if h.maps() == maps {
			t.Fatal("the mappings do not show what is covered: the test is void")
		}
		for _, kind := range kinds[:3] {
			s.Remove(h.at[kind]+pageSize, pageSize)
			s.Remove(h.at[kind]+pageSize, pageSize)
		}
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.maps(); got != maps {
			t.Fatalf("mappings:\n%s\nbefore:\n%s", got, maps)
		}
		if got := testkit.Used(t).Descriptors; got > ours {
			t.Fatalf("we have %d descriptors, before %d", got, ours)
		}
	}
}

// TestRemoveUncovers: the last Remove of a page takes the protection off it.
func TestRemoveUncovers(t *testing.T) {
	h := startTarget(t, nil).hold()
	s := h.scanner()
	addr, maps := h.at["heap"], h.maps()
	add(t, s, addr, 2*pageSize)
	add(t, s, addr+pageSize-1, 2)
	s.Remove(addr, 2*pageSize)
	if s.Dirty(addr, 2*pageSize) != 0 {
		t.Error("not covered any more, though it has a user")
	}
	s.Remove(addr+pageSize-1, 2)
	if s.Dirty(addr, 1) != Unknown || s.Dirty(addr+pageSize, 1) != Unknown {
		t.Error("still covered")
	}
	if got := h.maps(); got != maps {
		t.Errorf("mappings:\n%s\nbefore:\n%s", got, maps)
	}
	s.Remove(addr, 1) // of what is not covered: nothing happens
}

func TestClosed(t *testing.T) {
	_, s, addr := covered(t, "heap")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Scan(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := s.Add(addr, 8); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	s.Remove(addr, 8)
	if s.Dirty(addr, 8) != Unknown {
		t.Error("not unknown")
	}
}

// refused checks that Open fails, and leaves no trace.
func (h *held) refused() error {
	h.t.Helper()
	theirs, ours := h.descriptors(), testkit.Used(h.t).Descriptors
	_, err := h.open()
	if err == nil {
		h.t.Fatal("no error")
	}
	if got := h.descriptors(); got != theirs {
		h.t.Errorf("descriptors of the process:\n%s\nbefore:\n%s", got, theirs)
	}
	if got := testkit.Used(h.t).Descriptors; got > ours {
		h.t.Errorf("we have %d descriptors, before %d", got, ours)
	}
	h.run(func() { h.tell("store", h.at["heap"], 1) }) // it lives
	return err
}

// TestFilteredProgram: its filter would kill it for a userfaultfd.
func TestFilteredProgram(t *testing.T) {
	x := startTarget(t, nil)
	x.must("filter")
	err := x.hold().refused()
	var forbidden *NotPermittedError
	if !errors.As(err, &forbidden) || !strings.Contains(err.Error(), "comparing values") {
		t.Error(err)
	}
}

func TestNoDescriptorFree(t *testing.T) {
	x := startTarget(t, nil)
	x.must("full", 0, 64)
	if err := x.hold().refused(); !errors.Is(err, unix.EMFILE) {
		t.Error(err)
	}
}

func TestThreadGone(t *testing.T) {
	h := startTarget(t, nil).hold()
	th := h.p.Threads()[0]
	h.do(func() error { return h.g.Kill(h.p) })
	ours := testkit.Used(t).Descriptors
	h.do(func() error {
		if _, err := Open(h.g, th); err == nil {
			t.Error("no error")
		}
		return nil
	})
	if got := testkit.Used(t).Descriptors; got > ours {
		t.Errorf("we have %d descriptors, before %d", got, ours)
	}
}

// TestAnyThread: the one that makes the calls need not be the leader.
func TestAnyThread(t *testing.T) {
	x := startTarget(t, nil)
	x.must("thread")
	h := x.hold()
	if n := len(h.p.Threads()); n != 2 {
		t.Fatalf("%d threads", n)
	}
	h.do(func() error {
		s, err := Open(h.g, h.p.Threads()[1])
		if err == nil {
			err = errors.Join(s.Add(h.at["heap"], 8), s.Scan(), s.Close())
		}
		return err
	})
}

// TestLeaderLeft: a leader that has left has neither memory nor descriptors.
func TestLeaderLeft(t *testing.T) {
	x := startTarget(t, nil)
	x.must("thread")
	h := x.hold()
	h.run(func() {
		_, _ = h.in.Write([]byte("leave\n"))
		eventually(t, "the leader leaves", func() bool { return testkit.State(h.pid()) == 'Z' })
	})
	h.do(func() error {
		ths := h.p.Threads()
		if len(ths) != 1 || ths[0].TID == h.pid() {
			t.Fatalf("threads %v", ths)
		}
		s, err := Open(h.g, ths[0])
		if err == nil {
			err = errors.Join(s.Add(h.at["heap"], 8), s.Scan())
			if s.Dirty(h.at["heap"], 8) != 0 {
				t.Error("dirty")
			}
			err = errors.Join(err, s.Close())
		}
		return err
	})
}

// TestOtherUserfaultfd: of two that want the same page, the first has it.
func TestOtherUserfaultfd(t *testing.T) {
	h := startTarget(t, nil).hold()
	addr, other := h.at["heap"], h.at["fresh"]
	h.run(func() { h.must("guard", addr, pageSize) })
	s := h.scanner()
	var forbidden *NotPermittedError
	if err := s.Add(addr, 8); !errors.As(err, &forbidden) || !errors.Is(err, unix.EBUSY) {
		t.Errorf("the program's: %v", err)
	}
	s.Remove(addr, 8)
	if !strings.Contains(h.smaps(addr), " uw") {
		t.Error("the program's own registration is gone")
	}
	add(t, s, other, 8)
	h.run(func() {
		if n := h.tell("guard", other, pageSize); n != int(unix.EBUSY) {
			t.Errorf("ours, then the program's: %d, want EBUSY", n)
		}
	})
	for async := range uint64(2) { // the program takes a page over that was ours
		h.run(func() {
			h.must("mmap", other, pageSize)
			h.tell("load", other)
			h.must("guard", other, pageSize, async)
		})
		for range 2 {
			if !scanned(t, s, other) {
				t.Errorf("async %d: a page that is not ours any more is clean", async)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(h.smaps(other), " uw") {
		t.Error("the program's registration has gone with ours")
	}
}

// TestOrdinaryUser: as a user without privileges, on a program of the same user.
func TestOrdinaryUser(t *testing.T) {
	x := startTarget(t, func(cmd *exec.Cmd) { asNobody(cmd) })
	h := startHelper(t, x, asNobody)
	x.tell("store", x.at["heap"], 3)
	h.expect("scan", "dirty")
	x.tell("load", x.at["heap"])
	h.expect("scan", "clean")
	if n := x.tell("read", x.at["heap"]); n != 1 { // would be EFAULT if the fault waited for somebody
		t.Errorf("read(2) into a covered page: %d", n)
	}
	h.expect("scan", "dirty")
	h.expect("close", "closed")
}

// TestDeadDebugger: the process goes on, and nothing of ours is left in it.
func TestDeadDebugger(t *testing.T) {
	x := startTarget(t, nil)
	x.must("spin", x.at["heap"]+8)
	theirs, maps := x.descriptors(), x.maps()
	for range 10 {
		h := startHelper(t, x, nil)
		x.tell("store", x.at["heap"], 2)
		h.expect("scan", "dirty")
		h.kill()
		x.tell("store", x.at["heap"], 3)
		if n := x.tell("read", x.at["heap"]); n != 1 {
			t.Errorf("read(2): %d", n)
		}
		if got := x.descriptors(); got != theirs {
			t.Fatalf("descriptors of the process:\n%s\nbefore:\n%s", got, theirs)
		}
		if got := x.maps(); got != maps {
			t.Fatalf("mappings:\n%s\nbefore:\n%s", got, maps)
		}
	}
}
