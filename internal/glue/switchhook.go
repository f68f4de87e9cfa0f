package glue

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-delve/delve/pkg/proc"
)

// errUnsafeSwitches is why a program that is to survive the debugger is not given hooks.
var errUnsafeSwitches = errors.New("following goroutines from thread to thread takes breakpoint instructions in the program where BPF is not permitted, and it dies of them if the debugger does, which it is to survive (--safe off allows it)")

// hook tells of switches by hooks: every thread stops at each of its own, and most run on at
// once. What is under the hook is a call, or pushes a register, and is done for the thread.
func (s *Switches) hook(ends bool) (t tellers, err error) {
	if s.p.g.slots.Driver.Safe() {
		return t, errUnsafeSwitches
	}
	for _, at := range s.places {
		if at.ends != ends {
			continue
		}
		h := &Hook{Addr: at.addr, Reached: s.reached(at)}
		if err := s.p.AddHook(h); err != nil {
			return t, errors.Join(fmt.Errorf("follow goroutines: %w", err), s.takeOut(&t))
		}
		t.hooks = append(t.hooks, h)
	}
	return t, nil
}

// reached is for a hook at one of the places.
func (s *Switches) reached(at switchPlace) func(*Thread) (*proc.Breakpoint, func()) {
	return func(th *Thread) (*proc.Breakpoint, func()) {
		r, err := th.held.Registers()
		if err != nil {
			return nil, nil // being killed
		}
		g := goroutineRegister(r)
		if at.call {
			var word [8]byte
			if _, err := s.p.held.Memory.ReadMemory(word[:], r.SP()+firstArgument); err != nil {
				return nil, nil // it faults there, as the program shall see
			}
			g = binary.LittleEndian.Uint64(word[:]) - s.gobuf
		}
		switch {
		case at.ends && s.awaited[g] > 0:
			return s.observer.Ends(th, g), nil
		case !at.ends && s.wanted[g] != nil:
			return s.observer.Comes(th, g), nil
		}
		return nil, nil
	}
}
