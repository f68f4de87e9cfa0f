package dap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// request is one that is being handled.
type request struct {
	seq     int
	command string
	args    json.RawMessage
	ctx     context.Context // ends when the client cancels the request, or is gone
	cancel  context.CancelCauseFunc
}

// errLater is returned by handlers that answer later, by session.answer.
var errLater = errors.New("answered later")

// handler does what a request asks for. It returns the body of the response, nil if it
// has none.
type handler func(s *session, r *request) (body any, err error)

// on makes a handler of a function that takes the arguments decoded. Missing arguments
// are zero; what the client sends beyond them is ignored, as the protocol wants it.
func on[A any](fn func(s *session, r *request, args *A) (any, error)) handler {
	return func(s *session, r *request) (any, error) {
		var args A
		if raw := bytes.TrimSpace(r.args); len(raw) > 0 && !bytes.Equal(raw, []byte("null")) {
			if err := json.Unmarshal(raw, &args); err != nil {
				return nil, fail(idBadArguments, fmt.Sprintf("the arguments of %s cannot be read", r.command), err)
			}
		}
		return fn(s, r, &args)
	}
}

// plain is on for requests without arguments of interest.
func plain(fn func(s *session, r *request) (any, error)) handler { return fn }
