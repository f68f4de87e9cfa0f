package backend

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-delve/delve/pkg/proc"
)

// Breakpoint is a place at which the program stops.
type Breakpoint struct {
	ID       int
	Location string  // what Break was given
	Places   []Place // where that is
	s        *Session
	logical  *proc.LogicalBreakpoint
}

// Break sets a breakpoint. A location is FILE:LINE (the end of a path is enough), a
// function as in main.withdraw, or *ADDRESS. The condition, if it is not empty, is a Go
// expression that is evaluated there.
func (s *Session) Break(ctx context.Context, location, cond string) (*Breakpoint, error) {
	if err := checkCondition(cond); err != nil {
		return nil, err
	}
	b := &Breakpoint{Location: location, s: s}
	err := s.do(ctx, func() error {
		set, err := s.location(location)
		if err != nil {
			return err
		}
		s.lastID++
		b.ID = s.lastID
		b.logical = &proc.LogicalBreakpoint{LogicalID: b.ID, Set: set, HitCount: map[int64]uint64{},
			File: set.File, Line: set.Line, FunctionName: set.FunctionName}
		grp := s.group.Targets
		grp.LogicalBreakpoints[b.ID] = b.logical
		if err = grp.ChangeBreakpointCondition(b.logical, cond, "", false); err == nil {
			err = s.process.InSlots(func() error { return grp.SetBreakpointEnabled(b.logical, true) })
		}
		if err != nil {
			delete(grp.LogicalBreakpoints, b.ID)
			return fmt.Errorf("breakpoint at %s: %w", location, err)
		}
		for _, bp := range s.target.Breakpoints().M {
			if bp.LogicalID() == b.ID {
				b.Places = append(b.Places, Place(s.lines.Outer(bp.Addr)))
			}
		}
		slices.SortFunc(b.Places, func(x, y Place) int { return int(int64(x.PC) - int64(y.PC)) })
		s.breaks[b.ID] = b
		return nil
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Hits is how often the breakpoint was reached with its condition true.
func (b *Breakpoint) Hits(ctx context.Context) (uint64, error) {
	var n uint64
	err := b.s.do(ctx, func() error {
		n = b.logical.TotalHitCount
		return nil
	})
	return n, err
}

// Remove takes the breakpoint away.
func (b *Breakpoint) Remove(ctx context.Context) error {
	return b.s.do(ctx, func() error {
		if b.s.breaks[b.ID] != b {
			return nil
		}
		grp := b.s.group.Targets
		if err := grp.SetBreakpointEnabled(b.logical, false); err != nil {
			return fmt.Errorf("remove breakpoint at %s: %w", b.Location, err)
		}
		delete(grp.LogicalBreakpoints, b.ID)
		delete(b.s.breaks, b.ID)
		return nil
	})
}

// location reads what Break was given.
func (s *Session) location(loc string) (proc.SetBreakpoint, error) {
	var set proc.SetBreakpoint
	if addr, ok := strings.CutPrefix(loc, "*"); ok {
		n, err := strconv.ParseUint(addr, 0, 64)
		if err != nil {
			return set, &ExprError{Expr: loc, Err: err, Reason: fmt.Sprintf("%q is not an address: write *0x45f0a0", loc)}
		}
		set.PidAddrs = []proc.PidAddr{{Pid: s.pid, Addr: n}}
		return set, nil
	}
	if i := strings.LastIndexByte(loc, ':'); i >= 0 {
		line, err := strconv.Atoi(loc[i+1:])
		if err != nil || line < 1 {
			return set, &ExprError{Expr: loc, Reason: fmt.Sprintf("%q is not a line: write FILE:LINE, a function, or *ADDRESS", loc)}
		}
		set.File, err = s.sourceFile(loc[:i])
		set.Line = line
		return set, err
	}
	fns, err := s.target.BinInfo().FindFunction(loc)
	if err != nil || len(fns) == 0 {
		var names []string
		for i := range s.target.BinInfo().Functions {
			names = append(names, s.target.BinInfo().Functions[i].Name)
		}
		return set, &ExprError{Expr: loc, Err: err, Reason: "no function " + loc, Similar: similar(loc, names)}
	}
	set.FunctionName = loc
	return set, nil
}

// sourceFile finds the one source file whose path ends in name.
func (s *Session) sourceFile(name string) (string, error) {
	var found []string
	suffix := "/" + strings.TrimPrefix(filepath.ToSlash(filepath.Clean(name)), "/")
	for _, f := range s.target.BinInfo().Sources {
		if f == name {
			return f, nil
		}
		if strings.HasSuffix(f, suffix) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", &ExprError{Expr: name, Reason: fmt.Sprintf("no source file %s in the program", name)}
	}
	slices.Sort(found)
	return "", &ExprError{Expr: name, Reason: fmt.Sprintf("%s may be %s: give more of the path", name, strings.Join(found, " or ")), Similar: nil}
}
