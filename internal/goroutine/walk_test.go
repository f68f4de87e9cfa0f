package goroutine

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// program is code: of every pc a frame size and what it means.
type program map[uint64]struct {
	kind Kind
	size uint64
}

func (p program) Kind(pc uint64) Kind { return p[pc].kind }

func (p program) FrameSize(uint64) (uint64, bool) { return 0, false }

// tabled is a program that has a table of its functions' frames.
type tabled struct{ program }

func (p tabled) FrameSize(pc uint64) (uint64, bool) {
	at, ok := p.program[pc]
	return at.size - frame(0), ok
}

// kinds are what some code means, of which nothing else is known.
type kinds func(pc uint64) Kind

func (k kinds) Kind(pc uint64) Kind { return k(pc) }

func (k kinds) FrameSize(uint64) (uint64, bool) { return 0, false }

// sparse is memory that faults where nothing has been written.
type sparse map[uint64]uint64

var errFault = errors.New("fault")

func (m sparse) ReadMemory(buf []byte, addr uint64) (int, error) {
	for i := 0; i+8 <= len(buf); i += 8 {
		w, ok := m[addr+uint64(i)]
		if !ok {
			return i, errFault
		}
		binary.LittleEndian.PutUint64(buf[i:], w)
	}
	return len(buf), nil
}

// world is a program with stacks, and what its goroutines' frames really are.
type world struct {
	code  program
	mem   sparse
	truth map[*G][]Frame
	asked int
}

func (w *world) Unwind(g *G) ([]Frame, Spot, error) {
	w.asked++
	frames := w.truth[g]
	if len(frames) == 0 {
		return nil, Spot{}, errFault
	}
	return frames, w.want(g), nil
}

func (w *world) want(g *G) Spot {
	for i, f := range w.truth[g] {
		if i == MaxDepth {
			break
		}
		switch w.code[f.PC].kind {
		case Own:
			return Spot{PC: f.PC, Return: i > 0}
		case Bottom:
			return Spot{}
		}
	}
	return Spot{}
}

// stack builds a goroutine with these pcs on its stack, the innermost first. Frames of
// special code go on somewhere else.
func (w *world) stack(lo uint64, pcs []uint64) *G {
	g := &G{Info: Info{StackLo: lo}, PC: pcs[0], SP: lo + 64}
	sp := g.SP
	var frames []Frame
	for i, pc := range pcs {
		size := w.code[pc].size
		f := Frame{PC: pc, SP: sp, CFA: sp + size}
		for a := sp; a < f.CFA; a += 8 {
			w.mem[a] = 0xdead
		}
		if i+1 < len(pcs) {
			f.Ret = pcs[i+1]
		}
		if w.code[pc].kind != Special {
			w.mem[returnSlot(sp, f.CFA)] = f.Ret
		}
		frames = append(frames, f)
		sp = f.CFA
	}
	g.StackHi = sp
	w.truth[g] = frames
	return g
}

// TestWalk: whatever the code and the stacks are, the walker finds what the unwinder
// finds, and asks it no more often than there are places.
func TestWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{code: program{}, mem: sparse{}, truth: map[*G][]Frame{}}
		kinds := rapid.SliceOfN(rapid.SampledFrom([]Kind{Passing, Passing, Passing, Own, Bottom, Special}), 2, 20).Draw(t, "kinds")
		var pcs []uint64
		special := false
		for i, k := range kinds {
			pc := uint64(0x1000 + i)
			w.code[pc] = struct {
				kind Kind
				size uint64
			}{k, 8 * rapid.Uint64Range(1, 100).Draw(t, "size")}
			pcs = append(pcs, pc)
			special = special || k == Special
		}
		var gs []*G
		for i := range rapid.IntRange(1, 60).Draw(t, "goroutines") {
			gs = append(gs, w.stack(uint64(i+1)<<20, rapid.SliceOfN(rapid.SampledFrom(pcs), 1, 40).Draw(t, "stack")))
		}
		var code Code = w.code
		known := rapid.Bool().Draw(t, "the frames are known")
		if known {
			code = tabled{w.code}
		}
		walker := NewWalker(code)
		for again := range 2 {
			w.asked = 0
			for i, spot := range walker.Own(gs, w.mem, OneByOne{w.mem}, w) {
				if want := w.want(gs[i]); spot != want {
					t.Fatalf("goroutine %d: %+v, want %+v; frames %+v", i, spot, want, w.truth[gs[i]])
				}
			}
			if again == 0 && !known {
				continue
			}
			w.askedInVain(t, gs)
		}
	})
}

// askedInVain fails the test if the unwinder was asked where the walker could have known.
func (w *world) askedInVain(t *rapid.T, gs []*G) {
	unclear := 0
	for _, g := range gs {
		if !w.clear(g) {
			unclear++
		}
	}
	if w.asked > unclear {
		t.Fatalf("asked for %d of %d goroutines, and only %d need it", w.asked, len(gs), unclear)
	}
}

// clear reports whether the stack alone leads to the answer.
func (w *world) clear(g *G) bool {
	for i, f := range w.truth[g] {
		switch k := w.code[f.PC].kind; {
		case i == MaxDepth, k == Own, k == Bottom:
			return true
		case k == Special:
			return false
		}
	}
	return false // it has no end
}

