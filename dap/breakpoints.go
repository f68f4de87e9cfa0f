package dap

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// wish is a breakpoint that the client asks for.
type wish struct {
	key      string // what tells it from others of the same request
	location string // as backend.Break takes it
	err      error  // why it can never be
	cond     string
	hit      string
	log      string
}

// point is a breakpoint that the client has asked for, set or not.
type point struct {
	id int
	wish
	set    *backend.Breakpoint // nil: for the reason err
	places []backend.Place     // where it is; none: it waits for a program that is followed
	err    error
	bad    bool // it can never be set, in whatever program; if it is, it is disabled

	off     bool                       // it is set, and disabled
	said    dap.Breakpoint             // what the client was told of it last
	message atomic.Pointer[logMessage] // the event loop reads it; nil: it stops
}

// onSetBreakpoints replaces the breakpoints of a source.
func onSetBreakpoints(s *session, r *request, args *dap.SetBreakpointsArguments) (any, error) {
	if err := s.debugged(); err != nil {
		return nil, err
	}
	path := args.Source.Path
	if path == "" {
		return nil, failSilently(idBreakpoints, "Unable to set or clear breakpoints", errors.New("empty file path"))
	}
	file := s.target.fromClient(path)
	var want []wish
	for _, b := range args.Breakpoints {
		want = append(want, wish{key: fmt.Sprintf("%d:%d", b.Line, b.Column), location: fmt.Sprintf("%s:%d", file, b.Line),
			cond: b.Condition, hit: b.HitCondition, log: b.LogMessage})
	}
	return dap.SetBreakpointsResponseBody{Breakpoints: s.setPoints(r.ctx, pointsOf{atLine, path}, want)}, nil
}

var errTwice = errors.New("breakpoint already exists")

// setPoints makes the breakpoints of a kind those that are wanted. Ones that were there
// before and differ in their conditions only are changed, and keep what they counted.
func (s *session) setPoints(ctx context.Context, of pointsOf, want []wish) []dap.Breakpoint {
	had := map[string]*point{}
	for _, p := range s.stops.points[of] {
		had[p.key] = p
	}
	var list []*point
	seen := map[string]*point{}
	shown := make([]dap.Breakpoint, len(want))
	for i, w := range want {
		if seen[w.key] != nil {
			shown[i] = dap.Breakpoint{Message: errTwice.Error()}
			continue
		}
		p := had[w.key]
		if p == nil {
			p = &point{id: s.stops.newID(), wish: w}
		}
		delete(had, w.key)
		seen[w.key] = p
		list = append(list, p)
	}
	for _, p := range had {
		s.clearPoint(p)
	}
	done := map[string]bool{}
	for i, w := range want {
		if p := seen[w.key]; !done[w.key] {
			done[w.key] = true
			s.changePoint(ctx, of.kind, p, w)
			shown[i] = s.shownPoint(p)
		}
	}
	if s.stops.points == nil {
		s.stops.points = map[pointsOf][]*point{}
	}
	if s.stops.points[of] = list; len(list) == 0 {
		delete(s.stops.points, of)
	}
	return shown
}

// changePoint makes a breakpoint what is wished, at the place where it is.
func (s *session) changePoint(ctx context.Context, kind pointKind, p *point, w wish) {
	had := p.wish
	p.wish, p.err = w, w.err
	message, err := parseLogMessage(w.log)
	if p.err == nil {
		p.err = err
	}
	if p.bad = p.err != nil; p.bad {
		s.disablePoint(ctx, p)
		return
	}
	logged := p.message.Load() != nil
	p.message.Store(message)
	if p.set != nil && (message != nil) == logged && had.location == w.location {
		if had.cond != w.cond || had.hit != w.hit || p.off {
			p.err = p.set.Change(ctx, w.cond, w.hit)
		}
		switch {
		case p.err != nil:
			s.disablePoint(ctx, p) // it would go on stopping for what is no longer asked for
		case p.off:
			if p.err = p.set.Enable(ctx, true); p.err == nil {
				p.off = false
			}
		}
		return
	}
	s.clearPoint(p)
	s.setPoint(ctx, kind, p)
}

