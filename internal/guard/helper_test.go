package guard

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/argusdbg/argus/ptrace"
)

// helperMode is the environment variable by which the test binary is told to be a debugger
// of its own: one that can be another user, and that can be killed.
const helperMode = "ARGUS_GUARD_HELPER"

// help guards the page at os.Args[2] of process os.Args[1], and serves who writes there.
func help() {
	pid, _ := strconv.Atoi(os.Args[1])
	addr, _ := strconv.ParseUint(os.Args[2], 16, 64)
	h := &held{g: ptrace.NewTracees(ptrace.NewTracer()), values: map[uint64]uint64{}}
	h.g.Safe = true
	_ = h.g.Tracer().Do(func() {
		p, err := h.g.Attach(pid)
		if err == nil {
			h.p = p
			h.guard, err = Open(h.g, p.Threads()[0])
		}
		if err == nil {
			err = h.guard.Add(addr, 8)
		}
		if err == nil {
			err = h.g.ResumeAll()
		}
		if err == nil {
			fmt.Println("ready")
			for os.Getenv(helperMode) == "wait" {
				unix.Pause()
			}
			err = h.pump()
		}
		fmt.Println(err)
	})
	os.Exit(1)
}

// startHelper starts one for a page of a target. The test binary is handed over as a
// descriptor: an ordinary user cannot look into the folder that go test builds it in.
func startHelper(t testing.TB, x *target, addr uint64, mode string) (cmd *exec.Cmd, said string) {
	t.Helper()
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd = exec.Command("/proc/self/fd/3", fmt.Sprint(x.pid()), fmt.Sprintf("%x", addr))
	cmd.Env = append(os.Environ(), helperMode+"="+mode)
	cmd.ExtraFiles = []*os.File{self}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the debugger said %q: %v", line, err)
	}
	return cmd, strings.TrimSpace(line)
}
