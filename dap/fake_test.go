package dap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
	"github.com/google/go-dap"
)

// The fake editor speaks with Serve, in this process, over a loopback connection. What it
// is sent it keeps until a test asks for it: a test says what it waits for, and never how
// long. When a test fails the whole conversation is printed.
//
//	ed := newEditor(t)
//	ed.launch(program, with{"args": []string{"twice"}})  // initialize, launch, initialized
//	ed.breakAt(file, 12)
//	ed.configured()
//	stop := ed.stopped()
//
// ask, fails and await are for what there is no helper for (fakemoves_test.go).

// message is one that the server sent.
type message struct {
	Seq        int             `json:"seq"`
	Type       string          `json:"type"`
	Command    string          `json:"command"`
	Event      string          `json:"event"`
	RequestSeq int             `json:"request_seq"`
	Success    bool            `json:"success"`
	Message    string          `json:"message"`
	Body       json.RawMessage `json:"body"`
	Arguments  json.RawMessage `json:"arguments"`

	taken bool // by an expectation
	after int  // how many requests had been sent before it came
}

// with are arguments of a request.
type with map[string]any

// patience is how long is waited for what must come. It is no measure of speed, and less
// than testkit.Deadline, which ends the whole test binary. ARGUS_DAP_PATIENCE shortens it
// for whoever writes tests.
var patience = func() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("ARGUS_DAP_PATIENCE")); err == nil {
		return d
	}
	return testkit.Deadline / 3
}()

type editor struct {
	testing.TB
	conn net.Conn
	over chan error // Serve's result

	mu    sync.Mutex
	news  *sync.Cond
	sent  int
	asked map[int]string // commands of requests, by number
	inbox []*message
	end   error // of the stream
	log   strings.Builder
	pid   int  // of the program, if it was launched
	rude  bool // what was sent need not be requests

	foreign bool // the server is another's: it is not held against what ours promises

	left sync.Once
}

// newEditor starts a server and connects to it.
func newEditor(t testing.TB) *editor {
	t.Helper()
	return newEditorWith(t, Config{})
}

