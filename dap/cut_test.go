package dap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/argusdbg/argus/backend"
	"github.com/argusdbg/argus/internal/testkit"
)

// TestCutAnywhere: the connection is cut in the middle of a conversation, behind each of its
// requests and within them, while responses are waited for and while they are not. The
// server ends each time; a program that was launched does too, and one that was attached
// to runs on as if nothing had been.
func TestCutAnywhere(t *testing.T) {
	file := targetFile(t, "scenarios", "main.go")
	line := lineOf(t, file, "time.Sleep(10 * time.Microsecond)")
	requests := []struct {
		command string
		args    any
	}{
		{"setBreakpoints", with{"source": with{"path": file}, "breakpoints": []with{{"line": line, "hitCondition": "% 3"}}}},
		{"setDataBreakpoints", with{"breakpoints": []with{{"dataId": `{"expr":"main.x","package":true}`, "accessType": "write", "condition": "main.x % 7 == 0"}}}},
		{"configurationDone", nil},
		{"threads", nil},
		{"stackTrace", with{"threadId": 1}},
		{"continue", with{"threadId": 1}},
		{"pause", with{"threadId": 1}},
		{"next", with{"threadId": 1}},
		{"stepIn", with{"threadId": 1}},
		{"evaluate", with{"expression": "call opaque()", "context": "repl"}},
		{"continue", with{"threadId": 1}},
		{"setFunctionBreakpoints", with{"breakpoints": []with{{"name": "time.Sleep", "logMessage": "sleeps"}}}},
		{"restart", with{}},
		{"terminate", with{}},
	}
	all := testkit.Used(t)
	all.Threads = testkit.Any
	n := 0
	for _, attached := range []bool{false, true} {
		for at := 0; at <= len(requests); at++ {
			if testing.Short() && at%3 != 0 {
				continue
			}
			patient := (at%2 == 0) != attached // it waits for responses
			n++
			name := fmt.Sprintf("attached=%v after=%d patient=%v", attached, at, patient)
			t.Run(name, func(t *testing.T) {
				cfg := Config{Options: backend.Options{Driver: []string{"perf", "ptrace"}[n/2%2]}}
				pid := 0
				if attached {
					testkit.Watchdog(t)
					pid = startForever(t).Process.Pid
				}
				ed := newEditorWith(t, cfg)
				ed.initialize()
				command, args := "launch", with{"mode": "exec", "program": testkit.Scenarios(t, testkit.Debug), "args": []string{"forever"}}
				if attached {
					command, args = "attach", with{"mode": "local", "processId": pid}
				}
				start := ed.send(command, args)
				if at > 0 || patient {
					ed.response(start)
				}
				for _, r := range requests[:at] {
					if attached && r.command == "terminate" {
						continue // it is asked for, then
					}
					seq := ed.send(r.command, r.args)
					if patient {
						ed.answered(seq)
					}
				}
				if at%3 == 2 { // within a request
					content, err := json.Marshal(with{"seq": 100, "type": "request", "command": "threads"})
					if err != nil {
						t.Fatal(err)
					}
					ed.raw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(content), content[:len(content)/2]))
				}
				ed.leave()
				if attached {
					unharmed(t, pid)
				} else {
					childless(t)
				}
			})
		}
	}
	testkit.NoMoreThan(t, all)
}

// childless looks for programs that a session has left behind.
func childless(t testing.TB) {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range tasks {
		children, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		for _, child := range strings.Fields(string(children)) {
			if pid, err := strconv.Atoi(child); err == nil {
				t.Errorf("process %d is left behind, in state %q", pid, testkit.State(pid))
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
}

// TestDeaf: a server whose client does not read ends when that goes.
func TestDeaf(t *testing.T) {
	testkit.Watchdog(t)
	near, far := loopback(t)
	over := make(chan error, 1)
	go func() { over <- Serve(context.Background(), far, Config{}) }()
	request := []byte("Content-Length: 49\r\n\r\n" + `{"seq":1,"type":"request","command":"makeCoffee"}`)
	for { // until nothing fits into the connection any more, either way
		if err := near.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := near.Write(bytes.Repeat(request, 1000)); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if err := near.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the server does not end")
	}
}
