package backend

import (
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	obj "github.com/argusdbg/argus/internal/object"
	"github.com/argusdbg/argus/ptrace"
)

// statement is where a goroutine's own code is when something is written: of what the
// runtime writes, where that was called from.
type statement struct {
	fn    *proc.Function // nil: not known
	sp    uint64         // in it
	place Place
	// within: a function of the runtime that the statement has called is at work.
	within bool
}

// maxUnwind is how many functions of the runtime call one another at most.
const maxUnwind = 64

// statementAt finds the statement of a thread that has executed the instruction at pc.
func (s *Session) statementAt(regs *ptrace.Regs, pc uint64) statement {
	if s.lines.Load() != nil {
		return statement{}
	}
	st := statement{sp: regs.SP()}
	stack := window{mem: s.target.Memory()}
	at := pc // a return address is behind the call
	for range maxUnwind {
		fn := s.target.BinInfo().PCToFunc(at)
		if fn == nil {
			return statement{}
		}
		switch goroutine.KindOf(fn.Name) {
		case goroutine.Own:
			place, known := s.ownPlace(at)
			if !known {
				return statement{}
			}
			place.PC = pc
			st.fn, st.place = fn, place
			return st
		case goroutine.Passing:
		default:
			return statement{}
		}
		taken, known := s.lines.FrameSize(pc)
		if !known {
			return statement{}
		}
		if pc, st.sp, known = stack.caller(st.sp, taken); !known || pc == 0 {
			return statement{}
		}
		st.within, at = true, pc-1
	}
	return statement{}
}

// ownPlace is the line of the program's own code that an instruction belongs to: where
// functions of the runtime are inlined, of the call to them.
func (s *Session) ownPlace(pc uint64) (Place, bool) {
	calls, known := s.lines.Calls(pc)
	if !known {
		p := Place(s.lines.Outer(pc))
		return p, p.Line > 0
	}
	for _, c := range calls {
		if goroutine.KindOf(c.Function) == goroutine.Own {
			return Place(c), true
		}
	}
	return Place(calls[len(calls)-1]), true
}

func sameLine(a, b Place) bool { return a.Line == b.Line && a.File == b.File }

// onWay is a thread that is stepped to the end of its statement, with all others
// stopped.
type onWay struct {
	th  *glue.Thread
	met []uint64 // addresses at which the last step met page guards
}

const (
	// maxSteps ends a statement that goes on and on: what it has written until then is one
	// hit, and what it writes later others.
	maxSteps = 1 << 14
	// ahead is how much code is looked at for more of a statement: the compiler mixes the
	// instructions of neighbouring lines.
	ahead = 48
)

// helpers are functions by which the compiler has parts of an assignment made. Whatever
// else a statement calls comes before the assignment or behind it.
var helpers = []string{"gcWriteBarrier", "wb", "typedmem", "typedslicecopy", "memmove", "memclr", "duff", "race", "growslice"}

func isHelper(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	if !ok {
		return false
	}
	for _, h := range helpers {
		if strings.HasPrefix(rest, h) {
			return true
		}
	}
	return false
}

// leaves are functions of the runtime from which on a thread does something else: it waits,
// runs another goroutine, or has done what is to be seen and wakes others.
var leaves = map[string]bool{
	"runtime.mcall": true, "runtime.gopark": true, "runtime.goready": true, "runtime.schedule": true, "runtime.gopreempt_m": true,
	"runtime.newm": true, "runtime.clone": true, "runtime.gopanic": true, "runtime.throw": true, "runtime.fatalthrow": true,
	"runtime.sigpanic": true, "runtime.stopTheWorldWithSema": true,
}

// toStatementEnd executes a thread's instructions until it has left the statement, and
// calls each after each.
func (s *Session) toStatementEnd(th *glue.Thread, at *statement, each func(pc uint64)) error {
	if at.fn == nil {
		return nil
	}
	s.onWay = &onWay{th: th}
	defer func() { s.onWay = nil }()
	within := at.within
	for range maxSteps {
		regs, err := th.Held().Registers()
		if err != nil {
			return nil // being killed
		}
		pc, sp := regs.PC(), regs.SP()
		fn := s.target.BinInfo().PCToFunc(pc)
		switch {
		case fn == nil:
			return nil
		case fn == at.fn && (within || sp == at.sp): // back from a call: the stack may have moved
			within, at.sp = false, sp
			if s.leaves(pc, at.place) {
				return nil
			}
		case fn == at.fn, !within && (sp >= at.sp || !isHelper(fn.Name)), leaves[fn.Name]:
			return nil
		default:
			within = true
		}
		if th.AtBreakpoint(pc) || fn.Name == "runtime.futex" && s.waits(regs) {
			return nil
		}
		s.onWay.met = s.onWay.met[:0]
		if done, err := th.StepOn(); !done || err != nil {
			return err
		}
		each(pc)
	}
	return nil
}

// waits reports whether the next instruction is a system call that waits for another
// thread, which is stopped.
func (s *Session) waits(regs *ptrace.Regs) bool {
	var code [callLen]byte
	if _, err := s.readProgram(code[:], regs.PC()); err != nil {
		return true
	}
	return isCall(code) && futexWait(regs)
}

// leaves reports whether an instruction is not the statement's any more, nor any of those
// that follow.
func (s *Session) leaves(pc uint64, at Place) bool {
	key := lineEnd{pc, at.Line}
	if end, known := s.lineEnds[key]; known {
		return end
	}
	end := true
	for a := pc; a < pc+ahead && end; a++ {
		p, known := s.ownPlace(a)
		end = !known || !sameLine(p, at)
	}
	return remember(&s.lineEnds, key, end)
}

type lineEnd struct {
	pc   uint64
	line int
}

// store is a write to an object as package object wants it.
func (at *statement) store(goroutine int64, pc uint64, within bool, r obj.Range) obj.Store {
	return obj.Store{Goroutine: goroutine, PC: pc, File: at.place.File, Line: at.place.Line, Frame: at.sp, Helper: within, Range: r}
}

// Of futex(2), <linux/futex.h>: what is asked for, flags left out.
const (
	futexCommand = 127
	futexWaits   = 0
)
