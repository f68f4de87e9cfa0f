package dap

import (
	"encoding/json"

	"github.com/google/go-dap"
)

// cancelled ends the context of the request that r, a cancel, names. It runs in the
// reader, so that it does not wait behind what it cancels.
func (s *session) cancelled(r *request) {
	var args dap.CancelArguments
	if json.Unmarshal(r.args, &args) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.pending[args.RequestId]; other != nil && other != r {
		other.cancel(errCancelled)
	}
}

// onCancel answers. It is no error if there was nothing to cancel any more.
func onCancel(*session, *request, *dap.CancelArguments) (any, error) { return nil, nil }
