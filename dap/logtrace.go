package dap

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// A data breakpoint with a log message is a trace, for which nobody is stopped, if a record
// of the write has all that the message shows. Otherwise each line stops the thread that
// wrote, as long as it takes to look.

// armTrace has a data breakpoint log without stopping, from the moment on in which another
// trace ends, if there is one. The error is why that cannot be.
func (s *session) armTrace(ctx context.Context, p *dataPoint, instead *logTrace) error {
	message := p.message.Load()
	if err := s.traceable(ctx, p, message); err != nil {
		return &untellable{err}
	}
	o := backend.TraceOptions{Method: backend.TraceBPF, If: p.cond, HitCondition: p.hit, Plain: true}
	if instead != nil {
		o.Replaces, _ = instead.records.(*backend.Trace)
	}
	t, err := s.target.Trace(ctx, p.on.Expr, o)
	if err != nil {
		return err
	}
	p.trace = &logTrace{records: t, name: fmt.Sprintf("data breakpoint %d on %s", p.id, p.on.name()), line: s.recordLine(p, message)}
	s.lines.add(p.trace)
	return nil
}

// untellable is why a record does not have what a data breakpoint is to show.
type untellable struct{ error }

// mendable reports whether another message or condition may make a trace of it.
func mendable(byStop error) bool {
	var message *untellable
	var cond *backend.ExprError
	return errors.As(byStop, &message) || errors.As(byStop, &cond)
}

// traceable says what speaks against it, as far as that is known before it is tried.
func (s *session) traceable(ctx context.Context, p *dataPoint, message *logMessage) error {
	switch {
	case s.cfg.stopsToLog:
		return errors.New("it was asked for")
	case p.access != backend.Write:
		return errors.New("reads leave no record")
	case p.on.Local:
		return fmt.Errorf("%s is a local variable, which moves with its stack", p.on.name())
	case !p.on.Package:
		return fmt.Errorf("%s is no package variable, and its memory can become that of something else", p.on.name())
	case p.on.Bytes > 0 || p.on.Follow || p.raw:
		return errors.New("it is on part of what a variable is, or on what that leads to")
	case p.who != backend.Selector{}:
		return errors.New("it is about some goroutines")
	case s.stops.turns.on || s.stops.anySampled():
		return errTakesTurns
	}
	return message.tellable(p.on.Expr, func() (string, error) {
		w, err := s.target.Watchable(ctx, p.on.Expr)
		if err != nil {
			return "", err
		}
		return w.Type, nil
	})
}

var errTakesTurns = errors.New("data breakpoints take turns, and a trace holds its debug registers")

// anySampled reports whether some have been asked to take turns.
func (s *stops) anySampled() bool {
	for _, p := range s.allData() {
		if p.on.Mode == backend.ModeSampled {
			return true
		}
	}
	return false
}

// What a record has besides the value, by the names that Delve's evaluator has for it.
const (
	goroutineID = "runtime.curg.goid"
	threadID    = "runtime.threadid"
)

// tellable says why a record does not have what the message shows, nil if it has. watched is
// what is watched, and typ finds out its type.
func (m *logMessage) tellable(watched string, typ func() (string, error)) error {
	for i, expr := range m.parts {
		switch {
		case i%2 == 0 || expr == "old" || expr == "new" || expr == goroutineID || expr == threadID:
		case expr != watched:
			return fmt.Errorf("{%s} has to be evaluated at the write", expr)
		default:
			t, err := typ()
			if err != nil {
				return err
			}
			if !looksAlike[t] {
				return fmt.Errorf("{%s} shows a %s otherwise than {new}, which would not stop", expr, t)
			}
		}
	}
	return nil
}

// looksAlike are the types of which a watched value and a variable have the same text.
var looksAlike = map[string]bool{"int": true, "int8": true, "int16": true, "int32": true, "int64": true, "bool": true}

// recordLine makes the lines of records: the same as are made where a thread is stopped.
func (s *session) recordLine(p *dataPoint, message *logMessage) func(r *backend.Record) dap.OutputEventBody {
	rules, watched := s.target.SubstitutePath, p.on.Expr
	return func(r *backend.Record) dap.OutputEventBody {
		goroutine := "?"
		if r.GoroutineKnown {
			goroutine = strconv.FormatInt(r.Goroutine.ID, 10)
		}
		text := message.text(func(expr string) (string, error) {
			switch expr {
			case "old":
				return r.Old.String(), nil
			case "new", watched:
				return r.New.String(), nil
			case goroutineID:
				return idText(r), nil
			}
			return strconv.Itoa(r.Thread), nil
		})
		return logLine(rules, goroutine, r.Place, text+doubtOf(r.CondErr))
	}
}

