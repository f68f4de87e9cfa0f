package ptrace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// atEntry starts a program and puts code where it begins for fn, on the Tracer's thread; then the
// program is to run to its end as if nothing had been.
func atEntry(t *testing.T, code []byte, fn func(s *session, p *Process, th *Thread, was Regs) error) {
	t.Helper()
	s := open(t)
	p := s.launch("exit", "0")
	th := p.Threads()[0]
	s.do(func() error {
		r, err := th.Registers()
		if err != nil {
			return err
		}
		was := *r
		original := make([]byte, len(code))
		if _, err := p.Memory.ReadMemory(original, was.Rip); err != nil {
			return err
		}
		if _, err := p.Memory.WriteMemory(was.Rip, code); err != nil {
			return err
		}
		if err := fn(s, p, th, was); err != nil {
			return err
		}
		if _, err := p.Memory.WriteMemory(was.Rip, original); err != nil {
			return err
		}
		return th.SetRegisters(&was)
	})
	if st := s.toTheEnd(p); st.Code != 0 || st.Signal != 0 {
		t.Errorf("% x: ended with %v", code, st)
	}
}

// A program that reads its flags while it is stepped does not find the trap flag, and does
// not set it when it restores them.
func TestTrapFlag(t *testing.T) {
	for _, code := range [][]byte{{0x9C, 0x9D, 0x90, 0x90}, {0x66, 0x9C, 0x66, 0x9D, 0x90, 0x90}, {0x48, 0x9C, 0x9D, 0x90, 0x90}} {
		atEntry(t, code, func(s *session, p *Process, th *Thread, was Regs) error {
			for range 4 { // PUSHF, POPF, and two behind them
				if ev, err := s.g.StepOver(th); err != nil || ev.Kind != Trapped {
					return fmt.Errorf("%v, %w", ev.Kind, err)
				}
			}
			r, err := th.Registers()
			if err != nil {
				return err
			}
			if r.Eflags&trapFlag != 0 || r.Rsp != was.Rsp {
				t.Errorf("% x: flags %#x, stack pointer %#x, was %#x", code, r.Eflags, r.Rsp, was.Rsp)
			}
			return nil
		})
	}
}

// TestTrapFlagInterrupted: a stop can come before the instruction that is to be stepped. The
// kernel forgets then that the trap flag is not the program's own, if that is a POPF.
func TestTrapFlagInterrupted(t *testing.T) {
	code := []byte{0x9C, 0x48, 0x9D, 0xEB, 0xFB} // PUSHF; POPF; JMP to the first
	atEntry(t, code, func(s *session, p *Process, th *Thread, was Regs) error {
		p.SetStepping(true)
		defer p.SetStepping(false)
		for round := range 20000 {
			if err := s.interrupted(round, func(ev Event) error {
				if ev.Kind != Trapped {
					return fmt.Errorf("round %d: %v", round, ev.Kind)
				}
				return nil
			}); err != nil {
				return err
			}
			r, err := th.Registers()
			if err != nil {
				return err
			}
			if r.Eflags&trapFlag != 0 {
				return fmt.Errorf("round %d: flags %#x at +%d", round, r.Eflags, r.Rip-was.Rip)
			}
		}
		return nil
	})
}

// TestPopFlags: a POPF that is executed for a thread which is to be stepped does what the
// processor does.
func TestPopFlags(t *testing.T) {
	for _, code := range [][]byte{{0x9D, 0xCC}, {0x66, 0x9D, 0xCC}, {0x41, 0x9D, 0xCC}} {
		atEntry(t, code, func(s *session, p *Process, th *Thread, was Regs) error {
			// by returns the registers behind the instruction, which pops value.
			by := func(flags, value uint64, way func() error) (Regs, error) {
				before := was
				before.Orig_rax = ^uint64(0) // out of the execve that it came from
				before.Eflags, before.Rsp = flags, was.Rsp-256
				_, err1 := p.Memory.WriteMemory(before.Rsp, binary.LittleEndian.AppendUint64(nil, value))
				err := errors.Join(err1, th.SetRegisters(&before))
				if err == nil {
					err = way()
				}
				if err != nil {
					return Regs{}, err
				}
				after, err := th.Registers()
				if err != nil {
					return Regs{}, err
				}
				return *after, nil
			}
			run := func() error {
				if err := s.g.ResumeAll(); err != nil {
					return err
				}
				ev, err := s.g.Wait()
				if err != nil || ev.Kind != Breakpoint {
					return fmt.Errorf("%v, %w", ev.Kind, err)
				}
				return th.SetPC(was.Rip + uint64(len(code)) - 1)
			}
			emulated := 0
			pop := func() error {
				if th.flagsAhead() != popFlags {
					return fmt.Errorf("no POPF is seen at %#x", was.Rip)
				}
				if pc, popped := th.pop(); popped && pc == was.Rip {
					emulated++
					return nil
				}
				return run()
			}
			values := []uint64{0, (1<<22 - 1) &^ trapFlag, 0xDEADBEEF_00000000}
			for bit := range 64 {
				if 1<<bit != trapFlag {
					values = append(values, 1<<bit)
				}
			}
			for _, value := range values {
				for _, flags := range []uint64{0x202, 0x202 | 1<<10 | 1<<11 | 0xD5} {
					want, err1 := by(flags, value, run)
					got, err2 := by(flags, value, pop)
					if err := errors.Join(err1, err2); err != nil {
						return err
					}
					if got.Eflags != want.Eflags || got.Rsp != want.Rsp || got.Rip != want.Rip {
						t.Errorf("% x, %#x over %#x: flags %#x at %#x, want %#x at %#x", code, value, flags, got.Eflags, got.Rip, want.Eflags, want.Rip)
					}
				}
			}
			if emulated < len(values) {
				t.Errorf("%d of %d were emulated", emulated, 2*len(values))
			}
			return nil
		})
	}
}
