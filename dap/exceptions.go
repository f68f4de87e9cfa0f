package dap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// exceptionFilters says which exceptions stop the program. Both do until the client says
// otherwise, as users of Delve are used to.
type exceptionFilters struct{ ignorePanics, ignoreFatal bool }

// exceptionIDs are what breakpoints the filters are to the client: as with Delve they are no
// numbers that others have.
var exceptionIDs = map[string]int{filterPanic: -1, filterFatal: -2}

// onSetExceptionBreakpoints chooses among the filters.
func onSetExceptionBreakpoints(s *session, r *request, args *dap.SetExceptionBreakpointsArguments) (any, error) {
	if err := s.debugged(); err != nil {
		return nil, err
	}
	wanted := slices.Clone(args.Filters)
	for _, o := range args.FilterOptions {
		wanted = append(wanted, o.FilterId)
	}
	s.stops.catches = exceptionFilters{ignorePanics: !slices.Contains(wanted, filterPanic), ignoreFatal: !slices.Contains(wanted, filterFatal)}
	err := s.catch(r.ctx)
	if errors.Is(err, backend.ErrEnded) || errors.Is(err, backend.ErrCore) { // there is nothing to catch
		err = nil
	}
	list := []dap.Breakpoint{}
	for _, name := range wanted {
		b := dap.Breakpoint{Id: exceptionIDs[name], Verified: err == nil}
		if err != nil {
			b.Message = err.Error()
		}
		if b.Id == 0 {
			b = dap.Breakpoint{Message: fmt.Sprintf("there is no exception filter %q", name)}
		}
		list = append(list, b)
	}
	return dap.SetExceptionBreakpointsResponseBody{Breakpoints: list}, nil
}

func (s *session) catch(ctx context.Context) error {
	c := s.stops.catches
	return s.target.CatchPanics(ctx, !c.ignorePanics, !c.ignoreFatal)
}

// exceptionNames are what Delve's users know the exceptions by.
var exceptionNames = map[string]string{backend.UnrecoveredPanic: "panic", backend.FatalThrow: "fatal error"}

// onExceptionInfo describes what the program has stopped for.
func onExceptionInfo(s *session, r *request, args *dap.ExceptionInfoArguments) (any, error) {
	refuse := func(err error) (any, error) {
		return nil, failSilently(idExceptionInfo, "Unable to get exception info", err)
	}
	e, err := s.target.Exception(r.ctx)
	switch {
	case err != nil:
		return refuse(err)
	case e != nil && (e.Goroutine.ID == int64(args.ThreadId) || e.Goroutine.ID == 0 || args.ThreadId <= 0):
		return dap.ExceptionInfoResponseBody{ExceptionId: exceptionNames[e.ID], Description: s.exceptionText(e), BreakMode: "unhandled",
			Details: &dap.ExceptionDetails{Message: e.Description, TypeName: exceptionNames[e.ID], StackTrace: s.stackText(e.Stack)}}, nil
	case s.stops.fault != nil:
		return dap.ExceptionInfoResponseBody{ExceptionId: "runtime error", Description: s.stops.fault.Error(), BreakMode: "always"}, nil
	case e != nil:
		return refuse(fmt.Errorf("no exception found for goroutine %d", args.ThreadId))
	}
	return refuse(errors.New("no runtime error found"))
}

// stackText is a stack as text, without the runtime's functions unless there are no
// others.
func (s *session) stackText(frames []backend.Frame) string {
	var own, all strings.Builder
	for i, f := range frames {
		line := fmt.Sprintf("\t%2d  %#016x in %s\n\t    at %s:%d\n", i, f.PC, f.Function, s.target.toClient(f.File), f.Line)
		all.WriteString(line)
		if !strings.HasPrefix(f.Function, "runtime.") {
			own.WriteString(line)
		}
	}
	if own.Len() == 0 {
		return "Stack:\n" + all.String()
	}
	return "Stack:\n" + own.String()
}
