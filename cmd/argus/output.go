package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// errClosed: whoever read the output is gone.
var errClosed = errors.New("nobody reads the output any more")

const (
	// pipeRoom is how many bytes can be written without blocking to what poll(2) says
	// is writable: PIPE_BUF, pipe(7).
	pipeRoom = 4096
	// pollTurn is how long, in milliseconds, a blocked writer takes to notice that it
	// is told to hurry.
	pollTurn = 50
)

// output is where hits and the summary go. A line is written before write returns, as
// long as there is room: a slow reader slows the program down and loses nothing. After
// hurry, lines that there is no room for are kept until finish, so that the session can
// end while the reader takes its time.
type output struct {
	file   *os.File
	own    bool // opened by us
	status *status
	rushed atomic.Bool

	mu      sync.Mutex // guards what follows, and what is on the terminal
	backlog []byte
	err     error
}

// openOutput opens the file that -o names, stdout if it is "".
func openOutput(name string) (*output, error) {
	if name == "" {
		return &output{file: os.Stdout}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, fmt.Errorf("-o: %w", err)
	}
	return &output{file: f, own: true}, nil
}

// write sends lines on their way. It fails for good once a write has failed.
func (o *output) write(lines []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status.clear()
	o.backlog = append(o.backlog, lines...)
	o.drain()
	return o.err
}

// drain writes what there is room for. mu is held.
func (o *output) drain() {
	for len(o.backlog) > 0 && o.err == nil {
		rushed := o.rushed.Load()
		timeout := pollTurn
		if rushed {
			timeout = 0
		}
		switch {
		case writable(o.file, timeout):
			o.writeSome()
		case rushed:
			return
		}
	}
}

func (o *output) writeSome() {
	n, err := o.file.Write(o.backlog[:min(len(o.backlog), pipeRoom)])
	o.backlog = o.backlog[:copy(o.backlog, o.backlog[n:])]
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EIO) { // EIO: a terminal that was hung up
		err = errClosed
	}
	o.err = err
}

// hurry makes write return without waiting for the reader.
func (o *output) hurry() { o.rushed.Store(true) }

// finish writes what is left, for as long as it takes. It calls waits, once, if that depends
// on the reader.
func (o *output) finish(waits func()) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for waited := false; len(o.backlog) > 0 && o.err == nil; o.writeSome() {
		if !waited && !writable(o.file, pollTurn) {
			waited = true
			waits()
		}
	}
	if o.own {
		if err := o.file.Close(); o.err == nil {
			o.err = err
		}
	}
	return o.err
}

// writable waits for at most timeout milliseconds until f takes pipeRoom bytes, or an
// error.
func writable(f *os.File, timeout int) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, timeout)
	return n > 0 || (err != nil && err != unix.EINTR)
}

// whenClosed calls fn when nobody reads f any more. It returns what ends the wait, which
// has ended when that returns.
func whenClosed(f *os.File, fn func()) (stop func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// Without events poll tells of errors only: a pipe without readers, a socket
		// that was shut, a terminal that was hung up.
		fds := []unix.PollFd{{Fd: int32(f.Fd())}, {Fd: int32(r.Fd()), Events: unix.POLLIN}}
		for {
			_, err := unix.Poll(fds, -1)
			switch {
			case err == unix.EINTR:
			case err != nil || fds[1].Revents != 0:
				return
			case fds[0].Revents != 0:
				fn()
				return
			}
		}
	}()
	return func() {
		w.Close()
		<-done
		r.Close()
	}, nil
}