// setPoint sets a breakpoint that is not.
func (s *session) setPoint(ctx context.Context, kind pointKind, p *point) {
	opts := []backend.BreakOption{backend.HitCondition(p.hit)}
	if kind == atLine {
		opts = append(opts, backend.NextStatement())
	}
	if p.message.Load() != nil {
		opts = append(opts, backend.OnReach(s.logger(p)))
	}
	if s.target.FollowExecs && kind != atInstruction {
		opts = append(opts, backend.Pending())
	}
	if p.set, p.err = s.target.Break(ctx, p.location, p.cond, opts...); p.set != nil {
		p.places = p.set.Places
	}
}

// setMissing sets the breakpoints that are not, and tells the client of those that are now.
func (s *session) setMissing(ctx context.Context) {
	for of, list := range s.stops.points {
		for _, p := range list {
			if p.set == nil && !p.bad {
				s.setPoint(ctx, of.kind, p)
			}
			if said := p.said; !reflect.DeepEqual(said, s.shownPoint(p)) {
				s.breakpointEvent("changed", p.said)
			}
		}
	}
}

// disablePoint has a breakpoint stop nothing, and keep what it has counted: what is wrong
// with its conditions is often mended at once.
func (s *session) disablePoint(ctx context.Context, p *point) {
	if p.set == nil {
		return
	}
	if err := p.set.Enable(ctx, false); err != nil {
		s.clearPoint(p)
		return
	}
	p.off = true
}

// clearPoint takes a breakpoint back.
func (s *session) clearPoint(p *point) {
	if p.set == nil {
		return
	}
	if err := p.set.Remove(s.ctx); err != nil && !errors.Is(err, backend.ErrEnded) {
		s.log.Warn("a breakpoint cannot be removed", "location", p.location, "error", err)
	}
	p.forget()
}

// forget makes a breakpoint one that is not set.
func (p *point) forget() { p.set, p.places, p.off = nil, nil, false }

// logger is what the event loop calls at a log point. It runs on the backend's thread.
func (s *session) logger(p *point) func(*backend.Reached) bool {
	rules, load := s.target.SubstitutePath, s.logLoad()
	return func(at *backend.Reached) bool {
		message := p.message.Load()
		if message == nil {
			return true
		}
		s.lines.put(logLine(rules, fmt.Sprint(at.Goroutine.ID), at.Place, message.text(func(expr string) (string, error) { return valueText(at.Evaluate(expr, load)) })))
		return false
	}
}

// logLoad says how much of values log points show.
func (s *session) logLoad() backend.Load {
	return backend.Load{String: s.target.MaxStringLen, Array: s.target.MaxArrayValues, Raw: s.target.ShowRawStrings}
}

func valueText(v *backend.Variable, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return v.Value, nil
}

// logLine is a line of a log point, in the form that users of Delve know.
func logLine(rules pathRules, goroutine string, at backend.Place, text string) dap.OutputEventBody {
	body := dap.OutputEventBody{Category: "stdout", Output: fmt.Sprintf("> [Go %s]: %s\n", goroutine, text)}
	if at.File != "" {
		path := rules.apply(at.File, false)
		body.Source, body.Line = &dap.Source{Name: baseName(path), Path: path}, at.Line
	}
	return body
}

// shownPoint describes a breakpoint to the client.
func (s *session) shownPoint(p *point) dap.Breakpoint {
	b := dap.Breakpoint{Id: p.id, Verified: len(p.places) > 0 && !p.off}
	switch {
	case p.err != nil:
		b.Message = p.err.Error()
	case len(p.places) == 0 && p.set != nil:
		b.Message = fmt.Sprintf("%v; it waits for a program that has it", p.set.Absent)
	}
	if len(p.places) > 0 {
		at := p.places[0]
		b.Source = s.sourceAt(at.File)
		b.Line = at.Line
		b.InstructionReference = fmt.Sprintf("%#x", at.PC)
	}
	p.said = b
	return b
}
