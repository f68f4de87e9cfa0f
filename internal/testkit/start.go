package testkit

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Start starts a program without a debugger, and returns it with the first line that it
// prints. It is killed when the test is over.
func Start(t testing.TB, path string, args ...string) (cmd *exec.Cmd, line string) {
	t.Helper()
	cmd = exec.Command(path, args...)
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
	if line, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the program says %q, %v", line, err)
	}
	return cmd, line
}

// Crashed has the kernel write a core file of a target that aborts, where it writes them
// where the program is.
func Crashed(t testing.TB) (exe, core string) {
	t.Helper()
	if pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern"); err != nil || strings.TrimSpace(string(pattern)) != "core" {
		t.Skipf("core files go elsewhere: %s", pattern)
	}
	exe = Target(t, "stops", Debug)
	dir := t.TempDir()
	cmd := exec.Command("/bin/sh", "-c", `ulimit -c unlimited || exit 3; exec "$0" panic text`, exe)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTRACEBACK=crash")
	if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() == 3 {
		t.Skipf("no core file may be written: %v", err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "core*"))
	if err != nil || len(found) != 1 {
		t.Skipf("no core file was written: %v", found)
	}
	return exe, found[0]
}
