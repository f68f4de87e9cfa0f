package dap

import (
	"fmt"
	"strconv"

	"github.com/google/go-dap"
)

// onSetInstructionBreakpoints replaces the breakpoints on instructions.
func onSetInstructionBreakpoints(s *session, r *request, args *dap.SetInstructionBreakpointsArguments) (any, error) {
	if err := s.debugged(); err != nil {
		return nil, err
	}
	var want []wish
	for _, b := range args.Breakpoints {
		w := wish{cond: b.Condition, hit: b.HitCondition}
		addr, err := strconv.ParseUint(b.InstructionReference, 0, 64)
		if err != nil {
			w.err = fmt.Errorf("%q is not the address of an instruction", b.InstructionReference)
		}
		w.key = fmt.Sprintf("%#x", addr+uint64(int64(b.Offset)))
		if w.err != nil {
			w.key = b.InstructionReference
		}
		w.location = "*" + w.key
		want = append(want, w)
	}
	return dap.SetInstructionBreakpointsResponseBody{Breakpoints: s.setPoints(r.ctx, pointsOf{kind: atInstruction}, want)}, nil
}
