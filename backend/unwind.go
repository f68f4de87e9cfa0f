package backend

import (
	"encoding/binary"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/goroutine"
)

// unwind returns up to depth frames of a goroutine's stack by the tables that the program
// has for its own tracebacks. These are the frames that Delve finds with debug information,
// in a fraction of the time. It is not ok where only Delve can tell: on other stacks than
// a goroutine's own, where a stack goes on on another, and in code that is not Go.
func (s *Session) unwind(id int64, depth int) (frames []Frame, ok bool) {
	if s.lines.Load() != nil {
		return nil, false
	}
	pc, sp, ok := s.whereabouts(id)
	if !ok {
		return nil, false
	}
	ok = s.eachFrame(pc, sp, func(at uint64, fn *proc.Function) bool {
		calls, known := s.lines.Calls(at)
		if !known {
			frames = nil
			return false
		}
		if len(frames) > 0 {
			at++ // the return address
		}
		for i, c := range calls {
			c.PC = at
			in := fn
			if i < len(calls)-1 {
				in = &proc.Function{Name: c.Function}
			}
			frames = append(frames, Frame{Place: Place(c), Index: len(frames), Inlined: in != fn,
				Package: in.PackageName(), Optimized: fn.Optimized()})
		}
		return len(frames) < depth
	})
	if !ok || len(frames) == 0 {
		return nil, false
	}
	return frames[:min(depth, len(frames))], true
}

// whereabouts are the program counter and the stack pointer of a goroutine that is on its
// own stack.
func (s *Session) whereabouts(id int64) (pc, sp uint64, ok bool) {
	selected := s.target.SelectedGoroutine()
	if selected != nil && (id == -1 || id == selected.ID) {
		if selected.SystemStack {
			return 0, 0, false
		}
		if selected.Thread == nil {
			return selected.PC, selected.SP, true
		}
		regs, err := selected.Thread.Registers()
		if err != nil {
			return 0, 0, false
		}
		return regs.PC(), regs.SP(), true
	}
	if id <= 0 {
		return 0, 0, false
	}
	l, err := s.everyone()
	if err != nil {
		return 0, 0, false
	}
	for _, r := range l.rows {
		switch {
		case r.ID != id || r.Err != nil:
		case r.on == nil:
			return r.PC, r.SP, true
		default:
			return r.on.pc, r.on.sp, r.on.sp >= r.StackLo && r.on.sp < r.StackHi
		}
	}
	return 0, 0, false
}

// window is the part of a stack that was read last.
type window struct {
	mem goroutine.Memory
	at  uint64
	buf []byte
}

// caller returns where the frame at sp was called from, and the stack pointer there.
// taken is how much of the stack its function has taken.
func (w *window) caller(sp, taken uint64) (pc, callerSP uint64, ok bool) {
	slot, end, ok := goroutine.Caller(sp, taken)
	if !ok {
		return 0, 0, false
	}
	if slot < w.at || slot+wordSize > w.at+uint64(len(w.buf)) {
		const ahead = 2048 // the smallest stack
		w.at, w.buf = slot, make([]byte, ahead-slot%ahead)
		if slot%wordSize != 0 {
			return 0, 0, false
		}
		if _, err := w.mem.ReadMemory(w.buf, slot); err != nil {
			return 0, 0, false
		}
	}
	return binary.LittleEndian.Uint64(w.buf[slot-w.at:]), end, true
}

// eachFrame calls fn for the functions whose frames are on a stack, from the innermost on,
// until it returns false: with the instruction that is executed there, or is behind which the
// call returns. It is not ok if it stopped where only Delve can tell how the stack goes on.
func (s *Session) eachFrame(pc, sp uint64, fn func(at uint64, f *proc.Function) bool) (ok bool) {
	if s.lines.Load() != nil {
		return false
	}
	st := window{mem: s.target.Memory()}
	for at := pc; ; at = pc - 1 { // a return address is behind the call
		f := s.target.BinInfo().PCToFunc(pc)
		if f == nil || at < f.Entry {
			return false
		}
		kind := goroutine.KindOf(f.Name)
		if kind == goroutine.Special {
			return false
		}
		if !fn(at, f) || kind == goroutine.Bottom {
			return true
		}
		taken, known := s.lines.FrameSize(pc)
		if !known {
			return false
		}
		if pc, sp, known = st.caller(sp, taken); !known {
			return false
		}
		if pc == 0 {
			return true
		}
	}
}
