package dap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/google/go-dap"
)

// wire reads requests and writes responses and events. Writing is safe from any
// goroutine.
type wire struct {
	r     *bufio.Reader
	trace *slog.Logger

	mu  sync.Mutex
	w   *bufio.Writer // one write to the connection for what it has room for
	seq int
	err error // of the first write that failed: nobody listens any more
}

func newWire(conn io.ReadWriter, trace *slog.Logger) *wire {
	return &wire{r: bufio.NewReader(conn), w: bufio.NewWriter(conn), trace: trace}
}

// envelope is what all messages have.
type envelope struct {
	Seq       int             `json:"seq"`
	Type      string          `json:"type"`
	Command   string          `json:"command,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// badMessage is a frame that is whole but no request.
type badMessage struct {
	seq     int
	command string
	err     error
}

func (e *badMessage) Error() string { return e.err.Error() }

func (e *badMessage) Unwrap() error { return e.err }

// read returns the next request. A *badMessage can be answered and more be read; after
// any other error the stream is of no use.
func (w *wire) read() (*envelope, error) {
	if err := w.boundHeader(); err != nil {
		return nil, err
	}
	content, err := dap.ReadBaseMessage(w.r)
	if err != nil {
		return nil, err
	}
	w.note("from client", content)
	var e envelope
	if err := json.Unmarshal(content, &e); err != nil {
		return nil, &badMessage{seq: e.Seq, command: e.Command, err: fmt.Errorf("not a message of the protocol: %w", err)}
	}
	if e.Type != "request" || e.Command == "" {
		return nil, &badMessage{seq: e.Seq, command: e.Command, err: fmt.Errorf("a %q: only requests are expected, with a command", e.Type)}
	}
	return &e, nil
}

// boundHeader waits for the next message's header, and fails if it is longer than any
// can be: go-dap would read on for its end until the memory is full.
func (w *wire) boundHeader() error {
	const longest = 64 // "Content-Length: ", a number, and the ends of two lines
	for n := 1; ; {
		_, err := w.r.Peek(n)
		have, _ := w.r.Peek(min(w.r.Buffered(), longest))
		switch {
		case bytes.Contains(have, []byte("\r\n\r\n")):
			return nil
		case err != nil:
			return err
		case len(have) == longest:
			return dap.ErrHeaderNotContentLength
		}
		n = len(have) + 1
	}
}

// response is any response: go-dap has a type for each, all of this shape.
type response struct {
	dap.Response
	Body any `json:"body,omitempty"`
}

type event struct {
	dap.Event
	Body any `json:"body,omitempty"`
}

// respond answers a request. body may be nil.
func (w *wire) respond(seq int, command string, body any) {
	m := &response{Body: body}
	m.Type, m.RequestSeq, m.Command, m.Success = "response", seq, command, true
	w.write(&m.ProtocolMessage, m)
}

// fail answers a request that could not be done.
func (w *wire) fail(seq int, command string, err error) {
	f := asFailure(err)
	m := &dap.ErrorResponse{Body: dap.ErrorResponseBody{Error: f.message()}}
	m.Type, m.RequestSeq, m.Command, m.Message = "response", seq, command, f.summary
	w.write(&m.ProtocolMessage, m)
}

// event tells the client of something. body may be nil.
func (w *wire) event(name string, body any) {
	m := &event{Body: body}
	m.Type, m.Event.Event = "event", name
	w.write(&m.ProtocolMessage, m)
}

// write numbers and sends a message. A client that is gone is noticed by the reader.
func (w *wire) write(p *dap.ProtocolMessage, m any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.seq++
	p.Seq = w.seq
	content, err := json.Marshal(m)
	if err != nil { // a body that is not JSON: a fault of ours, which no client must wait for
		content, err = json.Marshal(&envelope{Seq: w.seq, Type: p.Type})
	}
	if err == nil {
		w.note("to client", content)
		err = dap.WriteBaseMessage(w.w, content)
	}
	if err == nil {
		err = w.w.Flush()
	}
	w.err = err
}

// note traces a message, of which some are a megabyte.
func (w *wire) note(which string, content []byte) {
	if w.trace.Enabled(context.Background(), slog.LevelDebug) {
		w.trace.Debug(which, "message", string(content))
	}
}

// isEnd reports whether an error of read says that the client has simply gone.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || isClosed(err)
}
