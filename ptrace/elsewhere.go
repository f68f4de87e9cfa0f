package ptrace

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// spare is a place in a process's code that is not executed any more, in which
// instructions are stepped that breakpoints have been written over.
type spare struct {
	addr     uint64
	original []byte
	holds    []byte
}

// errFaulted says that an instruction was not executed because it faulted.
var errFaulted = errors.New("the instruction faulted")

// StepElsewhere makes a stopped thread execute the instruction at its PC from a copy at
// addr, where the program does not come any more, so that a breakpoint that is written
// over it stays and the other threads can run on meanwhile. code does there what the
// instruction does at the PC; it is no branch and no system call. Afterwards the thread is
// behind the instruction, or still at it if that has faulted, with the signal to be
// delivered; the event is then the zero Event.
//
// What the instruction writes to memory that a [Warden] watches does not wait to be told
// of: whoever knows that it does so has it executed by [Tracees.StepOver] instead.
//
// What is at addr is put back when the process is let go.
func (g *Tracees) StepElsewhere(th *Thread, code []byte, addr uint64) (ev Event, err error) {
	p := th.Proc
	r, err := th.Registers()
	if err != nil {
		return Event{}, g.goneOr(th, err)
	}
	if err := p.prepareSpare(code, addr); err != nil {
		return Event{}, g.goneOr(th, err)
	}
	pc := r.PC()
	if err := th.SetPC(addr); err != nil {
		return Event{}, g.goneOr(th, err)
	}
	ev, err = g.stepAside(th)
	faulted := errors.Is(err, errFaulted)
	if err != nil && !faulted {
		return ev, err
	}
	if r, err = th.Registers(); err != nil {
		return ev, g.goneOr(th, err)
	}
	// Wherever else it is it has been taken there.
	if at := r.PC() - addr; at <= uint64(len(code)) {
		if err := th.SetPC(pc + at); err != nil {
			return ev, g.goneOr(th, err)
		}
	}
	if faulted {
		return Event{}, nil
	}
	return ev, nil
}

// stepAside executes one instruction while the other threads run on.
func (g *Tracees) stepAside(th *Thread) (Event, error) {
	if w := th.Proc.warden; w != nil {
		w.Aside(th)
		defer w.Back(th)
	}
	g.alone = true
	defer func() { g.alone = false }()
	return g.step(th)
}

// prepareSpare writes code to addr.
func (p *Process) prepareSpare(code []byte, addr uint64) error {
	s := &p.spare
	if s.addr == addr && bytes.Equal(s.holds, code) {
		return nil
	}
	if s.addr != addr || len(code) > len(s.original) {
		if err := p.clearSpare(); err != nil {
			return err
		}
		original := make([]byte, len(code))
		if _, err := p.ReadProgram(original, addr); err != nil {
			return fmt.Errorf("read the place for moved instructions: %w", err)
		}
		s.addr, s.original = addr, original
	}
	s.holds = s.holds[:0]
	if _, err := p.Memory.WriteMemory(addr, code); err != nil {
		return fmt.Errorf("write a moved instruction: %w", err)
	}
	s.holds = append(s.holds, code...)
	return nil
}

// clearSpare puts back what was there. If nothing can be read there the process is being
// killed, or has unmapped it.
func (p *Process) clearSpare() error {
	s := p.spare
	p.spare = spare{}
	if s.original == nil {
		return nil
	}
	if _, err := p.Memory.ReadMemory(make([]byte, len(s.original)), s.addr); err != nil {
		return nil
	}
	if _, err := p.Memory.WriteMemory(s.addr, s.original); err != nil {
		return fmt.Errorf("put back the place for moved instructions: %w", err)
	}
	return nil
}

// fault ends a step elsewhere whose instruction faulted: its handler is to find the
// thread where the program knows it.
func (g *Tracees) fault(sig int, info *Siginfo) bool {
	return g.alone && isFault(unix.Signal(sig), info)
}
