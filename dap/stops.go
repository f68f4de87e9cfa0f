package dap

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// stops are what the client wants the program to stop at, and why it has stopped.
type stops struct {
	lastID  int // ids are not used twice: those of a session outlive a restart
	points  map[pointsOf][]*point
	data    []*dataPoint // set by requests
	watched []*dataPoint // set in the console
	turns   turns
	catches exceptionFilters

	endRun   context.CancelCauseFunc // ends the run under way
	asked    int64                   // the goroutine that the user had paused; 0 if none
	selected int64                   // the goroutine that the backend has selected; -1 if that is not known
	fault    error                   // what the last run failed with
	targets  []backend.StepTarget    // of the last stepInTargets: an id is an index, and one
}

// pointsOf says which breakpoints a request replaces: all of a kind, those in a file.
type pointsOf struct {
	kind pointKind
	path string // as the client calls it
}

type pointKind string

// Kinds of breakpoints, as reasons of stops name them.
const (
	atLine        pointKind = "breakpoint"
	atFunction    pointKind = "function breakpoint"
	atInstruction pointKind = "instruction breakpoint"
)

func (s *stops) newID() int {
	s.lastID++
	return s.lastID
}

// pointOf is what the client knows a breakpoint by, and its kind; nil if it has been taken
// back.
func (s *stops) pointOf(b *backend.Breakpoint) (*point, pointKind) {
	for of, list := range s.points {
		for _, p := range list {
			if p.set == b {
				return p, of.kind
			}
		}
	}
	return nil, ""
}

// restoreStops sets everything again in a new process: what was built anew may have it
// elsewhere. Data breakpoints that mean something only in the old one are told to be
// gone.
func (s *session) restoreStops() {
	s.stops.selected, s.stops.fault, s.stops.targets = -1, nil, nil
	for _, list := range s.stops.points {
		for _, p := range list {
			p.forget()
		}
	}
	s.setMissing(s.ctx)
	s.restoreData()
	if err := s.catch(s.ctx); err != nil {
		s.log.Warn("exception breakpoints cannot be restored", "error", err)
	}
}

// debugged refuses requests about a program that ran without being debugged.
func (s *session) debugged() error {
	if s.target.Session == nil {
		return failSilently(idBreakpoints, "Unable to set or clear breakpoints", errors.New(stateNoDebug.wrong()))
	}
	return nil
}

// breakpointEvent tells the client of a breakpoint that it has not asked for just now.
func (s *session) breakpointEvent(reason string, b dap.Breakpoint) {
	s.wire.event("breakpoint", dap.BreakpointEventBody{Reason: reason, Breakpoint: b})
}

// sourceAt says where something is, as the client calls it.
func (s *session) sourceAt(file string) *dap.Source {
	if file == "" {
		return nil
	}
	path := s.target.toClient(file)
	return &dap.Source{Name: baseName(path), Path: path}
}

// baseName is the last part of a path, of this system or the client's.
func baseName(path string) string {
	if onWindows(path) {
		return path[strings.LastIndexAny(path, `/\`)+1:]
	}
	return filepath.Base(path)
}
