package ptrace

import (
	"bytes"
	"errors"
	"fmt"
)

// InsertBreakpoint writes a breakpoint instruction at addr. Inserting one where
// one is already changes nothing.
func (p *Process) InsertBreakpoint(addr uint64) error {
	if _, ok := p.breakpoints[addr]; ok {
		return nil
	}
	original := make([]byte, len(breakpointInstruction))
	if _, err := p.Memory.ReadMemory(original, addr); err != nil {
		return fmt.Errorf("breakpoint at %#x: %w", addr, err)
	}
	if _, err := p.Memory.WriteMemory(addr, breakpointInstruction); err != nil {
		return fmt.Errorf("breakpoint at %#x: %w", addr, err)
	}
	p.breakpoints[addr] = original
	return nil
}

// RemoveBreakpoint puts back what was under a breakpoint, unless the process has
// unmapped the place or put something else there.
func (p *Process) RemoveBreakpoint(addr uint64) error {
	original, ok := p.breakpoints[addr]
	if !ok {
		return nil
	}
	if err := restore(p.Memory, addr, original); err != nil {
		return fmt.Errorf("remove breakpoint at %#x: %w", addr, err)
	}
	delete(p.breakpoints, addr)
	return nil
}

func restore(m *Memory, addr uint64, original []byte) error {
	now := make([]byte, len(original))
	if _, err := m.ReadMemory(now, addr); err != nil || !bytes.Equal(now, breakpointInstruction) {
		return nil
	}
	_, err := m.WriteMemory(addr, original)
	return err
}

// HasBreakpoint reports whether InsertBreakpoint put an instruction at addr.
func (p *Process) HasBreakpoint(addr uint64) bool {
	_, ok := p.breakpoints[addr]
	return ok
}

// ReadProgram reads memory as the program was built: without the breakpoints.
func (p *Process) ReadProgram(buf []byte, addr uint64) (int, error) {
	n, err := p.Memory.ReadMemory(buf, addr)
	for at, original := range p.breakpoints {
		cover(buf[:n], addr, original, at)
	}
	cover(buf[:n], addr, p.spare.original, p.spare.addr)
	return n, err
}

// cover puts what belongs at an address into what was read from another.
func cover(buf []byte, addr uint64, original []byte, at uint64) {
	for i, b := range original {
		if off := at + uint64(i) - addr; at+uint64(i) >= addr && off < uint64(len(buf)) {
			buf[off] = b
		}
	}
}

// RanBreakpoint returns the address of the breakpoint that a thread has just
// executed, if it is one of ours (the thread is at an event of kind
// [Breakpoint]).
func (th *Thread) RanBreakpoint() (addr uint64, ours bool, err error) {
	r, err := th.Registers()
	if err != nil {
		return 0, false, err
	}
	addr = r.PC() - breakpointAdvance
	return addr, th.Proc.HasBreakpoint(addr), nil
}

// embryoBreakpoint gets the child of a vfork over a breakpoint in the memory
// that it shares with its parent. The parent cannot be stopped before the
// child execs, and its other threads may run past this one address for the
// duration of a step; stopping them would not end, because one of them waits
// for the child.
func (g *Tracees) embryoBreakpoint(th *Thread) error {
	addr, ours, err := th.RanBreakpoint()
	if err != nil {
		return nil // killed; its end will be reported
	}
	_, removed := th.former[addr]
	if !ours && !removed {
		th.signal = int(sigTrap)
		return g.Resume(th)
	}
	if err := th.SetPC(addr); err != nil {
		return nil
	}
	if ours {
		if _, err := g.StepOver(th); err != nil && !errors.Is(err, ErrThreadGone) {
			return err // gone: killed, or the instruction was its exec
		}
	}
	return g.Resume(th)
}

// Original returns what is under a breakpoint, or nil. It is not to be changed.
func (p *Process) Original(addr uint64) []byte { return p.breakpoints[addr] }
