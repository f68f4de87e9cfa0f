package dap

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// maxFrames is how many frames are read at once, whatever the client asks for.
const maxFrames = 10_000

// onStackTrace returns frames of a goroutine.
func onStackTrace(s *session, r *request, args *dap.StackTraceArguments) (any, error) {
	start, levels := min(max(args.StartFrame, 0), maxFrames), s.target.StackTraceDepth
	if args.Levels > 0 {
		levels = args.Levels
	}
	levels = min(levels, maxFrames)
	frames, err := s.target.Stack(r.ctx, int64(args.ThreadId), start+levels+1)
	if err != nil {
		return nil, failSilently(idStack, "Unable to produce stack trace", err)
	}
	total := len(frames)
	if total > start+levels { // there are more: how many is not known
		total += s.target.StackTraceDepth
		frames = frames[:start+levels]
	}
	body := &dap.StackTraceResponseBody{StackFrames: []dap.StackFrame{}, TotalFrames: total}
	system := isSystem(frames)
	for _, f := range frames[min(start, len(frames)):] {
		at := backend.Scope{Goroutine: int64(args.ThreadId), Frame: f.Index}
		frame := s.stackFrame(r.ctx, knownFrame{Frame: f, at: at}, args.Format)
		if !system && (f.Package == "runtime" || f.Function == "") {
			frame.PresentationHint = "subtle"
		}
		body.StackFrames = append(body.StackFrames, frame)
	}
	return body, nil
}

// isSystem reports whether a stack has nothing but the runtime's frames: they are what
// there is to see then.
func isSystem(frames []backend.Frame) bool {
	return !slices.ContainsFunc(frames, func(f backend.Frame) bool { return f.Package != "runtime" && f.Package != "" })
}

func (s *session) stackFrame(ctx context.Context, f knownFrame, format *dap.StackFrameFormat) dap.StackFrame {
	frame := dap.StackFrame{
		Id: s.addFrame(f), Name: cmp.Or(shortName(f.Function), "???"), Source: s.source(f.File),
		InstructionPointerReference: fmt.Sprintf("%#x", f.PC),
	}
	if f.Line > 0 {
		frame.Line = f.Line
	}
	module, known := s.imageOf(ctx, f.PC)
	if known {
		frame.ModuleId = module.Path
	}
	if format == nil {
		return frame
	}
	if format.Module && known {
		frame.Name = filepath.Base(module.Path) + "!" + frame.Name
	}
	if format.Parameters || format.ParameterNames || format.ParameterTypes || format.ParameterValues {
		frame.Name += "(" + s.parameters(ctx, f.at, format) + ")"
	}
	if format.Line && f.Line > 0 {
		frame.Name += fmt.Sprintf(" Line %d", frame.Line)
	}
	return frame
}

// parameters are those of a frame, as they are now. Those that cannot be read are left out.
func (s *session) parameters(ctx context.Context, at backend.Scope, format *dap.StackFrameFormat) string {
	locals, err := s.target.Locals(ctx, at, s.load())
	if err != nil {
		return "..."
	}
	bare := !format.ParameterNames && !format.ParameterTypes && !format.ParameterValues
	var list []string
	for _, v := range locals {
		if !v.Argument || v.Return {
			continue
		}
		var parts []string
		if format.ParameterNames || bare {
			parts = append(parts, v.Name)
		}
		if format.ParameterTypes {
			parts = append(parts, v.Type)
		}
		text := strings.Join(parts, " ")
		if format.ParameterValues || bare {
			if text != "" {
				text += "="
			}
			text += s.text(v, styleOf(&format.ValueFormat))
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}
