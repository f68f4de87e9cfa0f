package backend

import (
	"encoding/binary"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
	"github.com/argusdbg/argus/internal/goroutine"
	"github.com/argusdbg/argus/ptrace"
)

// access is what an access to the memory of a local variable was.
type access struct {
	kind accessKind
	at   Place // of the channel operation, if it is one
}

type accessKind uint8

const (
	ofProgram accessKind = iota
	ofChannel            // another goroutine's, to a parked receiver's variable or from a sender's
	ofNobody             // the runtime's copying the stack, or a stranger's: no hit
	ofNext               // by whoever has the memory now: the frame is gone
)

// accessTo judges an access to a local's memory. th is stopped behind it.
//
// Only its own goroutine writes a local variable, but for two (FACTS E3): a channel
// operation of another one that deals with it while it is parked, and the runtime when it
// moves the stack. Memory of a stack that is no longer this variable is another's.
func (s *Session) accessTo(l *local, th *glue.Thread, regs *ptrace.Regs) access {
	mem := s.target.Memory()
	g, err := s.goroutines.One(mem, l.g)
	switch {
	case err != nil:
		return access{}
	case g.ID != l.goid || !g.Alive():
		return access{kind: ofNext}
	case l.w.away():
		return access{} // anybody may write there
	case g.StackLo != l.lo || g.StackHi != l.hi:
		return access{kind: ofNobody} // it has been copied, and is not here any more
	}
	if _, made := th.Call(); made || th.Deferred() {
		return access{} // some instructions ago, or the kernel's
	}
	user, own, err := s.goroutines.Running(mem, s.gPointer(regs))
	switch {
	case err != nil:
		return access{}
	case user == l.g && own:
		if s.framed(l, th, regs) {
			return access{}
		}
		return access{kind: ofNext}
	}
	// On a stack of the runtime's, or by another goroutine: its calls tell.
	stack := s.calls(th, 50)
	if called(stack, "runtime.copystack") {
		return access{kind: ofNobody}
	}
	if user != l.g && called(stack, channelCalls...) {
		return access{kind: ofChannel, at: ownPlace(stack)}
	}
	return access{}
}

// channelCalls are functions of runtime/chan.go that reach into a parked goroutine's stack.
var channelCalls = []string{"runtime.send", "runtime.sendDirect", "runtime.recv", "runtime.recvDirect", "runtime.closechan", "runtime.chansend", "runtime.chanrecv"}

// framed reports whether the frame of l is on the stack that th runs on. It follows the
// saved frame pointers outwards, none if the function itself has made the access. From far
// below the frame its return address has to do; where somebody has spoilt the frame
// pointers the debug information tells.
func (s *Session) framed(l *local, th *glue.Thread, regs *ptrace.Regs) bool {
	if regs.SP() >= l.hi-l.cfa {
		return false
	}
	want := l.hi - l.fp
	mem := s.target.Memory()
	for fp, n := framePointerOf(regs), 0; fp <= want && fp >= regs.SP()-8; n++ {
		if fp == want {
			return true
		}
		if n == nearFrames {
			if ret, err := word(mem, want+8); err == nil && ret == l.ret {
				return true
			}
			break
		}
		next, err := word(mem, fp)
		if err != nil || next <= fp {
			break
		}
		fp = next
	}
	stack := s.calls(th, maxFrames)
	for _, f := range stack {
		if f.Err != nil {
			return true // nobody knows
		}
		switch cfa := uint64(f.Regs.CFA); {
		case cfa == l.hi-l.cfa && f.Current.Fn != nil && f.Current.Fn.Name == l.fn:
			return true
		case cfa > l.hi-l.cfa && !f.SystemStack:
			return false
		}
	}
	return true // too deep to be sure that it is not
}

// How far a stack is followed at a hit: by frame pointers, and by debug information.
const (
	nearFrames = 32
	maxFrames  = 1 << 10
)

// calls unwinds the stack of a thread in the event loop.
func (s *Session) calls(th *glue.Thread, depth int) []proc.Stackframe {
	defer s.forget(th)
	stack, err := proc.ThreadStacktrace(s.target, th, depth)
	if err != nil {
		return nil
	}
	return stack
}

func called(stack []proc.Stackframe, names ...string) bool {
	for _, f := range stack {
		for _, name := range names {
			if f.Current.Fn != nil && f.Current.Fn.Name == name {
				return true
			}
		}
	}
	return false
}

// ownPlace is where the goroutine's own code is.
func ownPlace(stack []proc.Stackframe) Place {
	for _, f := range stack {
		if f.Err == nil && f.Call.Fn != nil && strings.Contains(f.Call.Fn.Name, ".") && goroutine.KindOf(f.Call.Fn.Name) == goroutine.Own {
			return placeOf(f.Call)
		}
	}
	return Place{}
}

// adjustPointers does to a value what runtime.adjustframe does when a stack moves by
// delta: words that point into the old one point into the new one.
func adjustPointers(value []byte, addr, lo, hi, delta uint64) {
	for at := int(-addr & 7); at+8 <= len(value); at += 8 {
		if p := binary.LittleEndian.Uint64(value[at:]); p >= lo && p < hi {
			binary.LittleEndian.PutUint64(value[at:], p+delta)
		}
	}
}

// userOf is the user's goroutine on whose behalf a thread runs.
func (s *Session) userOf(th *glue.Thread) (addr uint64, g goroutine.G, ok bool) {
	regs, err := th.Held().Registers()
	if err != nil {
		return 0, g, false
	}
	addr, _, err = s.goroutines.Running(s.target.Memory(), s.gPointer(regs))
	if err != nil || addr == 0 {
		return 0, g, false
	}
	g, err = s.goroutines.One(s.target.Memory(), addr)
	return addr, g, err == nil
}
