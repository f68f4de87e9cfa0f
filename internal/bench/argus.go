package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/argusdbg/argus/backend"
)

// launch starts a program with Argus.
func launch(ctx context.Context, args []string) (*backend.Session, error) {
	s, err := backend.Launch(ctx, backend.LaunchConfig{Path: args[0], Args: args[1:]})
	if err != nil {
		return nil, fmt.Errorf("argus: %w", err)
	}
	return s, nil
}

// argus does it with package backend.
func (h hits) argus(ctx context.Context, with *setting) (sample, error) {
	s, err := launch(ctx, with.hot(h))
	if err != nil {
		return sample{}, err
	}
	defer s.Close()
	var told func() uint64
	if h.line {
		told, err = h.breakpoint(ctx, s, with)
	} else {
		told, err = h.watchpoint(ctx, s)
	}
	if err != nil {
		return sample{}, err
	}
	ev, err := s.Continue(ctx)
	if err != nil {
		return sample{}, err
	}
	if exit, ok := ev.(*backend.Exit); !ok || exit.Status != 0 {
		return sample{}, fmt.Errorf("argus: the program was to run to its end: %v", ev)
	}
	return with.result(told(), h.expected)
}

func (h hits) watchpoint(ctx context.Context, s *backend.Session) (told func() uint64, err error) {
	if h.guarded { // take all registers
		for i := range 4 {
			if _, err := s.Watch(ctx, fmt.Sprintf("main.quiet[%d]", i), backend.Write, backend.InMode(backend.ModePinned)); err != nil {
				return nil, err
			}
		}
	}
	var reported uint64
	cond := h.condition()
	if h.guarded {
		cond = fmt.Sprintf("main.guarded.V == %d", never)
	}
	opts := []backend.WatchOption{backend.Report(func(*backend.Hit) { reported++ })}
	if h.kind == oneGoroutine {
		opts = append(opts, backend.OnGoroutine(never))
	} else {
		opts = append(opts, backend.If(cond))
	}
	if !h.decided {
		opts = append(opts, backend.ByStop())
	}
	w, err := s.Watch(ctx, h.expr(), backend.Write, opts...)
	if ge := (*backend.GuardError)(nil); errors.As(err, &ge) {
		return nil, cannot("%v", err)
	}
	if err != nil {
		return nil, err
	}
	if in, why := w.InKernel(); h.decided && !in {
		return nil, cannot("%s", why)
	}
	return func() uint64 {
		switch st := w.Stats(); {
		case h.kind == oneGoroutine:
			return st.Others
		case h.kind == conditionRare:
			return reported
		case h.what == "W":
			return st.Idle
		default:
			return st.Hits
		}
	}, nil
}

func (h hits) breakpoint(ctx context.Context, s *backend.Session, with *setting) (told func() uint64, err error) {
	pc, err := with.pc()
	if err != nil {
		return nil, err
	}
	at := fmt.Sprintf("*%#x", pc)
	cond := h.condition()
	var opts []backend.BreakOption
	var reached uint64
	switch h.kind {
	case hitCount:
		opts = append(opts, backend.HitCondition(fmt.Sprintf("== %d", never)))
	case oneGoroutine:
		cond, opts = "", append(opts, backend.InGoroutine(never))
	case logPoint:
		opts = append(opts, backend.OnReach(func(r *backend.Reached) bool {
			if text, err := r.Eval("v"); err == nil && text != "" {
				reached++
			}
			return false
		}))
	}
	b, err := s.Break(ctx, at, cond, opts...)
	if err != nil {
		return nil, err
	}
	return func() uint64 {
		switch h.kind {
		case logPoint:
			return reached
		case conditionFalse:
			if list, err := b.Explain(ctx); err == nil && len(list) == 1 {
				return list[0].Times
			}
		}
		return countless // it is not told any more when the program has ended
	}, nil
}
