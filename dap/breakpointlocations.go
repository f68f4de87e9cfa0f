package dap

import (
	"errors"

	"github.com/google/go-dap"
)

// onBreakpointLocations lists the lines on which breakpoints can be set as they are: on
// others they move to the next of these.
func onBreakpointLocations(s *session, r *request, args *dap.BreakpointLocationsArguments) (any, error) {
	refuse := func(err error) (any, error) {
		return nil, failSilently(idBreakpoints, "Unable to list breakpoint locations", err)
	}
	if args.Source.Path == "" {
		return refuse(errors.New("empty file path"))
	}
	last := max(args.Line, args.EndLine)
	lines, err := s.target.StatementLines(r.ctx, s.target.fromClient(args.Source.Path), args.Line, last)
	if err != nil {
		return refuse(err)
	}
	body := &dap.BreakpointLocationsResponseBody{Breakpoints: make([]dap.BreakpointLocation, len(lines))}
	for i, line := range lines {
		body.Breakpoints[i].Line = line
	}
	return body, nil
}
