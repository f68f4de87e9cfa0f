package goroutine

import "encoding/binary"

const (
	// MaxDepth is how many frames are looked at for a goroutine's own code, as Delve does.
	MaxDepth = 30
	// prefetch is how much of every stack is read at once, in bytes from its top: the
	// frames of the runtime below a channel operation, a lock or a select have less.
	prefetch = 768
	// maxSpots bounds the memory of a Walker; then it starts again.
	maxSpots = 1 << 16
)

// Spot is where a frame is.
type Spot struct {
	PC     uint64
	Return bool // a call returns there: the frame is at the call before it
}

// Frame is a call on a stack, as an unwinder with debug information sees it.
type Frame struct {
	PC, SP uint64
	CFA    uint64 // the stack pointer before the call; DWARF's canonical frame address
	Ret    uint64 // the return address
}

// Unwinder knows the way in every case.
type Unwinder interface {
	// Unwind returns the frames of a goroutine, the innermost first, and which of them is
	// its own code: the zero Spot if none is.
	Unwind(g *G) ([]Frame, Spot, error)
}

// Code is what a Walker knows of a program.
type Code interface {
	// Kind is what the function that contains pc means.
	Kind(pc uint64) Kind
	// FrameSize is how much of the stack that function has taken at pc, in bytes, without
	// what the call to it has pushed. It need not be known.
	FrameSize(pc uint64) (n uint64, ok bool)
}

// Walker finds where goroutines' own code is. What it has learned is true for as long as
// the program's code is.
type Walker struct {
	code  Code
	rules map[Spot]rule
}

// rule says how to go on from a spot. A spot without one has not been met.
type rule struct {
	kind Kind   // Special: ask the unwinder, always
	size uint64 // of the frame, if it is Passing
}

// NewWalker returns a Walker for a program.
func NewWalker(code Code) *Walker {
	return &Walker{code: code, rules: map[Spot]rule{}}
}

// Own returns for each goroutine where its own code is. The zero Spot is one that
// has none on its stack, or that could not be read. Of those that run on a thread PC and
// SP are the thread's, on the goroutine's own stack.
func (w *Walker) Own(gs []*G, mem Memory, bulk Bulk, full Unwinder) []Spot {
	spots := make([]Spot, len(gs))
	const batch = 1024
	buf := make([]byte, min(len(gs), batch)*prefetch)
	for from := 0; from < len(gs); from += batch {
		part := gs[from:min(len(gs), from+batch)]
		for i, st := range prefetched(part, buf, mem, bulk) {
			spots[from+i] = w.own(part[i], st, full)
		}
	}
	return spots
}

// prefetched reads the top of each stack.
func prefetched(gs []*G, buf []byte, mem Memory, bulk Bulk) []stack {
	stacks := make([]stack, len(gs))
	pieces := make([]Piece, len(gs))
	for i, g := range gs {
		n := 0
		if g.SP < g.StackHi {
			n = int(min(prefetch, g.StackHi-g.SP))
		}
		pieces[i] = Piece{Addr: g.SP, Buf: buf[i*prefetch:][:n]}
	}
	bulk.ReadPieces(pieces)
	for i, g := range gs {
		stacks[i] = stack{mem: mem, lo: g.SP, hi: g.StackHi}
		if pieces[i].Err == nil {
			stacks[i].top = pieces[i].Buf
		}
	}
	return stacks
}

func (w *Walker) own(g *G, st stack, full Unwinder) Spot {
	if spot, ok := w.walk(g, st); ok {
		return spot
	}
	frames, spot, err := full.Unwind(g)
	if err != nil {
		return Spot{}
	}
	if top, known := w.rules[Spot{PC: g.PC}]; !known || top.kind != Special {
		w.learn(g, st, frames, spot)
	}
	return spot
}

// walk goes by rules alone, and is not ok where they do not suffice.
func (w *Walker) walk(g *G, st stack) (own Spot, ok bool) {
	spot, sp := Spot{PC: g.PC}, g.SP
	for range MaxDepth {
		r, known := w.rule(spot)
		if !known || r.kind == Special {
			return Spot{}, false
		}
		switch r.kind {
		case Own:
			return spot, true
		case Bottom:
			return Spot{}, true
		}
		cfa := sp + r.size
		ret, ok := st.word(returnSlot(sp, cfa))
		if !ok {
			return Spot{}, false
		}
		if ret == 0 {
			return Spot{}, true
		}
		spot, sp = Spot{PC: ret, Return: true}, cfa
	}
	return Spot{}, true
}

// rule is known if the code is, or was learned.
func (w *Walker) rule(spot Spot) (rule, bool) {
	if r, known := w.rules[spot]; known {
		return r, true
	}
	r := rule{kind: w.code.Kind(spot.PC)}
	switch r.kind {
	case Special:
		return r, false
	case Passing:
		n, known := w.code.FrameSize(spot.PC)
		if r.size = frame(n); !known || r.size == 0 {
			return r, false
		}
	}
	w.keep(spot, r)
	return r, true
}

func (w *Walker) keep(spot Spot, r rule) {
	if len(w.rules) >= maxSpots {
		clear(w.rules)
	}
	w.rules[spot] = r
}

// learn makes rules of what the unwinder has found: own is the answer.
func (w *Walker) learn(g *G, st stack, frames []Frame, own Spot) {
	sp := g.SP
	for i, f := range frames {
		spot := Spot{PC: f.PC, Return: i > 0}
		r := rule{kind: w.code.Kind(f.PC)}
		switch r.kind {
		case Own:
			if own != spot {
				r.kind = Special
			}
		case Bottom:
			if own != (Spot{}) {
				r.kind = Special
			}
		case Passing:
			ret, ok := st.word(returnSlot(f.SP, f.CFA))
			if r.size = f.CFA - f.SP; f.SP != sp || !ok || ret != f.Ret || r.size == 0 {
				r = rule{kind: Special}
			}
		}
		if old, known := w.rules[spot]; known && old != r {
			r = rule{kind: Special}
		}
		w.keep(spot, r)
		if r.kind != Passing {
			return
		}
		sp = f.CFA
	}
}

// Caller returns where the return address of the frame at sp is, and the stack pointer of
// the function that called. taken is [Code.FrameSize]. It is not ok where the return
// address is on no stack yet.
func Caller(sp, taken uint64) (slot, callerSP uint64, ok bool) {
	size := frame(taken)
	return returnSlot(sp, sp+size), sp + size, size != 0
}

// stack is the memory of a goroutine's stack from where it was parked on.
type stack struct {
	top    []byte // what was read ahead, from lo on
	lo, hi uint64
	mem    Memory
}

func (s *stack) word(addr uint64) (uint64, bool) {
	if addr < s.lo || s.hi < 8 || addr > s.hi-8 {
		return 0, false
	}
	if at := addr - s.lo; at+8 <= uint64(len(s.top)) {
		return binary.LittleEndian.Uint64(s.top[at:]), true
	}
	var buf [8]byte
	if _, err := s.mem.ReadMemory(buf[:], addr); err != nil {
		return 0, false
	}
	return binary.LittleEndian.Uint64(buf[:]), true
}
