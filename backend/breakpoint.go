package backend

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-delve/delve/pkg/proc"
)

// Breakpoint is a place at which the program stops.
type Breakpoint struct {
	ID       int
	Location string  // what Break was given
	Places   []Place // where that is, in order of addresses

	breakOptions
	s         *Session
	cond      string
	count     hitCondition
	exception string                  // ID of the exception that it catches
	logical   *proc.LogicalBreakpoint // for conditions that ask how often it was reached
}

// BreakOption changes what Break sets.
type BreakOption func(*breakOptions)

type breakOptions struct {
	hit       string
	reach     func(*Reached) bool
	goroutine int64
	nearest   bool
}

// InGoroutine lets a breakpoint stop one goroutine alone.
func InGoroutine(id int64) BreakOption { return func(o *breakOptions) { o.goroutine = id } }

// NextStatement moves a breakpoint on a line without code to the next line of the file
// that has some. [Breakpoint.Places] says which that is.
func NextStatement() BreakOption { return func(o *breakOptions) { o.nearest = true } }

// Break sets a breakpoint. A location is one of
//
//   - FILE:LINE; the end of a path is enough
//   - a function: withdraw, main.withdraw, account.Withdraw, example.org/bank.(*account).Withdraw;
//     of a generic one all instances, of an inlined one all calls
//   - a function and a number of lines from its beginning: main.withdraw:3
//   - /REGEXP/: all functions whose names match
//   - *ADDRESS of an instruction
//
// The condition, if it is not empty, is a Go expression that is evaluated there. Several
// breakpoints can be at one place: each is judged by itself.
//
// A program that runs is stopped for a moment. Errors: [*ExprError], [ErrCore],
// [ErrEnded].
func (s *Session) Break(ctx context.Context, location, cond string, opts ...BreakOption) (*Breakpoint, error) {
	b := &Breakpoint{Location: location, s: s}
	for _, opt := range opts {
		opt(&b.breakOptions)
	}
	count, err := conditions(cond, b.hit)
	if err != nil {
		return nil, err
	}
	b.cond, b.count = cond, count
	if err := s.do(ctx, func() error { return s.setBreakpoint(b) }); err != nil {
		return nil, err
	}
	return b, nil
}

func conditions(cond, hit string) (hitCondition, error) {
	if err := checkCondition(cond); err != nil {
		return hitCondition{}, err
	}
	return parseHitCondition(hit)
}

func (s *Session) setBreakpoint(b *Breakpoint) error {
	if err := s.live(); err != nil {
		return err
	}
	addrs, err := s.locate(b.Location, b.nearest)
	if err != nil {
		return err
	}
	s.lastID++
	b.ID = s.lastID
	b.logical = &proc.LogicalBreakpoint{LogicalID: b.ID, HitCount: map[int64]uint64{}}
	if err := s.plant(s.debuggee, b, addrs); err != nil {
		return fmt.Errorf("breakpoint at %s: %w", b.Location, err)
	}
	for _, addr := range addrs {
		b.Places = append(b.Places, Place(s.lines.Outer(addr)))
	}
	s.group.Targets.LogicalBreakpoints[b.ID] = b.logical
	s.breaks[b.ID] = b
	return nil
}

// Change gives the breakpoint other conditions, "" for none. What it has counted stays.
func (b *Breakpoint) Change(ctx context.Context, cond, hitCondition string) error {
	count, err := conditions(cond, hitCondition)
	if err != nil {
		return err
	}
	return b.s.do(ctx, func() error {
		b.cond, b.count = cond, count
		return b.s.settleAll()
	})
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
		delete(b.s.group.Targets.LogicalBreakpoints, b.ID)
		delete(b.s.breaks, b.ID)
		return b.s.removeBreakpoint(b)
	})
}

func (s *Session) removeBreakpoint(b *Breakpoint) error {
	for _, d := range s.debuggees {
		for _, st := range d.sites {
			if !slices.Contains(st.breaks, b) {
				continue
			}
			if err := s.uproot(st, b); err != nil {
				return fmt.Errorf("remove breakpoint at %s: %w", b.Location, err)
			}
		}
	}
	return nil
}
