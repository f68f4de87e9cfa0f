package backend

import (
	"slices"

	"github.com/go-delve/delve/pkg/proc"
)

// readStack is a stack that a trace has found, and what it is made of. One write in a loop is
// made by the same calls again and again: they are looked up once.
type readStack struct {
	at     Place
	first  uint64   // program counter of the innermost frame
	pcs    []uint64 // of the calls
	frames []Frame
}

// stackOf is the stack. A function that has no frame does not show by its frame pointer
// who has called it: the address is on top of the stack then.
func (r *reader) stackOf(at Place) []Frame {
	raw := &r.raw
	first, pcs := at.PC, r.pcs[:0]
	if raw.Kernel {
		first = raw.PC
	} else if raw.Top != 0 && r.frameless(raw.PC) {
		pcs = append(pcs, raw.Top)
	}
	pcs = append(pcs, raw.Stack[min(1, raw.Depth):raw.Depth]...)
	r.pcs = pcs
	key := hashOf(first, pcs)
	if s := r.stacks[key]; s != nil && s.at == at && s.first == first && slices.Equal(s.pcs, pcs) {
		return s.frames
	}
	if len(r.stacks) >= maxTracePlaces {
		clear(r.stacks)
	}
	s := &readStack{at: at, first: first, pcs: slices.Clone(pcs), frames: r.framesOf(at, first, pcs)}
	r.stacks[key] = s
	return s.frames
}

// hashOf tells stacks apart, as a rule (FNV-1a, by words).
func hashOf(first uint64, pcs []uint64) uint64 {
	const prime = 1099511628211
	h := 14695981039346656037 ^ first
	for _, pc := range pcs {
		h = (h ^ pc) * prime
	}
	return h
}

// frameless reports whether the function of pc has no frame there.
func (r *reader) frameless(pc uint64) bool {
	bare, known := r.bare[pc]
	if !known {
		if len(r.bare) >= maxTracePlaces {
			clear(r.bare)
		}
		taken, ok := r.code.FrameSize(pc)
		bare = ok && taken == 0
		r.bare[pc] = bare
	}
	return bare
}

// framesOf are the frames of a write and the calls above it, as many as were asked for.
func (r *reader) framesOf(at Place, first uint64, pcs []uint64) []Frame {
	all := make([]Frame, 0, r.stack+4)
	add := func(pc uint64, innermost bool) {
		for _, f := range r.callsAt(pc, innermost) {
			f.Index = len(all)
			all = append(all, f)
		}
	}
	add(first, true)
	if len(all) > 0 {
		all[0].Place = at
	}
	for _, pc := range pcs {
		if len(all) >= r.stack {
			break
		}
		add(pc, false)
	}
	n := min(len(all), r.stack)
	return all[:n:n]
}

// callsAt are the frames for one address: several if calls are inlined there. A return
// address is behind the call.
func (r *reader) callsAt(pc uint64, innermost bool) []Frame {
	key := pc
	if innermost {
		key |= 1 << 63
	}
	if list, ok := r.frames[key]; ok {
		return list
	}
	if len(r.frames) >= maxTracePlaces {
		clear(r.frames)
	}
	at := pc
	if !innermost {
		at--
	}
	calls := r.code.Calls(at)
	list := make([]Frame, len(calls))
	for i, c := range calls {
		c.PC = pc
		list[i] = Frame{Place: Place(c), Package: (&proc.Function{Name: c.Function}).PackageName(), Inlined: i < len(calls)-1}
	}
	r.frames[key] = list
	return list
}
