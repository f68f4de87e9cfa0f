package dap

import (
	"context"
	"errors"

	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// onVariables returns the children of a variable or scope: what is known besides them
// (the length of a map) first, for the filter "named" or none, then the elements that
// were asked for.
func onVariables(s *session, r *request, args *dap.VariablesArguments) (any, error) {
	n, err := s.node(args.VariablesReference)
	if err != nil {
		return nil, failSilently(idVariable, "Unable to lookup variable", err)
	}
	st := styleOf(args.Format)
	vars := []dap.Variable{} // never null
	if args.Filter != "indexed" && n.v != nil && n.v.Facts > 0 {
		facts, err := s.facts(r.ctx, n)
		if err != nil {
			return nil, lookup(err)
		}
		vars = append(vars, s.variables(facts, n.at, st)...)
	}
	indexed := n.v != nil && n.v.Indexed > 0
	if args.Filter == "" || (args.Filter == "indexed") == indexed {
		count := args.Count
		if count <= 0 && args.Filter == "" {
			count = s.target.MaxArrayValues // of a client that knows nothing of pages
		}
		list, err := s.children(r.ctx, n, max(args.Start, 0), max(count, 0))
		if err != nil {
			return nil, lookup(err)
		}
		vars = append(vars, s.variables(list, n.at, st)...)
	}
	return &dap.VariablesResponseBody{Variables: vars}, nil
}

// lookup is the failure for an error of reading variables, unless that says itself what
// failed.
func lookup(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	return failSilently(idVariable, "Unable to lookup variable", err)
}

// facts returns what is known of a variable besides its children.
func (s *session) facts(ctx context.Context, n *node) ([]*backend.Variable, error) {
	return s.ofNode(ctx, n, func() ([]*backend.Variable, error) { return s.target.Facts(ctx, n.v, s.load()) })
}