// TestWalkDistrusts: what the unwinder says is not generalised where the stack does not bear it out.
func TestWalkDistrusts(t *testing.T) {
	base := func() (*world, *G) {
		w := &world{code: program{1: {Passing, 32}, 2: {Passing, 64}, 3: {Own, 16}, 4: {Bottom, 8}}, mem: sparse{}, truth: map[*G][]Frame{}}
		return w, w.stack(1<<20, []uint64{1, 2, 3, 4})
	}
	for name, spoil := range map[string]func(w *world, g *G){
		"another stack":              func(w *world, g *G) { w.truth[g][1].SP += 1 << 16 },
		"another return address":     func(w *world, g *G) { w.mem[returnSlot(g.SP, g.SP+32)] = 77 },
		"no frame":                   func(w *world, g *G) { w.truth[g][0].CFA = g.SP },
		"unreadable":                 func(w *world, g *G) { clear(w.mem) },
		"a bottom that is none":      func(w *world, g *G) { w.code[4], w.code[3] = w.code[3], w.code[1] },
		"own code that is not taken": func(w *world, g *G) { w.code[3] = w.code[1] },
	} {
		t.Run(name, func(t *testing.T) {
			w, g := base()
			spoil(w, g)
			walker := NewWalker(kinds(func(pc uint64) Kind {
				if name == "a bottom that is none" && pc == 3 {
					return Bottom
				}
				return [...]Kind{Special, Passing, Passing, Own, Bottom}[pc]
			}))
			for range 3 {
				if got := walker.Own([]*G{g}, w.mem, OneByOne{w.mem}, w); got[0] != w.want(g) {
					t.Fatalf("%+v, want %+v", got[0], w.want(g))
				}
			}
			if w.asked != 3 {
				t.Errorf("the unwinder was asked %d times of 3", w.asked)
			}
		})
	}
	w, g := base()
	walker := NewWalker(w.code)
	for range 3 {
		walker.Own([]*G{g}, w.mem, OneByOne{w.mem}, w)
	}
	if w.asked != 1 {
		t.Errorf("asked %d times for what can be learned at once", w.asked)
	}
	w.truth[g] = nil // the unwinder fails, and the walker has forgotten
	if got := NewWalker(w.code).Own([]*G{g}, w.mem, OneByOne{w.mem}, w); got[0] != (Spot{}) {
		t.Errorf("%+v of a stack that nobody can read", got[0])
	}
}

// TestWalkDepth: as deep as Delve looks, and no deeper.
func TestWalkDepth(t *testing.T) {
	for passing, want := range map[int]Spot{
		MaxDepth - 2: {PC: 2, Return: true}, MaxDepth - 1: {PC: 2, Return: true}, MaxDepth: {}, MaxDepth + 1: {},
	} {
		w := &world{code: program{1: {Passing, 64}, 2: {Own, 16}}, mem: sparse{}, truth: map[*G][]Frame{}}
		g := w.stack(1<<20, append(slices.Repeat([]uint64{1}, passing), 2))
		walker := NewWalker(w.code)
		for range 2 {
			if got := walker.Own([]*G{g}, w.mem, OneByOne{w.mem}, w); got[0] != want || want != w.want(g) {
				t.Errorf("below %d frames: %+v, want %+v", passing, got[0], want)
			}
		}
		if w.asked != 1 {
			t.Errorf("below %d frames: asked %d times", passing, w.asked)
		}
	}
}

// TestStack: nothing beyond a stack is part of it.
func TestStack(t *testing.T) {
	mem := sparse{}
	for a := uint64(0); a < 100; a++ {
		mem[0x1000+8*a] = a
	}
	st := stack{mem: mem, lo: 0x1010, hi: 0x1040, top: words(2, 3)}
	for addr, want := range map[uint64]int{0x1008: -1, 0x1010: 2, 0x1018: 3, 0x1020: 4, 0x1038: 7, 0x1039: -1, 0x1040: -1, 1<<64 - 8: -1} {
		if got, ok := st.word(addr); ok != (want >= 0) || ok && got != uint64(want) {
			t.Errorf("%#x: %d, %v; want %d", addr, got, ok, want)
		}
	}
	if _, ok := (&stack{mem: sparse{0: 1}}).word(0); ok {
		t.Error("no stack has a word")
	}
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string]Kind{
		"main.main": Own, "runtime.gopark": Passing, "runtime.GC": Own, "runtime.": Passing, "runtime.goexit": Bottom,
		"internal/poll.(*FD).Read": Passing, "runtime/internal/sys.x": Passing, "runtime/pprof.Do": Own, "iter.Pull[...].func1": Passing,
		"sync.(*Mutex).Lock": Own, "runtime.systemstack_switch": Special, "memeqbody": Special, "": Special, "crosscall2": Special,
		"example.com/internal/x.F": Own, "runtime.main": Passing,
	} {
		if got := KindOf(name); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	for s, want := range map[Status]string{1: "runnable", 4: "waiting", 0x1004: "waiting", 9: "preempted", 77: "status 77"} {
		if s.String() != want {
			t.Errorf("%d is %q", uint32(s), s)
		}
	}
	if !Status(0x1004).Waiting() || Status(2).Waiting() || !Status(0x100b).dead() {
		t.Error("statuses are mistaken for others")
	}
}
