package dap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// onScopes tells what variables there are to see in a frame. They are read when they are
// asked for.
func onScopes(s *session, r *request, args *dap.ScopesArguments) (any, error) {
	f, ok := s.known(args.FrameId)
	if !ok {
		return nil, failSilently(idLocals, "Unable to list locals", fmt.Errorf("unknown frame id %d", args.FrameId))
	}
	if f.Function == "" {
		return nil, failSilently(idArguments, "Unable to find enclosing function", errors.New("no function is known there"))
	}
	locals := "Locals"
	if f.Optimized {
		locals += " (warning: optimized function)"
	}
	list := []dap.Scope{s.scope(locals, "locals", f.at, func(ctx context.Context) ([]*backend.Variable, error) {
		vars, err := s.target.Locals(ctx, f.at, s.load())
		return vars, inWords("Unable to list locals", err)
	})}
	if s.target.ShowGlobalVariables {
		list = append(list, s.scope(fmt.Sprintf("Globals (package %s)", f.Package), "", f.at, func(ctx context.Context) ([]*backend.Variable, error) {
			vars, err := s.target.Globals(ctx, f.at, f.Package, s.load())
			return vars, inWords("Unable to list globals", err)
		}))
	}
	if s.target.ShowRegisters {
		list = append(list, s.scope("Registers", "registers", f.at, func(ctx context.Context) ([]*backend.Variable, error) {
			regs, err := s.target.Registers(ctx, f.at, false)
			return registerVariables(regs), inWords("Unable to list registers", err)
		}))
	}
	return &dap.ScopesResponseBody{Scopes: list}, nil
}

func (s *session) scope(name, hint string, at backend.Scope, list func(context.Context) ([]*backend.Variable, error)) dap.Scope {
	return dap.Scope{Name: name, PresentationHint: hint, VariablesReference: s.addNode(&node{at: at, list: list})}
}

// registerVariables shows registers as variables. Expressions know them as _RAX.
func registerVariables(regs []backend.Register) []*backend.Variable {
	list := make([]*backend.Variable, len(regs))
	for i, reg := range regs {
		list[i] = &backend.Variable{Name: fmt.Sprintf("%6s", strings.ToLower(reg.Name)), Expr: "_" + strings.ToUpper(reg.Name),
			Value: reg.Value, Plain: reg.Value, Register: true}
	}
	return list
}

// inWords says what failed; nil stays nil.
func inWords(what string, err error) error {
	if err == nil {
		return nil
	}
	return failSilently(idLocals, what, err)
}
