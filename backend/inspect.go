package backend

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// Place is a position in the program.
type Place struct {
	PC       uint64
	Function string // "" if unknown
	File     string
	Line     int
}

func (p Place) String() string {
	switch {
	case p.Function == "" && p.File == "":
		return fmt.Sprintf("%#x", p.PC)
	case p.File == "":
		return p.Function
	}
	return fmt.Sprintf("%s (%s:%d)", p.Function, p.File, p.Line)
}

// Frame is a call on a stack.
type Frame struct {
	Place
	Inlined bool
}

// Goroutine names a goroutine.
type Goroutine struct {
	ID    int64  // 0: none
	Start string // the function that it began with
}

func (g Goroutine) String() string {
	switch {
	case g.ID == 0:
		return "no goroutine"
	case g.Start == "":
		return fmt.Sprintf("goroutine %d", g.ID)
	}
	return fmt.Sprintf("goroutine %d (%s)", g.ID, g.Start)
}

// Thread is a thread of the program.
type Thread struct {
	ID        int
	Goroutine Goroutine
	Place     Place
}

// GoroutineInfo is a goroutine as it is now.
type GoroutineInfo struct {
	Goroutine
	Place  Place // where its own code is, outside of the runtime
	Thread int   // the thread that it runs on, or 0
}

// Threads lists the threads.
func (s *Session) Threads(ctx context.Context) ([]Thread, error) {
	var list []Thread
	err := s.do(ctx, func() error {
		for _, th := range s.target.ThreadList() {
			t := Thread{ID: th.ThreadID(), Goroutine: s.goroutineOn(th.(*glue.Thread))}
			if regs, err := th.Registers(); err == nil {
				t.Place = s.at(th.(*glue.Thread), regs.PC())
			}
			list = append(list, t)
		}
		return nil
	})
	return list, err
}

// Goroutines lists the goroutines, in order of their ids.
func (s *Session) Goroutines(ctx context.Context) ([]GoroutineInfo, error) {
	var list []GoroutineInfo
	err := s.do(ctx, func() error {
		gs, _, err := proc.GoroutinesInfo(s.target, 0, 0)
		if err != nil {
			return fmt.Errorf("list goroutines: %w", err)
		}
		for _, g := range gs {
			if g.Unreadable != nil {
				continue
			}
			loc := g.UserCurrent()
			info := GoroutineInfo{Goroutine: Goroutine{g.ID, s.lines.FuncName(g.StartPC)},
				Place: Place{PC: loc.PC, File: loc.File, Line: loc.Line}}
			if loc.Fn != nil {
				info.Place.Function = loc.Fn.Name
			}
			if g.Thread != nil {
				info.Thread = g.Thread.ThreadID()
			}
			list = append(list, info)
		}
		slices.SortFunc(list, func(a, b GoroutineInfo) int { return int(a.ID - b.ID) })
		return nil
	})
	return list, err
}

// SelectGoroutine makes a goroutine the one that Next, Eval and their like mean.
func (s *Session) SelectGoroutine(ctx context.Context, id int64) error {
	return s.do(ctx, func() error {
		g, err := proc.FindGoroutine(s.target, id)
		if err == nil && g == nil {
			err = fmt.Errorf("no goroutine %d", id)
		}
		if err != nil {
			return err
		}
		return s.target.SwitchGoroutine(g)
	})
}

// Stack returns up to depth frames of a goroutine's stack, the innermost first; -1 is
// the selected goroutine.
func (s *Session) Stack(ctx context.Context, goroutine int64, depth int) ([]Frame, error) {
	var frames []Frame
	err := s.do(ctx, func() error {
		g, err := proc.FindGoroutine(s.target, goroutine)
		if err != nil {
			return err
		}
		var stack []proc.Stackframe
		if g == nil {
			stack, err = proc.ThreadStacktrace(s.target, s.target.CurrentThread(), depth-1)
		} else {
			stack, err = proc.GoroutineStacktrace(s.target, g, depth-1, 0)
		}
		if err != nil {
			return fmt.Errorf("stack of goroutine %d: %w", goroutine, err)
		}
		frames = framesOf(stack)
		return nil
	})
	return frames, err
}

func framesOf(stack []proc.Stackframe) []Frame {
	frames := make([]Frame, 0, len(stack))
	for _, f := range stack {
		if f.Err != nil {
			break
		}
		fr := Frame{Place: Place{PC: f.Current.PC, File: f.Call.File, Line: f.Call.Line}, Inlined: f.Inlined}
		if f.Call.Fn != nil {
			fr.Function = f.Call.Fn.Name
		}
		frames = append(frames, fr)
	}
	return frames
}

