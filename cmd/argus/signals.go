package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// signals are those that would end Argus, and with it the hold on its target: a process
// that is let go with a register armed dies (FACTS A8). SIGPIPE is among them so that a
// closed output is an error of write.
type signals struct{ ch chan os.Signal }

func catchSignals() *signals {
	s := &signals{make(chan os.Signal, 8)}
	// What we were told to ignore (nohup, a shell's background job) stays ignored.
	for _, sig := range []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(s.ch, sig)
		}
	}
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	return s
}

// stop lets signals end Argus again.
func (s *signals) stop() { signal.Stop(s.ch) }

// interrupting is a context that the first signal ends, until cancel is called.
func (s *signals) interrupting(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case sig := <-s.ch:
			cancel(&errInterrupted{sig.(unix.Signal)})
		case <-end:
		}
	}()
	ended := false
	return ctx, func() {
		if !ended {
			ended = true
			close(end)
			<-done
		}
		cancel(nil)
	}
}

// orInterrupted is the interruption if that is what ended ctx, and err otherwise.
func orInterrupted(ctx context.Context, err error) error {
	var stopped *errInterrupted
	if errors.As(context.Cause(ctx), &stopped) {
		return stopped
	}
	return err
}

// each calls fn for every signal until done is closed.
func (s *signals) each(done <-chan struct{}, fn func(unix.Signal)) {
	for {
		select {
		case sig := <-s.ch:
			fn(sig.(unix.Signal))
		case <-done:
			return
		}
	}
}

// fromKeyboard reports whether a SIGINT or SIGQUIT may have come from a terminal, which
// sends it to all of its foreground group: the target has it already.
func fromKeyboard() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
