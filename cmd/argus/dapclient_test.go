package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-dap"
)

// dapClient is what there is of an editor here: package dap tests the conversation.
type dapClient struct {
	t    *testing.T
	conn io.ReadWriteCloser
	r    *bufio.Reader
	seq  int
}

func newDAPClient(t *testing.T, conn io.ReadWriteCloser) *dapClient {
	t.Cleanup(func() { _ = conn.Close() })
	return &dapClient{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// first is the first line of all.
func first(r *lineReader) string {
	r.t.Helper()
	line, _ := r.next()
	return line
}

// dialDAP connects to a server as it has announced itself.
func dialDAP(t *testing.T, line string) *dapClient {
	t.Helper()
	addr, ok := strings.CutPrefix(line, "DAP server listening at: ")
	if !ok {
		t.Fatalf("the first line is %q", line)
	}
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	return newDAPClient(t, conn)
}

// ask sends a request and waits for its response, or if there is a name, for that event
// as well. It returns the body of the latter, or else of the former.
func (c *dapClient) ask(command string, args map[string]any, event string) (body map[string]any) {
	c.t.Helper()
	c.seq++
	request := map[string]any{"seq": c.seq, "type": "request", "command": command, "arguments": args}
	content, err := json.Marshal(request)
	if err == nil {
		err = dap.WriteBaseMessage(c.conn, content)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	for answered := false; !answered || event != ""; {
		m := c.next(command)
		switch {
		case m.Type == "event" && m.Event == event:
			body, event = m.Body, ""
		case m.Type == "response" && m.RequestSeq == c.seq:
			if answered = true; !m.Success {
				c.t.Fatalf("%s: %s: %v", command, m.Message, m.Body)
			}
			if body == nil && event == "" {
				body = m.Body
			}
		}
	}
	return body
}

type dapMessage struct {
	Type, Event, Message string
	Success              bool
	RequestSeq           int `json:"request_seq"`
	Body                 map[string]any
}

// next is the next message, that is waited for because of something.
func (c *dapClient) next(because string) (m dapMessage) {
	c.t.Helper()
	content, err := dap.ReadBaseMessage(c.r)
	if err == nil {
		err = json.Unmarshal(content, &m)
	}
	if err != nil {
		c.t.Fatalf("%s: %v", because, err)
	}
	return m
}

// event waits for an event, and returns its body.
func (c *dapClient) event(name string) map[string]any {
	c.t.Helper()
	for {
		if m := c.next(name); m.Event == name {
			return m.Body
		}
	}
}

// launch starts a program that does not end by itself, and returns its process id.
func (c *dapClient) launch() int {
	c.t.Helper()
	c.ask("initialize", nil, "")
	body := c.ask("launch", map[string]any{"mode": "exec", "program": targetPath, "args": []string{"never"}}, "process")
	return int(body["systemProcessId"].(float64))
}

func (c *dapClient) disconnect() {
	c.t.Helper()
	c.ask("disconnect", nil, "")
	if _, err := io.ReadAll(c.r); err != nil {
		c.t.Error(err)
	}
}
