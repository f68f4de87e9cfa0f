package orphans

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

func TestParentOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		comm := rapid.String().Draw(t, "comm")
		parent := rapid.IntRange(0, 1<<22).Draw(t, "parent")
		got, ok := parentOf(fmt.Appendf(nil, "17 (%s) S %d 17 17 0 -1", comm, parent))
		if !ok || got != parent {
			t.Fatalf("got %d, %v", got, ok)
		}
	})
	for _, bad := range []string{"", "17 (x", "17 (x) S", "17 (x) S y"} {
		if got, ok := parentOf([]byte(bad)); ok {
			t.Errorf("%q: got parent %d", bad, got)
		}
	}
}

func TestChildrenOf(t *testing.T) {
	cmd := startSleep(t)
	children, err := childrenOf(os.Getpid())
	if err != nil || !slices.Contains(children, cmd.Process.Pid) {
		t.Errorf("got %v, %v, want %d among them", children, err, cmd.Process.Pid)
	}
}

// TestEnd leaves a chain of two processes without their parent. Its
// second one is a child of ours only once the first has been ended.
func TestEnd(t *testing.T) {
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	kept := startSleep(t)
	out, err := exec.Command("sh", "-c", `sh -c 'sleep 1000 >/dev/null 2>&1 & echo $! $$; exec >/dev/null 2>&1; wait' &`).Output()
	if err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(string(out))
	if len(pids) != 2 {
		t.Fatalf("printed %q, want two process ids", out)
	}
	if err := End(kept.Process.Pid); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if _, err := os.Stat("/proc/" + pid); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("process %s is left: %v", pid, err)
		}
	}
	if err := kept.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("the process to keep: %v", err)
	}
}

func startSleep(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("sleep ended by itself")
		}
	})
	return cmd
}
