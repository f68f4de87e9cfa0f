package dap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-dap"
)

// fromBytes is a connection on which a client has sent something and gone.
type fromBytes struct {
	io.Reader
	io.Writer
}

// FuzzFrames: whatever bytes a client sends, reading them ends, each message that is none
// is said to be none, and all arguments are decoded or refused.
func FuzzFrames(f *testing.F) {
	frame := func(content string) string {
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(content), content)
	}
	for _, seed := range []string{
		"", "\r\n\r\n", "Content-Length: 0\r\n\r\n", "Content-Length: -1\r\n\r\n{}", "Content-Length: 99999999999999999999\r\n\r\n",
		"Content-Length: 4194305\r\n\r\n{}", "Content-Type: x\r\nContent-Length: 2\r\n\r\n{}", "Content-Length: 2\n\n{}",
		frame(`{"seq":1,"type":"request","command":"threads"}`),
		frame(`{"seq":1,"type":"request","command":"stackTrace","arguments":{"threadId":1}}`) + frame(`{"seq":2,"type":"event"}`),
		frame(`{"seq":1,"type":"request","command":"evaluate","arguments":"x"}`) + frame(`[]`) + frame(`nul`) + frame("\xff"),
		frame(`{"seq":"one","type":"request","command":"evaluate","arguments":{"frameId":1e99}}`),
		frame(`{"seq":1,"type":"request","command":"setDataBreakpoints","arguments":{"breakpoints":[{"dataId":{}}]}}`),
		frame(strings.Repeat("[", 100000)),
		frame(`{"seq":3,"type":"response","request_seq":1,"command":"runInTerminal","success":true,"body":{}}`),
	} {
		f.Add([]byte(seed))
	}
	quiet := slog.New(slog.DiscardHandler)
	f.Fuzz(func(t *testing.T, data []byte) {
		w := newWire(fromBytes{bytes.NewReader(data), io.Discard}, quiet)
		for range len(data) + 1 { // a message takes more than a byte
			e, err := w.read()
			var bad *badMessage
			switch {
			case errors.As(err, &bad):
				w.fail(bad.seq, bad.command, err)
			case err != nil:
				return
			case e.Command == "" || e.Type != "request":
				t.Errorf("what is no request is one: %+v", e)
			default:
				decodeAll(e.Arguments)
			}
		}
		t.Error("there is no end")
	})
}

// decodeAll decodes arguments as each request would.
func decodeAll(raw json.RawMessage) {
	r := &request{command: "any", args: raw}
	for _, h := range []handler{
		decoded[dap.InitializeRequestArguments](), decoded[dap.SetBreakpointsArguments](), decoded[setDataBreakpointsArguments](),
		decoded[dataBreakpointInfoArguments](), decoded[dap.VariablesArguments](), decoded[dap.EvaluateArguments](),
		decoded[dap.DisassembleArguments](), decoded[dap.WriteMemoryArguments](), decoded[map[string]any](), decoded[threadsArguments](),
	} {
		_, _ = h(nil, r)
	}
}

func decoded[A any]() handler {
	return on(func(*session, *request, *A) (any, error) { return nil, nil })
}

// TestMalformed: after a message that is none the session goes on; after bytes that are no
// frame it ends.
func TestMalformed(t *testing.T) {
	frame := func(content string) string {
		return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(content), content)
	}
	for _, c := range []struct {
		name, sent string
		ends       bool
	}{
		{"no JSON", frame("{]}"), false},
		{"no object", frame("[1,2]"), false},
		{"empty", frame(""), false},
		{"a response", frame(`{"seq":77,"type":"response","request_seq":5,"command":"runInTerminal"}`), false},
		{"an event", frame(`{"seq":77,"type":"event","event":"stopped"}`), false},
		{"no command", frame(`{"seq":77,"type":"request"}`), false},
		{"seq is text", frame(`{"seq":"a","type":"request","command":"threads"}`), false},
		{"deep", frame(strings.Repeat(`{"arguments":`, 20000) + "1" + strings.Repeat("}", 20000)), false},
		{"no header", "{}", true},
		{"another header", "Content-Type: text\r\n\r\n{}", true},
		{"negative", "Content-Length: -5\r\n\r\n{}", true},
		{"huge", "Content-Length: 4000000000\r\n\r\n{}", true},
		{"too large for a number", "Content-Length: 99999999999999999999999\r\n\r\n{}", true},
		{"cut", "Content-Length: 500\r\n\r\n{}", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ed := newEditor(t)
			ed.raw(c.sent)
			if c.ends {
				ed.finishSending()
				ed.hangup()
				return
			}
			ed.initialize()
			if n := ed.unanswered(); n != 0 {
				t.Errorf("%d requests have no response", n)
			}
		})
	}
}

// TestEndlessHeader: a header without an end does not fill the memory.
func TestEndlessHeader(t *testing.T) {
	ed := newEditor(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	chunk := bytes.Repeat([]byte("Content-Length: "), 1<<12)
	if err := ed.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	for range 1 << 9 { // 32 MiB in all
		if _, err := ed.conn.Write(chunk); err != nil {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d MiB were allocated for it", grown>>20)
	}
	ed.hangup()
}