// idText is the goroutine's id as the evaluator has it: a number without sign is shown in two
// ways, but for the one that stands for no goroutine.
func idText(r *backend.Record) string {
	switch id := r.Goroutine.ID; {
	case !r.GoroutineKnown:
		return "?"
	case id == 0:
		return "0"
	default:
		return fmt.Sprintf("%d = %#x", id, id)
	}
}

// changeLog changes a data breakpoint that logs and goes on to do so. It reports whether
// nothing is left to be done. What was recorded before has its lines as they were to be then.
func (s *session) changeLog(ctx context.Context, p *dataPoint, had *dataWish) bool {
	same := had.cond == p.cond && had.hit == p.hit
	before := p.trace
	switch {
	case same && had.log == p.log:
	case before == nil:
		why := s.traceable(ctx, p, p.message.Load())
		switch {
		case why != nil:
			p.byStop = &untellable{why}
			return false
		case !mendable(p.byStop):
			return false
		case p.hit != "":
			p.byStop = &untellable{errCounting}
			return false
		}
		s.clearData(p) // what is written until it is set again is not logged
		p.err = s.armData(ctx, p)
	case same && s.traceable(ctx, p, p.message.Load()) == nil:
		s.lines.change(before, s.recordLine(p, p.message.Load()))
	default:
		p.trace = nil
		p.byStop = s.armTrace(ctx, p, before)
		s.endTrace(before)
		if p.byStop != nil {
			p.err = s.armStops(ctx, p)
		}
	}
	return true
}

var errCounting = errors.New("it has begun to count so")

// demote has those stop that log without: their debug registers are wanted.
func (s *session) demote(ctx context.Context) bool {
	var list []*dataPoint
	for _, p := range s.stops.allData() {
		if p.trace != nil {
			s.dropTrace(p)
			list = append(list, p)
		}
	}
	for _, p := range list {
		p.byStop = errors.New("others need the debug registers that a trace would hold")
		p.err = s.armStops(ctx, p)
	}
	return len(list) > 0
}

// dropTrace ends the trace of a data breakpoint, if there is one.
func (s *session) dropTrace(p *dataPoint) {
	if t := p.trace; t != nil {
		p.trace = nil
		s.endTrace(t)
	}
}

func (s *session) endTrace(t *logTrace) {
	if err := s.lines.remove(t); err != nil {
		s.log.Warn("a trace cannot be ended", "of", t.name, "error", err)
	}
}

// traceText says how a data breakpoint logs, and what is missing.
func (s *session) traceText(p *dataPoint) string {
	text := "logs without stopping"
	if lost := p.trace.Stats().Lost; lost > 0 {
		text += ", " + counted(lost, "write", "writes") + " not recorded"
	}
	if unseen := p.trace.Stats().Unseen; unseen > 0 {
		text += ", found changed without a record " + counted(unseen, "time", "times")
	}
	if left, _ := s.lines.facts(p.trace); left > 0 {
		text += ", " + counted(left, "line", "lines") + " left out"
	}
	return text
}

// coverage is coverageText, and why it stops if it does so to log.
func (p *dataPoint) coverage(st *backend.Stats) string {
	text := coverageText(st)
	if p.byStop != nil {
		text += "; stops for each line, because " + p.byStop.Error()
	}
	return text
}

// refreshTrace is refreshData for one that logs without stopping. It ends with its program.
func (s *session) refreshTrace(p *dataPoint, all bool) {
	switch {
	case p.trace.Over() && s.target.Ended() == nil:
		s.endData(p, "the program that it was in has ended")
	case all && s.traceText(p) != p.said:
		s.breakpointEvent("changed", s.shownData(p))
	}
}

// lastTraced tells of the last write that was recorded.
func (s *session) lastTraced(p *dataPoint) string {
	s.lines.look()
	text := p.on.name() + ": no access since it is watched"
	if _, r := s.lines.facts(p.trace); r != nil {
		text = fmt.Sprintf("%s (record %d)", recordText(p.on.name(), r), r.Number)
	}
	return text + "; " + s.traceText(p)
}

// recordText is hitText for a record.
func recordText(name string, r *backend.Record) string {
	by := "a goroutine"
	if r.GoroutineKnown {
		by = "no goroutine"
		if r.Goroutine.ID != 0 {
			by = fmt.Sprintf("goroutine %d", r.Goroutine.ID)
		}
	}
	if r.Call != "" {
		by = fmt.Sprintf("the system call %s of %s", r.Call, by)
	}
	return fmt.Sprintf("%s: %s -> %s, written by %s at %s", name, r.Old, r.New, by, placeText(r.Place))
}

// at is where what it is on lies; no bytes if it is not set.
func (p *dataPoint) at() (addr uint64, size int) {
	switch {
	case p.set != nil:
		return p.set.Addr(), p.set.Size()
	case p.trace != nil:
		if t, ok := p.trace.records.(*backend.Trace); ok {
			return t.Addr(), t.Size()
		}
	}
	return 0, 0
}
