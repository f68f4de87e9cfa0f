package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"os"

	"github.com/go-delve/delve/pkg/proc"
	"github.com/go-delve/delve/pkg/proc/native"
)

// loads is what is read of variables: as much as Argus reads unless told otherwise
// (backend.Load).
var loads = proc.LoadConfig{FollowPointers: true, MaxVariableRecurse: 1, MaxStringLen: 512, MaxArrayValues: 64, MaxStructFields: -1}

// delved starts a program with Delve's library, on its own backend.
func delved(args []string) (*proc.TargetGroup, error) {
	null := proc.OutputRedirect{Path: os.DevNull}
	g, err := native.Launch(args, "", 0, nil, "", "", null, null)
	if err != nil {
		return nil, fmt.Errorf("delve: %w", err)
	}
	return g, nil
}

// exited reports whether an error of Delve's says that the program has ended well.
func exited(err error) bool {
	var e proc.ErrProcessExited
	return errors.As(err, &e) && e.Status == 0
}

// delve does it with Delve's library.
func (h hits) delve(_ context.Context, with *setting) (sample, error) {
	g, err := delved(with.hot(h))
	if err != nil {
		return sample{}, err
	}
	var bp *proc.Breakpoint
	if h.line {
		pc, err := with.pc()
		if err != nil {
			return sample{}, err
		}
		bp, err = g.Selected.SetBreakpoint(1, pc, proc.UserBreakpoint, nil)
		if err != nil {
			return sample{}, err
		}
	} else {
		cond, err := parser.ParseExpr(h.condition())
		if err != nil {
			return sample{}, err
		}
		scope, err := proc.ThreadScope(g.Selected, g.Selected.CurrentThread())
		if err != nil {
			return sample{}, err
		}
		bp, err = g.Selected.SetWatchpoint(1, scope, h.expr(), proc.WatchWrite, cond)
		if err != nil {
			return sample{}, err
		}
	}
	if h.line {
		count := ""
		if h.kind == hitCount {
			count = fmt.Sprintf("== %d", never)
		}
		if err := g.ChangeBreakpointCondition(bp.Logical, h.condition(), count, false); err != nil {
			return sample{}, err
		}
	}
	var told uint64
	for {
		err := g.Continue()
		if exited(err) {
			break
		}
		if err != nil {
			return sample{}, fmt.Errorf("delve: %w", err)
		}
		if h.kind == logPoint {
			scope, err := proc.GoroutineScope(g.Selected, g.Selected.CurrentThread())
			if err != nil {
				return sample{}, err
			}
			v, err := scope.EvalExpression("v", loads)
			if err != nil {
				return sample{}, fmt.Errorf("delve: %w", err)
			}
			if v.Value == nil {
				return sample{}, errors.New("delve: v has no value")
			}
		}
		told++
	}
	switch h.kind {
	case conditionRare, logPoint:
	case hitCount:
		told = bp.Logical.TotalHitCount
	default:
		told = countless // it does not count what is false
	}
	return with.result(told, h.expected)
}
