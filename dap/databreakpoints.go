package dap

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// setDataBreakpointsArguments can have log messages: the protocol knows none for data
// breakpoints. {old} and {new} in them are the value before and after. See logtrace.go for those
// that stop nobody.
type setDataBreakpointsArguments struct {
	Breakpoints []struct {
		dap.DataBreakpoint
		LogMessage string `json:"logMessage,omitempty"`
	} `json:"breakpoints"`
}

// dataWish is a data breakpoint that the client asks for.
type dataWish struct {
	key    string // what tells it from others
	on     dataID
	access backend.Access
	cond   string
	hit    string
	log    string
	who    backend.Selector // goroutines that it is about
	quiet  bool             // it only remembers who was there last
	raw    bool             // each store to an object is told by itself
}

// armed reports whether it is set, in either way.
func (p *dataPoint) armed() bool { return p.set != nil || p.trace != nil }

// reports says whether hits are reported and do not stop the program.
func (w *dataWish) reports() bool { return w.quiet || w.log != "" }

// dataPoint is a data breakpoint that the client has asked for, set or not.
type dataPoint struct {
	id int
	dataWish
	set       *backend.Watchpoint // nil: for the reason err
	err       error
	registers int       // that it takes
	trace     *logTrace // what logs without stopping the program, in place of set
	byStop    error     // why each line stops the program

	said     string // the message that the client was sent last
	saidMode backend.Mode
	saidHow  backend.Coverage

	message atomic.Pointer[logMessage] // the event loop reads it
	last    atomic.Pointer[hitNote]    // the event loop writes it
}

// onSetDataBreakpoints replaces the data breakpoints, but for those of the console. Ones
// that were there before and differ in their conditions only are changed, and keep their
// figures.
func onSetDataBreakpoints(s *session, r *request, args *setDataBreakpointsArguments) (any, error) {
	if err := s.debugged(); err != nil {
		return nil, err
	}
	had := map[string]*dataPoint{}
	for _, p := range s.stops.data {
		had[p.key] = p
	}
	s.stops.data = nil
	shown := make([]dap.Breakpoint, len(args.Breakpoints))
	points := make([]*dataPoint, len(args.Breakpoints))
	wishes := make([]dataWish, len(args.Breakpoints))
	seen := map[string]bool{}
	for i, b := range args.Breakpoints {
		w, err := wishOf(b.DataId, b.AccessType)
		if err == nil && seen[w.key] {
			err = errTwice
		}
		if err != nil {
			shown[i].Message = err.Error()
			continue
		}
		seen[w.key] = true
		w.cond, w.hit, w.log = b.Condition, b.HitCondition, b.LogMessage
		if points[i] = had[w.key]; points[i] == nil {
			points[i] = &dataPoint{id: s.stops.newID()}
		}
		delete(had, w.key)
		wishes[i] = *w
		s.stops.data = append(s.stops.data, points[i])
	}
	for _, p := range had {
		s.clearData(p)
	}
	for i, p := range points {
		if p != nil {
			s.changeData(r.ctx, p, wishes[i])
		}
	}
	s.relax(r.ctx)
	for i, p := range points {
		if p != nil {
			shown[i] = s.shownData(p)
		}
	}
	s.refreshData(true) // of the console's
	return dap.SetDataBreakpointsResponseBody{Breakpoints: shown}, nil
}

// wishOf reads what a client has been given by dataBreakpointInfo.
func wishOf(dataId string, access dap.DataBreakpointAccessType) (*dataWish, error) {
	id, err := parseDataID(dataId)
	if err != nil {
		return nil, err
	}
	if err := checkMode(id.Mode); err != nil {
		return nil, err
	}
	w := &dataWish{key: fmt.Sprintf("%s %s", access, dataId), on: *id}
	w.access, err = accessOf(access)
	return w, err
}

// changeData makes a data breakpoint what is wished.
func (s *session) changeData(ctx context.Context, p *dataPoint, w dataWish) {
	had := p.dataWish
	p.dataWish = w
	message, err := parseLogMessage(w.log)
	if err != nil {
		s.clearData(p)
		p.err = err
		return
	}
	p.message.Store(message)
	if !p.armed() || had.reports() != w.reports() || had.log == "" != (w.log == "") {
		s.clearData(p)
		p.err = s.armData(ctx, p)
		return
	}
	if w.log != "" && s.changeLog(ctx, p, &had) {
		return
	}
	if had.cond != w.cond || had.hit != w.hit {
		if p.err = p.set.Change(ctx, w.cond, w.hit); p.err != nil {
			s.clearData(p) // it would go on stopping for what is no longer asked for
		}
	}
}

// watch sets a data breakpoint in a mode.
func (s *session) watch(ctx context.Context, p *dataPoint, expr string, m backend.Mode, in backend.WatchOption) error {
	opts := append(p.on.options(), in, backend.InMode(m), backend.If(p.cond), backend.WithHitCondition(p.hit), backend.OnGoroutines(p.who))
	if p.raw {
		opts = append(opts, backend.Raw())
	}
	if p.reports() {
		opts = append(opts, backend.Report(s.reporter(p)))
	}
	var err error
	if p.set, err = s.target.Watch(ctx, expr, p.access, opts...); err == nil {
		p.registers = p.set.Slots()
	}
	return err
}

// reporter is what the event loop calls at a hit that does not stop the program. It runs
// on the backend's thread.
func (s *session) reporter(p *dataPoint) func(*backend.Hit) {
	rules, load, name := s.target.SubstitutePath, s.logLoad(), p.on.name()
	return func(h *backend.Hit) {
		p.last.Store(noteOf(name, h))
		message := p.message.Load()
		if message == nil {
			return
		}
		text := message.text(func(expr string) (string, error) {
			switch expr {
			case "old":
				return h.Old.String(), nil
			case "new":
				return h.New.String(), nil
			}
			return valueText(h.Evaluate(expr, load))
		})
		s.lines.put(logLine(rules, fmt.Sprint(h.Goroutine.ID), h.Place, text+doubtOf(h.CondErr)))
	}
}

// doubtOf is what is added to a line of which it is not known whether it was to be.
func doubtOf(condErr error) string {
	if condErr == nil {
		return ""
	}
	return " (the condition could not be evaluated)"
}

// clearData takes a data breakpoint back.
func (s *session) clearData(p *dataPoint) {
	s.dropTrace(p)
	if p.set == nil {
		return
	}
	if err := p.set.Remove(s.ctx); err != nil && !errors.Is(err, backend.ErrEnded) {
		s.log.Warn("a data breakpoint cannot be removed", "on", p.on.name(), "error", err)
	}
	p.set = nil
}

// dataOf is what the client knows a watchpoint by; nil if it has been taken back.
func (s *stops) dataOf(w *backend.Watchpoint) *dataPoint {
	for _, p := range s.allData() {
		if p.set == w {
			return p
		}
	}
	return nil
}

// allData are the data breakpoints of requests and of the console.
func (s *stops) allData() []*dataPoint {
	return append(s.data[:len(s.data):len(s.data)], s.watched...)
}
