package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/proc"

	"github.com/argusdbg/argus/internal/cond"
)

// Breakpoint is a place at which the program stops.
type Breakpoint struct {
	ID       int
	Location string  // what Break was given
	Places   []Place // where that was found, in order of addresses; none if it waits for a program: see [Pending]
	Absent   error   // why there are no Places; nil if there are

	breakOptions
	s         *Session
	cond      string
	chosen    map[*debuggee]*chosen         // goroutines that it stops
	when      map[*debuggee]*cond.Condition // cond, for each of the programs
	count     hitCondition
	off       bool                    // it lets everything pass
	waits     bool                    // for a program that has its place
	asks      bool                    // and its function is to decide that
	answers   []answer                // of its function, which were not asked for yet
	counts    bool                    // it was reached with its condition true, and may have to stop
	exception string                  // ID of the exception that it catches
	logical   *proc.LogicalBreakpoint // for conditions that ask how often it was reached
}

// BreakOption changes what Break sets.
type BreakOption func(*breakOptions)

type breakOptions struct {
	hit     string
	reach   func(*Reached) bool
	on      Selector
	nearest bool
	pending bool
}

// NextStatement moves a breakpoint on a line without code to the next line of the file
// that has some. [Breakpoint.Places] says which that is.
func NextStatement() BreakOption { return func(o *breakOptions) { o.nearest = true } }

// Pending lets a breakpoint wait that has no place in any program of the session
// ([ErrNoPlace]): it is set in each that is followed later and has it, before that runs.
// [Session.OnFollow] tells of it.
func Pending() BreakOption { return func(o *breakOptions) { o.pending = true } }

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
	if _, err := s.choice(b.on); err != nil && !b.pending {
		return err
	}
	b.ID = s.lastID + 1
	b.logical = &proc.LogicalBreakpoint{LogicalID: b.ID, HitCount: map[int64]uint64{}}
	if err := s.plantAll(b); err != nil {
		return err
	}
	s.lastID = b.ID
	s.group.Targets.LogicalBreakpoints[b.ID] = b.logical
	s.breaks[b.ID] = b
	return nil
}

// plantAll sets a breakpoint in all programs that have its place. That which is looked at
// comes first: it counts what is wrong there.
func (s *Session) plantAll(b *Breakpoint) error {
	at := s.debuggee
	defer s.use(at)
	places, missing := s.plantIn(at, b)
	if missing != nil && !errors.Is(missing, ErrNoPlace) {
		return missing
	}
	if !b.ofOneProcess() {
		for _, d := range s.debuggees {
			if d == at {
				continue
			}
			more, err := s.plantIn(d, b)
			if err == nil && len(places) == 0 { // an error: it is being killed
				places = more
			}
		}
	}
	if b.Places = places; len(places) > 0 {
		return nil
	}
	if b.Absent, b.waits = missing, b.pending; !b.pending {
		return missing
	}
	return nil
}

// plantIn sets a breakpoint in one program, which is looked at from then on.
func (s *Session) plantIn(d *debuggee, b *Breakpoint) ([]Place, error) {
	s.use(d)
	addrs, err := s.locate(b.Location, b.nearest)
	if err != nil {
		return nil, err
	}
	if err := s.plant(d, b, addrs); err != nil {
		return nil, fmt.Errorf("breakpoint at %s: %w", b.Location, err)
	}
	var places []Place
	for _, addr := range addrs {
		places = append(places, Place(s.lines.Outer(addr)))
	}
	return places, nil
}

// ofOneProcess reports whether the breakpoint means something only in the process that was
// looked at when it was set.
func (b *Breakpoint) ofOneProcess() bool {
	return b.on.ID != 0 || strings.HasPrefix(b.Location, "*")
}

// Change gives the breakpoint other conditions, "" for none. What it has counted stays.
func (b *Breakpoint) Change(ctx context.Context, cond, hitCondition string) error {
	count, err := conditions(cond, hitCondition)
	if err != nil {
		return err
	}
	return b.s.do(ctx, func() error {
		b.cond, b.when, b.count = cond, nil, count
		return b.s.settleAll()
	})
}

// Enable has the breakpoint stop the program again, or not until it is enabled once more:
// it counts nothing then, and costs nothing.
func (b *Breakpoint) Enable(ctx context.Context, on bool) error {
	return b.s.do(ctx, func() error {
		b.off = !on
		return b.s.settleAll()
	})
}

// Hits is how often the breakpoint was reached with its condition true, also when the program
// has ended.
func (b *Breakpoint) Hits(ctx context.Context) (uint64, error) {
	if b.s.Ended() != nil {
		return b.logical.TotalHitCount, nil
	}
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
