package main

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

	"github.com/argusdbg/argus/internal/orphans"
)

// endGrace is how long a process that was told to end has for it: a test
// process prints its goroutines after SIGQUIT.
const endGrace = 10 * time.Second

// A testProcess is a compiled suite that can be started several times.
type testProcess struct {
	bin string
	dir string   // the package's folder, as go test has it
	env []string // of the test process
	log string   // event streams are appended to this file, "" for none
}

// list returns the names of the tests that -test.run=pattern would run.
func (p testProcess) list(ctx context.Context, pattern string) ([]string, error) {
	// -test.list matches the whole pattern with names of tests only:
	// what follows the first slash is about subtests.
	first, _, _ := strings.Cut(pattern, "/")
	if first == "" {
		first = "." // an empty -test.list runs the tests instead
	}
	cmd := exec.CommandContext(ctx, p.bin, "-test.list="+first)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing the tests: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(line)
		for _, prefix := range []string{"Test", "Fuzz", "Example"} { // benchmarks are not run
			if strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// run starts the tests and passes their events to fn, on the calling
// goroutine. fn tells whether the event is progress; a process that makes none
// for the time stall is ended with SIGQUIT, so that it prints its goroutines.
// ended tells in words how the process ended. On return no process that
// descends from the tests is left.
func (p testProcess) run(ctx context.Context, args []string, stall time.Duration, fn func(event) bool) (ended string, err error) {
	logTo, err := p.openLog()
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, logTo.Close()) }()

	out, in, err := os.Pipe()
	if err != nil {
		return "", err
	}
	conv := exec.Command("go", "tool", "test2json", "-t")
	conv.Dir, conv.Env = p.dir, p.env
	conv.Stdin = out
	events, err := conv.StdoutPipe()
	if err == nil {
		err = conv.Start()
	}
	out.Close()
	if err != nil {
		in.Close()
		return "", fmt.Errorf("starting go tool test2json: %w", err)
	}
	test := exec.Command(p.bin, append([]string{"-test.v=test2json"}, args...)...)
	test.Dir, test.Env = p.dir, p.env
	test.Stdout, test.Stderr = in, in
	// An own process group: signals that tests send to theirs, or that the
	// terminal sends to ours, stay where they belong.
	test.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	startErr := test.Start()
	in.Close()
	if startErr != nil {
		return "", errors.Join(fmt.Errorf("starting the tests: %w", startErr), conv.Wait())
	}

	exited := make(chan error, 1)
	go func() { exited <- test.Wait() }()
	stream := make(chan event)
	decoded := make(chan error, 1)
	go func() {
		r := io.TeeReader(events, logTo)
		err := readEvents(r, func(ev event) { stream <- ev })
		if err != nil {
			// The stream must be read to its end, or its writer hangs.
			_, copyErr := io.Copy(io.Discard, r)
			err = errors.Join(err, copyErr)
		}
		close(stream)
		decoded <- err
	}()

	watch := time.NewTimer(stall)
	defer watch.Stop()
	interrupt := ctx.Done()
	var stalled, over bool
	var exitErr error
	var errs []error
	for stream != nil {
		select {
		case ev, ok := <-stream:
			if !ok {
				stream = nil
			} else if progress := fn(ev); progress && !stalled && !over {
				watch.Reset(stall)
			}
		case <-interrupt:
			interrupt = nil
			errs = append(errs, ctx.Err(), test.Process.Kill())
		case <-watch.C:
			if stalled {
				errs = append(errs, test.Process.Kill())
				continue
			}
			stalled = true
			errs = append(errs, test.Process.Signal(syscall.SIGQUIT))
			watch.Reset(endGrace)
		case exitErr = <-exited:
			over = true
			watch.Stop()
			// Processes left hold the pipe open, and the stream with it.
			errs = append(errs, orphans.End(conv.Process.Pid))
		}
	}
	errs = append(errs, <-decoded, conv.Wait())
	for i, err := range errs {
		if errors.Is(err, os.ErrProcessDone) {
			errs[i] = nil // it ended while it was being ended
		}
	}
	ended = "the test process ended early"
	switch {
	case stalled:
		ended = fmt.Sprintf("no test started or ended for %s", stall)
	case exitErr != nil:
		ended = fmt.Sprintf("the test process ended early (%v)", exitErr)
	}
	return ended, errors.Join(errs...)
}

// openLog opens the log for appending, or a log that keeps nothing.
func (p testProcess) openLog() (io.WriteCloser, error) {
	if p.log == "" {
		return nopCloser{io.Discard}, nil
	}
	return os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
