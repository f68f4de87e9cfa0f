package dap

import (
	"context"
	"reflect"
	"regexp"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// Contexts of an evaluate request.
const (
	inWatch     = "watch"
	inRepl      = "repl"
	inHover     = "hover"
	inVariables = "variables" // to copy the value of a variable
	inClipboard = "clipboard"
)

var (
	commandPattern = regexp.MustCompile(`^\s*(?:argus|dlv)\s+(\S.*?)\s*$`)
	callPattern    = regexp.MustCompile(`^\s*call\s+(\S.*?)\s*$`)
)

// onEvaluate evaluates a Go expression, calls a function ("call f(x)"), or does a command
// of the console ("argus help").
func onEvaluate(s *session, r *request, args *dap.EvaluateArguments) (any, error) {
	at := s.frameOrSelected(args.FrameId)
	switch {
	case commandPattern.MatchString(args.Expression):
		text, err := s.command(r, at, commandPattern.FindStringSubmatch(args.Expression)[1])
		if err != nil {
			return nil, evaluateFailure(idCommand, "Unable to run command", args.Context, err)
		}
		return &dap.EvaluateResponseBody{Result: text}, nil
	case callPattern.MatchString(args.Expression):
		return s.call(r, at, callPattern.FindStringSubmatch(args.Expression)[1], args)
	}
	v, err := s.evaluate(r.ctx, at, args.Expression, args.Context)
	if err != nil {
		return nil, evaluateFailure(idEvaluate, evaluateFailed, args.Context, err)
	}
	s.noteMemory(v, at)
	st := styleOf(args.Format)
	return &dap.EvaluateResponseBody{
		Result: s.text(v, st), Type: s.typeOf(v), VariablesReference: s.reference(v, at),
		IndexedVariables: v.Indexed, NamedVariables: v.Facts, MemoryReference: memoryReference(v), PresentationHint: hint(v),
	}, nil
}

const evaluateFailed = "Unable to evaluate expression"

// evaluateFailure is shown to the user, unless the editor shows it in place.
func evaluateFailure(id int, summary, context string, err error) error {
	switch context {
	case inWatch, inRepl, inHover:
		return failSilently(id, summary, err)
	}
	return fail(id, summary, err)
}

// evaluate evaluates an expression. Of a string that the user asks for by itself, more is
// read than of those that are among others.
func (s *session) evaluate(ctx context.Context, at backend.Scope, expr, why string) (*backend.Variable, error) {
	load := s.load()
	if why == inClipboard || why == inVariables {
		load.Width = 0
	}
	v, err := s.target.Evaluate(ctx, at, expr, load)
	if err != nil || v.Kind != reflect.String || v.Unreadable != nil || v.Len <= int64(load.String) {
		return v, err
	}
	switch why {
	case inRepl, inHover, inVariables, inClipboard:
		load.String = max(load.String, wholeString)
		if more, err := s.target.Evaluate(ctx, at, expr, load); err == nil {
			v = more
		}
	}
	return v, nil
}

// results are what a function has returned.
func (s *session) results(list []*backend.Variable, at backend.Scope, st style) *dap.EvaluateResponseBody {
	if len(list) == 0 {
		return &dap.EvaluateResponseBody{}
	}
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = s.text(v, st)
	}
	ref := s.addNode(&node{at: at, list: func(context.Context) ([]*backend.Variable, error) { return list, nil }})
	return &dap.EvaluateResponseBody{Result: strings.Join(texts, ", "), VariablesReference: ref}
}
