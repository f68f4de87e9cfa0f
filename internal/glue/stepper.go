package glue

import (
	"bytes"
	"errors"
	"slices"

	"github.com/argusdbg/argus/internal/guard"
	"github.com/argusdbg/argus/internal/lanes"
)

// stepper stands in for page guards where there are none, or a page cannot have one: every
// thread executes one instruction at a time, and those that write to what was added are told
// of like writes to guarded pages. Where neither the instruction nor its registers tell what
// was written, and at system calls, values are compared: what is written there and is the
// same is not seen.
type stepper struct {
	p        *Process
	guards   lanes.Guards // nil: there are none
	ranges   []stepRange
	suspects []suspect // that may have written, or may not; not judged yet
}

// suspect is a step of which it is not known what it wrote.
type suspect struct {
	write guard.Write
	args  [6]uint64 // of its system call
}

// stepRange is what was added, and what it held when a write to it was last told of.
type stepRange struct {
	addr uint64
	was  []byte
	now  []byte // room
}

// Add is what page guards do.
func (s *stepper) Add(addr, size uint64) error {
	if s.guards != nil && s.guards.Add(addr, size) == nil {
		return nil
	}
	r := stepRange{addr: addr, was: make([]byte, size), now: make([]byte, size)}
	if _, err := s.p.held.Memory.ReadMemory(r.was, addr); err != nil {
		return err
	}
	s.ranges = append(s.ranges, r)
	s.p.held.SetStepping(true)
	return nil
}

// Remove undoes an Add.
func (s *stepper) Remove(addr, size uint64) error {
	i := s.find(addr, size)
	if i < 0 {
		return s.guards.Remove(addr, size)
	}
	s.ranges = slices.Delete(s.ranges, i, i+1)
	s.p.held.SetStepping(len(s.ranges) > 0)
	return nil
}

func (s *stepper) find(addr, size uint64) int {
	return slices.IndexFunc(s.ranges, func(r stepRange) bool { return r.addr == addr && uint64(len(r.was)) == size })
}

// Stepped reports whether something has been added that no page guard watches.
func (s *stepper) Stepped(addr, size uint64) bool { return s.find(addr, size) >= 0 }

// Close lets the program run. What was stepped for is still told.
func (s *stepper) Close() error {
	s.p.held.SetStepping(false)
	if s.guards != nil {
		return s.guards.Close()
	}
	return nil
}

// touched notes what the ranges hold that share bytes with another, and reports whether
// there are any.
func (s *stepper) touched(addr, size uint64) (any bool) {
	for i := range s.ranges {
		if r := &s.ranges[i]; r.addr < addr+size && addr < r.addr+uint64(len(r.was)) {
			any = true
			r.differs(s.p)
			copy(r.was, r.now)
		}
	}
	return any
}

// differs reads a range, and reports whether that is not what it was.
func (r *stepRange) differs(p *Process) bool {
	if _, err := p.held.Memory.ReadMemory(r.now, r.addr); err != nil {
		copy(r.now, r.was) // unmapped
		return false
	}
	return !bytes.Equal(r.now, r.was)
}

// errUnsafeSteps is why a program that is to survive the debugger is not single-stepped.
var errUnsafeSteps = errors.New("a thread that is being stepped dies with the debugger, and the program is to survive that (--safe off allows it)")

// openStepper opens page guards that single steps stand in for, if the program need not
// survive the debugger.
func (p *Process) openStepper() (lanes.Guards, error) {
	var guards lanes.Guards
	var err error
	if !p.g.slots.NoGuards {
		guards, err = p.openGuard()
	}
	if p.g.slots.Driver.Safe() {
		if guards == nil {
			err = errors.Join(err, errUnsafeSteps)
		}
		return guards, err
	}
	p.stepper = &stepper{p: p, guards: guards}
	return p.stepper, nil
}

// stepped takes in what a thread has done since it was let go for one instruction. The
// program runs on if resumed is true.
func (g *Group) stepped(th *Thread, stopping bool) (resumed bool, err error) {
	s := th.p.stepper
	from, known := th.held.From()
	if len(s.ranges) == 0 || !known {
		return false, nil
	}
	regs, err := th.held.Registers()
	if err != nil {
		return false, nil // being killed
	}
	w := guard.Write{Thread: th.held, TID: th.held.TID, PC: from, Call: -1}
	number, in := regs.SystemCall()
	if in {
		w.PC, w.InCall, w.Call, w.Over = regs.PC(), true, number, true
	} else {
		addr, size, some := th.wrote(from, regs)
		if !some {
			return false, nil
		}
		if size > 0 {
			if !s.touched(addr, size) {
				return false, nil
			}
			w.Addrs = append(g.addrs[:0], addr)
			g.addrs = w.Addrs
			return false, g.written(th.p, w)
		}
	}
	if !slices.ContainsFunc(s.ranges, func(r stepRange) bool { return r.differs(th.p) }) {
		return false, nil
	}
	// Another thread may have made the change, and is about to say so.
	s.suspects = append(s.suspects, suspect{w, arguments(regs)})
	if stopping {
		return false, nil // takeIn judges
	}
	if err := g.stopAll(); err != nil {
		return false, err
	}
	if err := g.takeIn(); err != nil {
		return false, err
	}
	if g.trapped != nil || g.anyValid() == nil {
		return true, nil
	}
	return true, g.resumeAll()
}

// judgeSteps tells of changes for which only steps can be the cause of which it is not known
// what they wrote. All threads are stopped and heard.
func (g *Group) judgeSteps() error {
	for _, p := range g.procs {
		s := p.stepper
		if s == nil || len(s.suspects) == 0 {
			continue
		}
		var changed []uint64
		for i := range s.ranges {
			if r := &s.ranges[i]; p.valid() && r.differs(p) {
				copy(r.was, r.now)
				changed = append(changed, r.addr)
			}
		}
		w := s.likeliest(changed)
		s.suspects = s.suspects[:0]
		if len(changed) == 0 {
			continue
		}
		w.Maybe, w.Addrs = true, changed
		if err := g.written(p, w); err != nil {
			return err
		}
	}
	return nil
}

// likeliest is who wrote to some addresses: an instruction, or the one whose system call was
// given the nearest address before one of them, or the first.
func (s *stepper) likeliest(addrs []uint64) guard.Write {
	const far = 1 << 20
	best, least := 0, uint64(far)
	for i, who := range s.suspects {
		if !who.write.InCall { // an instruction that writes for certain
			return who.write
		}
		for _, arg := range who.args {
			for _, addr := range addrs {
				if arg <= addr && addr-arg < least {
					best, least = i, addr-arg
				}
			}
		}
	}
	return s.suspects[best].write
}
