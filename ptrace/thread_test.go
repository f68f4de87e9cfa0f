package ptrace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRegisters(t *testing.T) {
	s := open(t)
	p := s.launch("store")
	th := p.Threads()[0]
	store := symbol(t, "store")
	s.breakAt(p, store)
	s.resumeAll()
	s.expect(Breakpoint)
	s.do(func() error {
		r, err := th.Registers()
		if err != nil {
			return err
		}
		again, err := th.Registers()
		if err != nil || again != r {
			return fmt.Errorf("read twice at one stop: %v", err)
		}
		if r.PC() != store+breakpointAdvance || r.SP() == 0 {
			return fmt.Errorf("pc %#x, sp %#x", r.PC(), r.SP())
		}
		if err := th.SetPC(store); err != nil {
			return err
		}
		th.regsLoaded = false
		if r, err = th.Registers(); err != nil || r.PC() != store {
			return fmt.Errorf("pc %#x, want %#x (%v)", r.PC(), store, err)
		}
		return p.RemoveBreakpoint(store)
	})
	if st := s.toTheEnd(p); st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
	if err := s.try(func() error { _, err := th.Registers(); return err }); !errors.Is(err, unix.ESRCH) {
		t.Errorf("after the end: %v", err)
	}
	if err := s.try(func() error { return th.SetPC(0) }); err == nil {
		t.Error("after the end the PC was set")
	}
	if !th.Gone() || th.Stopped() {
		t.Errorf("%+v", th)
	}
}

// The XSAVE area begins with the FXSAVE one, in which register xmm5 is at 160 + 5*16
// (Intel SDM 1, 10.5.1); struct user_fpsimd_state has v5 at 5*16.
func TestFPState(t *testing.T) {
	for _, change := range []bool{false, true} {
		s := open(t)
		p := s.launch("vector")
		ngot := symbol(t, "ngot")
		th := s.runUntil("the register is loaded", func() bool { return peek(p.Memory, ngot)&0xff == 1 }).Thread
		s.do(func() error {
			state, err := th.FPState()
			if err != nil {
				return err
			}
			reg := state[xmm5 : xmm5+16]
			if lo, hi := binary.LittleEndian.Uint64(reg), binary.LittleEndian.Uint64(reg[8:]); lo != 0x1122334455667788 || hi != 0x99aabbccddeeff00 {
				return fmt.Errorf("xmm5 %#x %#x", lo, hi)
			}
			if change {
				reg[0]++
			}
			if err := th.SetFPState(state); err != nil {
				return err
			}
			if again, err := th.FPState(); err != nil || !bytes.Equal(again, state) {
				return fmt.Errorf("it reads back changed (%v)", err)
			}
			if err := th.SetFPState(nil); err == nil {
				return errors.New("an empty state was taken")
			}
			return nil
		})
		s.letGoOn(p)
		want := 0
		if change {
			want = 1
		}
		if st := s.toTheEnd(p); st.Code != want {
			t.Errorf("changed %v: ended with %v", change, st)
		}
		if err := s.try(func() error { _, err := th.FPState(); return err }); !errors.Is(err, unix.ESRCH) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestDeliver(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "0")
	th := p.Threads()[0]
	s.do(func() error {
		ev, err := s.g.StepOver(th)
		if err == nil && ev.Kind != Trapped {
			err = fmt.Errorf("event %v", ev.Kind)
		}
		th.Deliver(&ev.Info)
		return err
	})
	if th.PendingSignal() != int(unix.SIGTRAP) {
		t.Errorf("signal %d", th.PendingSignal())
	}
	if st := s.toTheEnd(p); st.Signal != unix.SIGTRAP {
		t.Errorf("ended with %v", st)
	}
}

// A signal is delivered as what it was when it came, whatever the thread has stopped by
// since.
func TestDeliverLate(t *testing.T) {
	s := open(t)
	p := s.launch("exit", "0")
	th := p.Threads()[0]
	s.do(func() error {
		_, err := s.g.StepOver(th)
		th.Deliver(&Siginfo{Signo: int32(unix.SIGCHLD)})
		return err
	})
	if th.PendingSignal() != int(unix.SIGCHLD) {
		t.Errorf("signal %d", th.PendingSignal())
	}
	if st := s.toTheEnd(p); st.Signal != 0 || st.Code != 0 {
		t.Errorf("ended with %v", st)
	}
}
