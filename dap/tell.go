package dap

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// tell tells the client what a run has ended with.
func (s *session) tell(ev backend.Event, err error) {
	if errors.Is(err, errPaused) {
		err = nil
	}
	s.lines.flush()
	switch ev := ev.(type) {
	case *backend.Stop:
		s.tellStop(ev, err)
	case nil:
		s.tellNothing(err)
	default:
		s.tellLast()
		s.over(ev)
	}
}

// stopReasons are the words of the protocol. Those of the backend that are not here are
// breakpoints to the client.
var stopReasons = map[backend.Reason]string{
	backend.ReasonStep:           "step",
	backend.ReasonCallReturned:   "step",
	backend.ReasonHalted:         "pause",
	backend.ReasonWatchpoint:     "data breakpoint",
	backend.ReasonScopeEnd:       "data breakpoint",
	backend.ReasonFreed:          "data breakpoint",
	backend.ReasonGoroutineEnded: "data breakpoint",
	backend.ReasonLost:           "data breakpoint",
	backend.ReasonPanic:          "exception",
	backend.ReasonFatal:          "exception",
}

func (s *session) tellStop(stop *backend.Stop, err error) {
	body := dap.StoppedEventBody{Reason: stopReasons[stop.Reason], AllThreadsStopped: true, ThreadId: s.threadOf(stop)}
	if body.Reason == "" {
		body.Reason = "breakpoint"
	}
	var texts []string
	for _, h := range stop.Hits {
		texts = append(texts, s.tookHit(h))
		if p := s.dataOf(h.Watchpoint); p != nil && !slices.Contains(body.HitBreakpointIds, p.id) {
			body.HitBreakpointIds = append(body.HitBreakpointIds, p.id)
		}
	}
	for _, w := range stop.Ended {
		if p := s.dataOf(w); p != nil {
			body.HitBreakpointIds = append(body.HitBreakpointIds, p.id)
			texts = append(texts, s.endData(p, endOf(w)))
		}
	}
	for i, b := range reached(stop) {
		p, kind := s.stops.pointOf(b)
		if p == nil || slices.Contains(body.HitBreakpointIds, p.id) { // several threads can be there
			continue
		}
		body.HitBreakpointIds = append(body.HitBreakpointIds, p.id)
		if i == 0 && (body.Reason == "breakpoint" || body.Reason == "pause") {
			body.Reason = string(kind)
		}
	}
	body.Text = strings.Join(texts, "\n")
	switch {
	case err != nil:
		s.fails(&body, err)
	case stop.Err != nil:
		s.fails(&body, stop.Err)
	case body.Reason == "exception":
		s.describe(&body)
	case stop.Reason == backend.ReasonScopeEnd:
		body.Description = "Paused on end of scope"
	case stop.Reason == backend.ReasonHardcoded:
		body.Description = "Paused on hardcoded breakpoint"
	case stop.Reason == backend.ReasonFreed:
		body.Description = "Paused on end of object"
	case stop.Reason == backend.ReasonLibraryLoaded:
		body.Description = string(stop.Reason)
	}
	s.wire.event("stopped", body)
	s.refreshData(true)
}

// endOf says how a watchpoint ended by itself.
func endOf(w *backend.Watchpoint) string {
	end := w.End()
	what := map[backend.EndKind]string{
		backend.EndScope:     "its variable has gone out of scope",
		backend.EndFreed:     "its object has been freed",
		backend.EndGoroutine: "its goroutine has ended",
		backend.EndLost:      "it was lost",
	}[end.Kind]
	return fmt.Sprintf("%s, with the value %s: %s", what, end.Last, end.Reason)
}

// fails makes a stop one for a fault.
func (s *session) fails(body *dap.StoppedEventBody, err error) {
	s.stops.fault = err
	body.Reason, body.Description, body.Text = "exception", "runtime error", err.Error()
}

// describe says what an exception is.
func (s *session) describe(body *dap.StoppedEventBody) {
	e, err := s.target.Exception(s.ctx)
	if err != nil || e == nil {
		return
	}
	body.Description, body.Text = exceptionNames[e.ID], s.exceptionText(e)
	body.HitBreakpointIds = append(body.HitBreakpointIds, exceptionIDs[e.ID])
}

// exceptionText is what an exception says. Strings are quoted, as users of Delve know it.
func (s *session) exceptionText(e *backend.Exception) string {
	if e.ID == backend.FatalThrow && e.Description != "" {
		return strconv.Quote(e.Description)
	}
	v, err := s.target.Evaluate(s.ctx, backend.Scope{Goroutine: e.Goroutine.ID}, "(*msgs).arg.(data)", backend.Load{})
	if err == nil && v.Kind == reflect.String {
		return v.Value
	}
	return e.Description
}

// tellNothing tells of a run that did not come about: the program stands where it stood.
func (s *session) tellNothing(err error) {
	body := dap.StoppedEventBody{Reason: "pause", AllThreadsStopped: true, ThreadId: s.threadOf(nil)}
	var step *stepError
	switch {
	case errors.As(err, &step):
		body.Reason, body.Text = "error", step.Error()
	case err != nil:
		s.fails(&body, err)
	}
	s.wire.event("stopped", body)
	s.refreshData(true)
}

// reached are the breakpoints of a stop.
func reached(stop *backend.Stop) []*backend.Breakpoint {
	if len(stop.Breakpoints) == 0 && stop.Breakpoint != nil {
		return []*backend.Breakpoint{stop.Breakpoint}
	}
	return stop.Breakpoints
}

// threadOf is the goroutine that a stop is about, for the client's sake: that of the stop
// if there is one, else the one that the user had paused, else the first. It is selected.
func (s *session) threadOf(stop *backend.Stop) int {
	asked := s.stops.asked
	s.stops.asked = 0
	if stop == nil {
		if s.stops.selected > 0 {
			return int(s.stops.selected)
		}
		return 1
	}
	if s.stops.selected = stop.Goroutine.ID; s.stops.selected > 0 {
		return int(s.stops.selected)
	}
	s.stops.selected = -1
	for _, id := range []int64{asked, 1} {
		if id > 0 && s.target.SelectGoroutine(s.ctx, id) == nil {
			s.stops.selected = id
			return int(id)
		}
	}
	return 1 // a program that has no goroutines yet is shown as one
}

// console writes a line to the debug console.
func (s *session) console(format string, args ...any) {
	s.output("console", fmt.Sprintf(format, args...)+"\n")
}
