package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/backend"
)

const (
	depth  = 50 // frames that are asked for
	frames = 18 // that there are at least: descend of the program hot
)

// lookCase is what a debugger shows at a stop: the stack, and the variables of the
// innermost frame. The first stop, at which it reads what does not change, is left out.
func lookCase() benchmark {
	return benchmark{name: "look", title: "stack and variables at a stop", unit: nanoseconds, run: map[tool]measure{
		argus: func(ctx context.Context, with *setting) (sample, error) {
			s, _, err := argusAtHit(ctx, with)
			if err != nil {
				return sample{}, err
			}
			defer s.Close()
			return between(with.For, func() error { return argusOn(ctx, s) }, func() error { return argusLook(ctx, s) })
		},
		delve: func(_ context.Context, with *setting) (sample, error) {
			g, _, err := delveAtHit(with)
			if err != nil {
				return sample{}, err
			}
			defer g.Detach(true)
			return between(with.For, g.Continue, func() error { return delveLook(g) })
		},
		gdb: func(ctx context.Context, with *setting) (sample, error) {
			pc, err := with.pc()
			if err != nil {
				return sample{}, err
			}
			look := fmt.Sprintf(`[gdb.execute(c, to_string=True) for c in ("bt %d", "info args", "info locals")]`, depth)
			return timedGDB(ctx, with, gdbRun(with.inHot(), fmt.Sprintf("*%#x", pc))+"continue\npython "+look+"\n"+
				gdbRepeat(with.For, `gdb.execute("continue", to_string=True)`, look))
		},
	}, cannot: map[tool]string{
		floor:  "it knows no variables",
		kernel: "it knows no variables",
	}}
}

// between goes on and looks by turns until the time is over, and returns the mean of what
// a look takes. The first two are not in it.
func between(d time.Duration, goOn, look func() error) (sample, error) {
	var total sample
	began := time.Now()
	for n := -2; ; n++ {
		w := watchFor(0)
		if err := look(); err != nil {
			return sample{}, err
		}
		if one := w.stop(1); n >= 0 {
			total.Value += one.Value
			total.CPU += one.CPU
			if time.Since(began) >= d {
				return sample{Value: total.Value / float64(n+1), CPU: total.CPU / float64(n+1)}, nil
			}
		}
		if err := goOn(); err != nil {
			return sample{}, err
		}
	}
}

func argusLook(ctx context.Context, s *backend.Session) error {
	stack, err := s.Stack(ctx, -1, depth)
	if err != nil {
		return err
	}
	vars, err := s.Locals(ctx, backend.Selected, backend.Load{})
	if err != nil {
		return err
	}
	return enough(len(stack), len(vars))
}

func delveLook(g *proc.TargetGroup) error {
	stack, err := proc.GoroutineStacktrace(g.Selected, g.Selected.SelectedGoroutine(), depth, 0)
	if err != nil {
		return err
	}
	scope, err := proc.ConvertEvalScope(g.Selected, -1, 0, 0)
	if err != nil {
		return err
	}
	vars, err := scope.LocalVariables(loads)
	if err != nil {
		return err
	}
	arguments, err := scope.FunctionArguments(loads)
	if err != nil {
		return err
	}
	return enough(len(stack), len(vars)+len(arguments))
}

// enough holds what is shown against what there is.
func enough(stack, vars int) error {
	if stack < frames || vars < 4 {
		return errors.New("not all was shown: " + fmt.Sprintf("%d frames and %d variables", stack, vars))
	}
	return nil
}
