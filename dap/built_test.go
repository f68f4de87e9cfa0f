package dap

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/argusdbg/argus/internal/testkit"
)

// Commands that serve an editor, built and started as editors start them: "argus dap",
// and "dlv dap" to be held against it.

// buildArgus builds the command of this module.
func buildArgus(t testing.TB) string {
	t.Helper()
	return buildCommand(t, ".", "argus", "../cmd/argus")
}

// buildDelve builds the command of the Delve that go.mod names.
func buildDelve(t testing.TB) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/go-delve/delve").Output()
	if err != nil {
		t.Fatal(err)
	}
	return buildCommand(t, strings.TrimSpace(string(dir)), "dlv", "./cmd/dlv")
}

func buildCommand(t testing.TB, dir, name, pkg string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%s cannot be built here: %v\n%s", name, err, out)
	}
	return path
}

// served is a command that serves one editor.
type served struct {
	address string
	over    chan error // what it ends with
}

// serve starts a command, and returns when it says where it listens.
func serve(t testing.TB, command string) *served {
	t.Helper()
	testkit.Watchdog(t)
	cmd := exec.Command(command, "dap", "--listen=127.0.0.1:0")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "DAP server listening at: ")
	if err != nil || !ok {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("%s says %q, %v\n%s", command, line, err, complaints.Bytes())
	}
	s := &served{address: address, over: make(chan error, 1)}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		if err := cmd.Wait(); err != nil {
			s.over <- fmt.Errorf("%s: %w\n%s", filepath.Base(command), err, complaints.Bytes())
			return
		}
		s.over <- nil
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	return s
}

// editor connects an editor.
func (s *served) editor(t testing.TB) *editor {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	ed := editorOn(t, conn)
	ed.foreign = true
	ed.over = s.over
	return ed
}