func newEditorWith(t testing.TB, cfg Config) *editor {
	t.Helper()
	testkit.Watchdog(t)
	near, far := loopback(t)
	ed := editorOn(t, near)
	cfg.Log = slog.New(slog.NewTextHandler(logger{ed}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	go func() { ed.over <- Serve(context.Background(), far, cfg) }()
	return ed
}

// editorOn makes an editor of a connection to some server. If it is Serve, its result is
// to be sent to over.
func editorOn(t testing.TB, conn net.Conn) *editor {
	ed := &editor{TB: t, conn: conn, over: make(chan error, 1), asked: map[int]string{}}
	ed.news = sync.NewCond(&ed.mu)
	go ed.read()
	t.Cleanup(ed.leave)
	return ed
}

// loopback returns the two ends of a connection.
func loopback(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// leave hangs up, waits for the server's end, and looks for what it left behind.
func (ed *editor) leave() {
	ed.Helper()
	ed.left.Do(ed.finish)
}

func (ed *editor) finish() {
	ed.Helper()
	if ed.Failed() {
		defer func() {
			ed.mu.Lock()
			defer ed.mu.Unlock()
			ed.Logf("the conversation:\n%s", ed.log.String())
		}()
	}
	_ = ed.conn.Close()
	select {
	case err := <-ed.over:
		if err != nil {
			ed.Errorf("Serve: %v", err)
		}
	case <-time.After(patience):
		ed.Errorf("the server does not end after its client has")
		return
	}
	ed.mu.Lock()
	pid := ed.pid
	ed.mu.Unlock()
	if pid != 0 && syscall.Kill(pid, 0) == nil {
		ed.Errorf("the launched program, process %d, outlives the session", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// logger adds the server's log to the conversation's.
type logger struct{ ed *editor }

func (l logger) Write(line []byte) (int, error) {
	l.ed.mu.Lock()
	defer l.ed.mu.Unlock()
	l.ed.note("   log ", line)
	return len(line), nil
}

// note writes to the log. ed.mu is held.
func (ed *editor) note(who string, what []byte) {
	fmt.Fprintf(&ed.log, "%s%s\n", who, strings.TrimRight(string(what), "\n"))
}

// read takes in what the server sends.
func (ed *editor) read() {
	r := bufio.NewReader(ed.conn)
	for {
		content, err := dap.ReadBaseMessage(r)
		ed.mu.Lock()
		if err == nil {
			ed.note("   <-- ", content)
			ed.receive(content)
		} else {
			ed.note("   end ", []byte(err.Error()))
			ed.end = err
		}
		ed.news.Broadcast()
		ed.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// receive keeps a message, and holds it against what the protocol promises. ed.mu is
// held.
func (ed *editor) receive(content []byte) {
	m := &message{after: ed.sent}
	if err := json.Unmarshal(content, m); err != nil {
		ed.Errorf("the server sends what is no JSON: %v", err)
		return
	}
	if m.Seq != len(ed.inbox)+1 && !ed.foreign {
		ed.Errorf("message %d has seq %d", len(ed.inbox)+1, m.Seq)
	}
	ed.inbox = append(ed.inbox, m)
	switch {
	case m.Type == "response":
		command, ok := ed.asked[m.RequestSeq]
		if (!ok || command != m.Command) && !ed.rude && !ed.foreign {
			ed.Errorf("a response to %s %d: asked was %q, and it is answered but once", m.Command, m.RequestSeq, command)
		}
		delete(ed.asked, m.RequestSeq)
		if !m.Success && m.Message == "" {
			ed.Errorf("%s fails, and does not say why", m.Command)
		}
	case m.Type == "event" && m.Event == "process":
		var b dap.ProcessEventBody
		if json.Unmarshal(m.Body, &b) == nil && b.StartMethod == "launch" && b.IsLocalProcess {
			ed.pid = b.SystemProcessId
		}
	case m.Type == "event" && m.Event != "", m.Type == "request" && m.Command != "":
	default:
		ed.Errorf("the server sends what is nothing: %s", content)
	}
}

// send sends a request and returns its number.
func (ed *editor) send(command string, args any) int {
	ed.Helper()
	ed.mu.Lock()
	ed.sent++
	seq := ed.sent
	ed.asked[seq] = command
	request := with{"seq": seq, "type": "request", "command": command}
	if args != nil {
		request["arguments"] = args
	}
	content, err := json.Marshal(request)
	if err != nil {
		ed.mu.Unlock()
		ed.Fatal(err)
	}
	ed.note("--> ", content)
	ed.mu.Unlock()
	if err := dap.WriteBaseMessage(ed.conn, content); err != nil && !isClosed(err) {
		ed.Fatalf("%s cannot be sent: %v", command, err)
	}
	return seq
}

// raw sends bytes as they are. From then on the server may answer what was not asked.
func (ed *editor) raw(content string) {
	ed.Helper()
	ed.mu.Lock()
	ed.note("--> ", fmt.Appendf(nil, "%.200q", content))
	ed.rude = true
	ed.mu.Unlock()
	if _, err := io.WriteString(ed.conn, content); err != nil && !isClosed(err) {
		ed.Fatal(err)
	}
}

// wait waits for something to be received that fits, and takes it. The test fails if it
// does not come, or cannot come any more.
func (ed *editor) wait(what string, fits func(*message) bool) *message {
	ed.Helper()
	m, err := ed.look(fits)
	if err != nil {
		ed.Fatalf("waiting for %s: %v", what, err)
	}
	return m
}

var errPatience = errors.New("it does not come")

func (ed *editor) look(fits func(*message) bool) (*message, error) {
	return ed.lookFor(patience, fits)
}

func (ed *editor) lookFor(patience time.Duration, fits func(*message) bool) (*message, error) {
	late := false
	timer := time.AfterFunc(patience, func() {
		ed.mu.Lock()
		defer ed.mu.Unlock()
		late = true
		ed.news.Broadcast()
	})
	defer timer.Stop()
	ed.mu.Lock()
	defer ed.mu.Unlock()
	for seen := 0; ; ed.news.Wait() {
		for ; seen < len(ed.inbox); seen++ {
			if m := ed.inbox[seen]; !m.taken && fits(m) {
				m.taken = true
				return m, nil
			}
		}
		if ed.end != nil {
			return nil, fmt.Errorf("the server has hung up (%w)", ed.end)
		}
		if late {
			return nil, errPatience
		}
	}
}

// response waits for the response to a request.
func (ed *editor) response(seq int) *message {
	ed.Helper()
	return ed.wait(fmt.Sprintf("the response to request %d", seq), func(m *message) bool {
		return m.Type == "response" && m.RequestSeq == seq
	})
}

// event waits for the next event of a name that fits and was not taken yet. A nil fits is
// any.
func (ed *editor) event(name string, fits func(*message) bool) *message {
	ed.Helper()
	return ed.wait("a "+name+" event", func(m *message) bool {
		return m.Type == "event" && m.Event == name && (fits == nil || fits(m))
	})
}

// came are the messages of a name that have come so far and were not taken: events, or
// requests to the client.
func (ed *editor) came(name string) (list []*message) {
	ed.mu.Lock()
	defer ed.mu.Unlock()
	for _, m := range ed.inbox {
		if !m.taken && (m.Event == name || m.Type == "request" && m.Command == name) {
			list = append(list, m)
		}
	}
	return list
}

// hangup waits until the server has closed the connection.
func (ed *editor) hangup() {
	ed.Helper()
	_, err := ed.look(func(*message) bool { return false })
	if err == nil || errors.Is(err, errPatience) {
		ed.Fatal("the server does not hang up")
	}
}

// bodyOf is the body of a message.
func bodyOf[T any](ed *editor, m *message) (body T) {
	ed.Helper()
	if len(m.Body) > 0 {
		if err := json.Unmarshal(m.Body, &body); err != nil {
			ed.Fatalf("the body of %s%s: %v", m.Command, m.Event, err)
		}
	}
	return body
}

// ask sends a request that must succeed, and returns its response's body.
func ask[T any](ed *editor, command string, args any) T {
	ed.Helper()
	m := ed.response(ed.send(command, args))
	if !m.Success {
		ed.Fatalf("%s: %s\n%s", command, m.Message, m.Body)
	}
	return bodyOf[T](ed, m)
}

// fails sends a request that must fail, and returns the error.
func fails(ed *editor, command string, args any) *dap.ErrorMessage {
	ed.Helper()
	m := ed.response(ed.send(command, args))
	if m.Success {
		ed.Fatalf("%s succeeds: %s", command, m.Body)
	}
	body := bodyOf[dap.ErrorResponseBody](ed, m)
	if body.Error == nil {
		ed.Fatalf("%s fails without an error: %s", command, m.Body)
	}
	return body.Error
}

// await waits for an event whose body fits, and returns that. A nil fits is any.
func await[T any](ed *editor, name string, fits func(T) bool) (body T) {
	ed.Helper()
	ed.event(name, func(m *message) bool {
		body = *new(T)
		return json.Unmarshal(m.Body, &body) == nil && (fits == nil || fits(body))
	})
	return body
}

// onDrivers runs a test with each driver that can arm watchpoints here.
func onDrivers(t *testing.T, fn func(t *testing.T, cfg Config)) {
	for _, driver := range []string{"perf", "ptrace"} {
		t.Run(driver, func(t *testing.T) {
			fn(t, Config{Options: backend.Options{Driver: driver}})
		})
	}
}

// mark notes in the log where a scenario is.
func (ed *editor) mark(where string) {
	ed.mu.Lock()
	defer ed.mu.Unlock()
	ed.note("\n", []byte(where))
}

// finishSending closes the editor's side of the connection: it still listens.
func (ed *editor) finishSending() {
	ed.Helper()
	if err := ed.conn.(*net.TCPConn).CloseWrite(); err != nil && !isClosed(err) {
		ed.Fatal(err)
	}
}

// unanswered is how many requests there is no response to.
func (ed *editor) unanswered() int {
	ed.mu.Lock()
	defer ed.mu.Unlock()
	return len(ed.asked)
}
