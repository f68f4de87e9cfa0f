package guard

import (
	"testing"

	"github.com/argusdbg/argus/ptrace"
)

// TestAside: a thread that is made to execute one instruction while others run does not wait
// at a guard. What it writes is told of as what others may have written beside, and the page
// is guarded again.
func TestAside(t *testing.T) {
	h, addr := guarded(t, "heap")
	store := []byte{0x48, 0x89, 0x08} // MOV [RAX], RCX
	h.run(func() { h.answers(0, "spin") })
	var place uint64
	h.do(func() error {
		for _, th := range h.p.Threads() {
			if r, err := th.Registers(); err == nil && th.TID != h.pid() {
				place = r.PC()
			}
		}
		return h.p.InsertBreakpoint(place)
	})
	stepped := make(chan error, 1)
	h.events = func(ev ptrace.Event) {
		if ev.Kind == ptrace.Breakpoint {
			stepped <- h.aside(ev.Thread, place, store, addr)
		}
	}
	h.run(func() {
		if err := <-stepped; err != nil {
			t.Error(err)
		}
		eventually(t, "the page is guarded again", func() bool { return h.protected(addr) })
		h.answers(0, "store", addr+8, 1)
	})
	if got := h.word(addr); got != 7 {
		t.Errorf("it wrote %d", got)
	}
	if user, calls, unseen := h.told(); user != 1 || calls != 0 || unseen != 1 {
		t.Errorf("%d writes, %d of calls, %d unseen", user, calls, unseen)
	}
}

// aside has a thread that has come to a breakpoint execute code elsewhere, with two of its
// registers set, and lets it go on where it was.
func (h *held) aside(th *ptrace.Thread, place uint64, code []byte, addr uint64) error {
	if err := h.p.RemoveBreakpoint(place); err != nil {
		return err
	}
	r, err := th.Registers()
	if err != nil {
		return err
	}
	was := *r
	was.SetPC(place)
	now := was
	now.Rax, now.Rcx = addr, 7
	if err := th.SetRegisters(&now); err != nil {
		return err
	}
	if _, err := h.g.StepElsewhere(th, code, h.at["main"]); err != nil {
		return err
	}
	return th.SetRegisters(&was)
}

// TestCovers: of the pages that are guarded, all of them and no others.
func TestCovers(t *testing.T) {
	h, addr := guarded(t, "heap")
	for _, c := range []struct {
		at   uint64
		size uint64
		want bool
	}{{addr, 1, true}, {addr + pageSize - 1, 1, true}, {addr - 8, 8, false}, {addr - 8, 9, true}, {addr + pageSize, 8, false}, {addr - pageSize, 2*pageSize + 1, true}, {0, 0, true}} {
		if got := h.guard.Covers(c.at, c.size); got != c.want {
			t.Errorf("%d bytes at %+d: %v", c.size, int64(c.at-addr), got)
		}
	}
	h.do(func() error { return h.guard.Remove(addr, 8) })
	if h.guard.Covers(addr, 8) {
		t.Error("it is guarded no more")
	}
}
