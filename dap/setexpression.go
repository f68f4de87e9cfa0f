package dap

import (
	"github.com/google/go-dap"

	"github.com/argusdbg/argus/backend"
)

// onSetExpression assigns to what an expression denotes.
func onSetExpression(s *session, r *request, args *dap.SetExpressionArguments) (any, error) {
	at := s.frameOrSelected(args.FrameId)
	return s.set(r, at, args.Expression, args.Value, func(v *backend.Variable) any {
		return &dap.SetExpressionResponseBody{Value: s.text(v, styleOf(args.Format)), Type: s.typeOf(v), PresentationHint: hint(v),
			VariablesReference: s.reference(v, at), IndexedVariables: v.Indexed, NamedVariables: v.Facts}
	})
}
