package dap

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/go-dap"
)

// onSetFunctionBreakpoints replaces the breakpoints on functions.
func onSetFunctionBreakpoints(s *session, r *request, args *dap.SetFunctionBreakpointsArguments) (any, error) {
	if err := s.debugged(); err != nil {
		return nil, err
	}
	var want []wish
	for _, b := range args.Breakpoints {
		w := wish{key: b.Name, location: b.Name, cond: b.Condition, hit: b.HitCondition}
		w.err = checkFunction(b.Name)
		want = append(want, w)
	}
	return dap.SetFunctionBreakpointsResponseBody{Breakpoints: s.setPoints(r.ctx, pointsOf{kind: atFunction}, want)}, nil
}

// checkFunction refuses locations that are no names: editors have other ways for them,
// and what is relative means something only where the program stands just then.
func checkFunction(name string) error {
	_, notLine := strconv.Atoi(name)
	switch {
	case strings.HasPrefix(name, "./"), strings.HasPrefix(name, "../"):
		return fmt.Errorf("breakpoint names that are relative paths are not supported: %q", name)
	case name == "", notLine == nil, strings.ContainsAny(name[:1], "+-*"), len(name) > 1 && name[0] == '/' && name[len(name)-1] == '/':
		return fmt.Errorf("breakpoint name %q could not be parsed as a function. name must be in the format 'funcName', 'funcName:line' or 'fileName:line'", name)
	}
	return nil
}
