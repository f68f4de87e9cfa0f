package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeGo makes a script the only command in PATH.
func fakeGo(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
}

func TestAttemptGo(t *testing.T) {
	// What the surroundings say must not matter.
	t.Setenv("GOTOOLCHAIN", "go1.99.0")
	t.Setenv("GOWORK", "/some/go.work")
	fakeGo(t, `echo "go version go1.26.8 $1 $GOTOOLCHAIN $GOWORK $(pwd)"`)
	o := attemptGo(t.Context())
	if want := "go1.26.8 version local off /"; o.version != want || o.err != nil {
		t.Errorf("got %q, %v, want %q", o.version, o.err, want)
	}
}

func TestAttemptGoFails(t *testing.T) {
	fakeGo(t, "exit 3\n")
	var exit *exec.ExitError
	if o := attemptGo(t.Context()); !errors.As(o.err, &exit) || exit.ExitCode() != 3 || !strings.Contains(o.err.Error(), "/go version: ") {
		t.Errorf("got %v", o.err)
	}
	t.Setenv("PATH", t.TempDir())
	if o := attemptGo(t.Context()); !errors.Is(o.err, exec.ErrNotFound) {
		t.Errorf("got %v", o.err)
	}
}

// TestAttemptGoHangs ends the context once the command runs, which it says on
// one pipe. From the other it reads what never comes.
func TestAttemptGoHangs(t *testing.T) {
	runsR, runsW := pipe(t)
	neverR, _ := pipe(t)
	t.Setenv("RUNS", procPath(runsW))
	t.Setenv("NEVER", procPath(neverR))
	fakeGo(t, "echo > $RUNS\nread x < $NEVER\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = runsR.Read(make([]byte, 1))
		cancel()
	}()
	if o := attemptGo(ctx); !errors.Is(o.err, context.Canceled) || judgeGo(o).Status != StatusUnknown {
		t.Errorf("got %v", o.err)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		r.Close()
	})
	return r, w
}

// procPath is a path by which other processes of this user open a file of ours.
func procPath(f *os.File) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()) }
