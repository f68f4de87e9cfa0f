package backend

import (
	"context"
	"fmt"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/glue"
)

// Frame is a call on a stack.
type Frame struct {
	Place
	Index     int    // 0 is the innermost
	Package   string // the import path of the function's package; "" if it has none
	Inlined   bool
	Optimized bool // compiled with optimizations: variables may be missing or stale
}

// Stack returns up to depth frames of a goroutine's stack, the innermost first; -1 is
// the selected goroutine. Ask for one more than are wanted to learn whether there are more.
func (s *Session) Stack(ctx context.Context, goroutine int64, depth int) ([]Frame, error) {
	var frames []Frame
	err := s.do(ctx, func() error {
		var ok bool
		if frames, ok = s.unwind(goroutine, depth); ok {
			return nil
		}
		g, err := s.findGoroutine(goroutine)
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
	for i, f := range stack {
		if f.Err != nil {
			break
		}
		fr := Frame{Place: placeOf(f.Call), Index: i, Inlined: f.Inlined}
		fr.PC = f.Current.PC
		if fn := f.Call.Fn; fn != nil {
			fr.Package, fr.Optimized = fn.PackageName(), fn.Optimized()
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

// scope is a frame of a goroutine as Delve evaluates in it, -1 being the selected one.
func (s *Session) scope(goroutine int64, frame int) (*proc.EvalScope, error) {
	if goroutine == -1 && s.target.SelectedGoroutine() == nil {
		th := s.target.CurrentThread()
		if th == nil {
			return nil, errNoScope
		}
		return proc.ThreadScope(s.target, th)
	}
	if _, err := s.findGoroutine(goroutine); err != nil {
		return nil, err
	}
	return proc.ConvertEvalScope(s.target, goroutine, frame, 0)
}
