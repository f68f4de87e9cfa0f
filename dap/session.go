package dap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"

	"github.com/argusdbg/argus/backend"
	"github.com/google/go-dap"
)

// Config is what a server is told by whoever starts it.
type Config struct {
	// Options are those of the programs: clients can say more, but not change the driver.
	Options backend.Options

	// Session is a program that is debugged already, stopped: clients attach to it by mode
	// remote. Serve closes it when the conversation is over. nil is none.
	Session *backend.Session

	// Stdin, Stdout and Stderr are what programs have that are launched, unless the client
	// says otherwise. A nil Stdin is empty; what goes to a nil Stdout or Stderr is sent to
	// the client.
	Stdin, Stdout, Stderr *os.File

	// Log is told what the adapter does, Trace each message of the protocol (at level
	// debug). nil is no log.
	Log, Trace *slog.Logger

	stopsToLog bool // for tests: data breakpoints stop for each line
}

// session is one conversation with a client.
type session struct {
	cfg      Config
	log      *slog.Logger
	wire     *wire
	ctx      context.Context // ends when the client is gone
	gone     context.CancelCauseFunc
	requests chan *request
	posts    chan func()

	mu      sync.Mutex
	pending map[int]*request // guarded by mu; read, and not yet answered

	followed followed
	lines    *logLines

	// What follows belongs to the loop.
	state  state
	closed bool // the conversation is over
	client client
	target *target // nil before launch and attach
	life
	handles
	stops
}

// errGone is why contexts end when the client has gone.
var errGone = errors.New("the client is gone")

// Serve speaks with one client until that disconnects or is gone. A program that was
// launched has then ended; one that was attached to runs on, unless the client wanted it
// ended. conn is closed. The error is one of the connection, or the context's.
func Serve(ctx context.Context, conn io.ReadWriteCloser, cfg Config) error {
	defer conn.Close()
	s := newSession(ctx, conn, cfg)
	defer s.gone(errGone)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- s.read() }()
	s.loop(failed)
	_ = conn.Close()
	s.finish()
	return context.Cause(ctx)
}

func newSession(ctx context.Context, conn io.ReadWriter, cfg Config) *session {
	discard := slog.New(slog.DiscardHandler)
	if cfg.Log == nil {
		cfg.Log = discard
	}
	if cfg.Trace == nil {
		cfg.Trace = discard
	}
	s := &session{cfg: cfg, log: cfg.Log, wire: newWire(conn, cfg.Trace), state: stateNew,
		requests: make(chan *request, 64), posts: make(chan func()), pending: map[int]*request{}}
	s.lines = newLogLines(func(body dap.OutputEventBody) { s.wire.event("output", body) })
	s.ctx, s.gone = context.WithCancelCause(context.WithoutCancel(ctx))
	return s
}

// read is the reader. It returns what ended the stream.
func (s *session) read() error {
	defer close(s.requests)
	for {
		e, err := s.wire.read()
		var bad *badMessage
		if errors.As(err, &bad) {
			s.wire.fail(bad.seq, bad.command, fail(idUnsupported, "not a request", bad.err))
			continue
		}
		if err != nil {
			s.gone(errGone)
			return err
		}
		r := s.admit(e)
		switch e.Command {
		case "cancel":
			s.cancelled(r)
		case "disconnect", "terminate":
			s.cancelAll(r)
		}
		select {
		case s.requests <- r:
		case <-s.ctx.Done():
			return errGone
		}
	}
}

func (s *session) admit(e *envelope) *request {
	r := &request{seq: e.Seq, command: e.Command, args: e.Arguments}
	r.ctx, r.cancel = context.WithCancelCause(s.ctx)
	s.mu.Lock()
	s.pending[e.Seq] = r
	s.mu.Unlock()
	return r
}

// cancelAll ends what is under way, but for one request.
func (s *session) cancelAll(but *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.pending {
		if r != but {
			r.cancel(errCancelled)
		}
	}
}

// loop handles requests and what is posted, until the conversation is over.
func (s *session) loop(failed <-chan error) {
	for !s.closed {
		select {
		case r, ok := <-s.requests:
			if !ok {
				if err := <-failed; !isEnd(err) {
					s.log.Warn("the client's stream cannot be read on", "error", err)
				}
				return
			}
			s.handle(r)
		case fn := <-s.posts:
			fn()
		}
	}
}

// post has the loop call fn, soon. It is not for the loop itself.
func (s *session) post(fn func()) {
	select {
	case s.posts <- fn:
	case <-s.ctx.Done():
	}
}

// handle answers a request.
func (s *session) handle(r *request) {
	if r.ctx.Err() != nil && s.ctx.Err() == nil {
		s.answer(r, nil, errCancelled)
		return
	}
	if s.mustWait(r) {
		return
	}
	body, err := s.try(r)
	if err == errLater {
		return
	}
	s.answer(r, body, err)
}

// try is one request's handler. A fault of ours in it costs the client one answer and not
// the session.
func (s *session) try(r *request) (body any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("fault while handling a request", "command", r.command, "panic", p, "stack", string(debug.Stack()))
			bug(p)
			err = fail(idInternal, "internal error", fmt.Errorf("%v", p))
		}
	}()
	e, ok := handlers[r.command]
	if !ok {
		return nil, unimplemented(r.command)
	}
	if s.state == stateNoDebug && e.in&s.state == 0 {
		return nil, &failure{id: idLaunch, summary: fmt.Sprintf("noDebug mode: unable to process '%s' request", r.command), silent: true}
	}
	if s.state == stateReady && e.in&hasTarget != 0 && e.in&stateReady == 0 {
		return nil, &failure{id: idLaunch, summary: "No debug session started", err: userError("Use launch or attach request first."), silent: e.quiet}
	}
	if e.in&s.state == 0 {
		return nil, &failure{id: idWrongState, summary: fmt.Sprintf("unable to process %s", r.command), err: errors.New(s.state.wrong()), silent: e.quiet}
	}
	return e.do(s, r)
}

// answer answers a request, and forgets it. Handlers that return errLater see to it that
// the loop calls it.
func (s *session) answer(r *request, body any, err error) {
	s.mu.Lock()
	delete(s.pending, r.seq)
	s.mu.Unlock()
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, errCancelled) {
			err = errCancelled
		}
		s.wire.fail(r.seq, r.command, err)
	} else {
		s.wire.respond(r.seq, r.command, body)
	}
	r.cancel(nil)
}

// bug is told of faults of ours: tests make it end them.
var bug = func(any) {}
