package gobuild

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipeGrace is how long a process that the go command left behind may hold the
// pipe of its output.
const pipeGrace = 3 * time.Second

// runGo runs the go command in t.dir, in a process group of its own. The error
// is an *exec.ExitError, an [*Error] if there is no go command, or wraps the
// context's cause. When the context has ended, every process of the group has
// been killed.
func runGo(ctx context.Context, o Options, t target, stdout, stderr io.Writer, env, args []string) error {
	path, err := exec.LookPath("go")
	if err != nil {
		return &Error{Arg: t.arg, Kind: ErrNoGo, Text: "there is no go command in PATH to build it with: install Go, or name a binary", Err: err}
	}
	if o.Env != nil {
		env = append(append([]string{}, o.Env...), env...)
	} else {
		env = append(os.Environ(), env...)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = t.dir, append(env, "PWD="+t.dir)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}

	// An interrupted go build waits for none of its compilers, so end all of
	// them at once; what they leave is in the build's own temporary directory.
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = pipeGrace
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("building %s: %w", t.arg, context.Cause(ctx))
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it succeeded and left something behind that holds the pipe
	case err == nil || errors.As(err, &exit):
		return err
	}
	return &Error{Arg: t.arg, Kind: ErrNoGo, Text: "the go command does not run: " + cause(err), Err: err}
}

// head passes on what is written to it and keeps the beginning. It is written
// to by one goroutine at a time, as os/exec promises for one writer given as
// both Stdout and Stderr.
type head struct {
	to   io.Writer // nil: keep only
	kept strings.Builder
}

const headSize = 64 << 10

func (h *head) Write(b []byte) (int, error) {
	h.kept.Write(b[:min(len(b), headSize-h.kept.Len())])
	if h.to != nil {
		if _, err := h.to.Write(b); err != nil {
			h.to = nil // a reader that went away is no reason to end the build
		}
	}
	return len(b), nil
}

func (h *head) String() string { return h.kept.String() }
