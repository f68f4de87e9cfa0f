package backend

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/argusdbg/argus/internal/testkit"
)

// TestWaitFor finds a process that is there, one that comes, and gives up on one that
// does not.
func TestWaitFor(t *testing.T) {
	ctx := context.Background()
	here := running(t, "forever")
	if pid, err := WaitFor(ctx, here.Path+" forever", WaitForOptions{}); err != nil || pid != here.Process.Pid {
		t.Errorf("found %d, %v; want %d", pid, err, here.Process.Pid)
	}
	path := testkit.Scenarios(t, testkit.Debug)
	type found struct {
		pid int
		err error
	}
	result := make(chan found, 1)
	go func() {
		pid, err := WaitFor(ctx, path+" idle 7", WaitForOptions{})
		result <- found{pid, err}
	}()
	select {
	case f := <-result:
		t.Fatalf("found %+v before it was there", f)
	case <-time.After(20 * time.Millisecond):
	}
	// A shell becomes it: its process had another command line before.
	cmd := exec.Command("/bin/sh", "-c", `exec "$0" idle 7`, path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	if f := <-result; f.err != nil || f.pid != cmd.Process.Pid {
		t.Errorf("found %+v, want %d", f, cmd.Process.Pid)
	}
	var late *WaitTimeoutError
	if pid, err := WaitFor(ctx, "no such program", WaitForOptions{Timeout: 5 * time.Millisecond}); !errors.As(err, &late) || pid != 0 {
		t.Errorf("%d, %v", pid, err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := WaitFor(canceled, "no such program", WaitForOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := WaitFor(ctx, "", WaitForOptions{}); err == nil {
		t.Error("waited for nothing in particular")
	}
}
