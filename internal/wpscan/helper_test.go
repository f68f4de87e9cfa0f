package wpscan

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/argusdbg/argus/ptrace"
)

// helperMode is the environment variable by which the test binary is told to be a
// debugger of its own: one that can be another user, and that can be killed.
const helperMode = "ARGUS_WPSCAN_HELPER"

// help covers the page at os.Args[2] of process os.Args[1], lets the process run, and
// does what it is told, a line at a time.
func help() {
	pid, _ := strconv.Atoi(os.Args[1])
	addr, _ := strconv.ParseUint(os.Args[2], 16, 64)
	g := ptrace.NewTracees(ptrace.NewTracer())
	var s *Scanner
	var err error
	_ = g.Tracer().Do(func() {
		var p *ptrace.Process
		if p, err = g.Attach(pid); err != nil {
			return
		}
		if s, err = Open(g, p.Threads()[0]); err != nil {
			return
		}
		if err = s.Add(addr, 8); err == nil {
			err = g.ResumeAll()
		}
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		since := s.Scans()
		switch in.Text() {
		case "scan":
			if err = s.Scan(); err == nil && s.Dirty(addr, 8) > since {
				fmt.Println("dirty")
			} else if err == nil {
				fmt.Println("clean")
			}
		case "close":
			if err = s.Close(); err == nil {
				fmt.Println("closed")
			}
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	os.Exit(0)
}

type helper struct {
	t   testing.TB
	cmd *exec.Cmd
	in  interface{ Write([]byte) (int, error) }
	out *bufio.Reader
}

// startHelper starts one for the heap of a target. The test binary is handed over as a
// descriptor: an ordinary user cannot look into the folder that go test builds it in.
func startHelper(t testing.TB, x *target, change func(*exec.Cmd)) *helper {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	h := &helper{t: t, cmd: exec.Command("/proc/self/fd/3", fmt.Sprint(x.pid()), fmt.Sprintf("%x", x.at["heap"]))}
	h.cmd.Env = append(os.Environ(), helperMode+"=1")
	h.cmd.ExtraFiles = []*os.File{self}
	if change != nil {
		change(h.cmd)
	}
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.out = bufio.NewReader(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	h.answers("ready")
	return h
}

func (h *helper) expect(tell, want string) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.in, tell); err != nil {
		h.t.Fatal(err)
	}
	h.answers(want)
}

func (h *helper) answers(want string) {
	h.t.Helper()
	if line, err := h.out.ReadString('\n'); strings.TrimSpace(line) != want {
		h.t.Fatalf("the debugger said %q, want %s: %v", line, want, err)
	}
}

func (h *helper) kill() {
	_ = h.cmd.Process.Kill()
	_ = h.cmd.Wait()
}