// stackOf is the stack at a hit, in the event loop. Its innermost frame is where the
// access was made.
func (s *Session) stackOf(th *glue.Thread, depth int, at Place) []Frame {
	defer s.forget(th)
	stack, err := proc.ThreadStacktrace(s.target, th.At(at.PC), depth-1)
	if err != nil {
		return []Frame{{Place: at}}
	}
	frames := framesOf(stack)
	if len(frames) == 0 {
		return []Frame{{Place: at}}
	}
	frames[0].Place = at
	return frames
}

// forget drops what Delve remembered of a thread that is about to run on.
func (s *Session) forget(th *glue.Thread) {
	th.ForgetGoroutine()
	s.target.ClearCaches()
}

// goroutineOn says which goroutine runs on a stopped thread.
func (s *Session) goroutineOn(th *glue.Thread) Goroutine {
	var g Goroutine
	_ = s.group.Do(func() {
		regs, err := th.Held().Registers()
		if err != nil {
			return // being killed
		}
		info, err := s.goroutines.ReadInto(s.target.Memory(), s.gPointer(regs), s.gBuf)
		if err != nil || info.ID == 0 {
			return // not a thread of the Go runtime's
		}
		g = Goroutine{ID: info.ID, Start: s.lines.FuncName(info.StartPC)}
	})
	return g
}

// at is the place of the instruction at pc, which th has executed or stands at.
func (s *Session) at(th *glue.Thread, pc uint64) Place {
	if !s.lines.Known(pc) {
		defer s.forget(th)
	}
	return Place(s.lines.At(pc, th.At(pc)))
}

// scope is where expressions are evaluated: in a frame of a goroutine, -1 being the
// selected one.
func (s *Session) scope(goroutine int64, frame int) (*proc.EvalScope, error) {
	if goroutine == -1 && s.target.SelectedGoroutine() == nil {
		th := s.target.CurrentThread()
		if th == nil {
			return nil, errNoScope
		}
		return proc.ThreadScope(s.target, th)
	}
	return proc.ConvertEvalScope(s.target, goroutine, frame, 0)
}

// condition evaluates a watchpoint's condition in the event loop, where th is stopped
// and others may run.
func (s *Session) condition(cond string, th *glue.Thread) (bool, error) {
	defer s.forget(th)
	scope, err := proc.GoroutineScope(s.target, th)
	if err != nil { // a thread without a goroutine
		scope, err = proc.ThreadScope(s.target, th)
	}
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", cond, err)
	}
	v, err := scope.EvalExpression(cond, proc.LoadConfig{MaxStringLen: 1 << 10})
	if err != nil {
		return false, fmt.Errorf("condition %q: %w", cond, err)
	}
	return boolOf(cond, v)
}

// ReadMemory reads the program's memory, all of buf or none.
func (s *Session) ReadMemory(ctx context.Context, addr uint64, buf []byte) error {
	return s.do(ctx, func() error {
		_, err := s.process.ReadProgram(buf, addr)
		return err
	})
}

// WriteMemory writes the program's memory. Watchpoints do not fire for it.
func (s *Session) WriteMemory(ctx context.Context, addr uint64, data []byte) error {
	return s.do(ctx, func() error {
		_, err := s.target.Memory().WriteMemory(addr, data)
		s.forgive()
		return err
	})
}

// forgive takes the values as they are: we have written them ourselves.
func (s *Session) forgive() {
	for _, w := range s.watches {
		if _, err := s.target.Memory().ReadMemory(w.now, w.addr); err == nil {
			copy(w.last, w.now)
			copy(w.seen, w.now)
		}
	}
}

func intOf(t godwarf.Type, b []byte) (int64, bool) {
	t = godwarf.ResolveTypedef(t)
	signed := false
	switch t.(type) {
	case *godwarf.IntType, *godwarf.CharType:
		signed = true
	case *godwarf.UintType, *godwarf.UcharType, *godwarf.BoolType, *godwarf.PtrType, *godwarf.AddrType:
	default:
		return 0, false
	}
	var word [8]byte
	if len(b) > 8 || len(b) == 0 {
		return 0, false
	}
	copy(word[:], b)
	u := binary.LittleEndian.Uint64(word[:])
	if signed {
		shift := 64 - 8*uint(len(b))
		return int64(u<<shift) >> shift, true
	}
	return int64(u), u <= math.MaxInt64
}
