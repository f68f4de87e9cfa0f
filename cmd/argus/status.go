package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// statusTurn is the time between two states of the live counter.
const statusTurn = 100 * time.Millisecond

// status is the live counter on the user's terminal. It stands at the right end of the
// line on which the cursor is, with the cursor at its left end: what the program prints
// itself begins where it would without.
type status struct {
	tty   *os.File
	pal   palette
	shown bool // guarded by output.mu
}

// clear takes the counter away, so that a line can be printed. A nil status has none.
func (st *status) clear() {
	if st == nil || !st.shown {
		return
	}
	_, _ = st.tty.WriteString("\r\x1b[K")
	st.shown = false
}

// show writes the counter, if the terminal takes it at once.
func (st *status) show(text string) {
	size, err := unix.IoctlGetWinsize(int(st.tty.Fd()), unix.TIOCGWINSZ)
	width := 80
	if err == nil && size.Col > 0 {
		width = int(size.Col)
	}
	if len(text) >= width || !inForeground(st.tty) || !writable(st.tty, 0) {
		return
	}
	_, _ = fmt.Fprintf(st.tty, "\r\x1b[K%s%s\r", strings.Repeat(" ", width-len(text)-1), st.pal.text(dim, text))
	st.shown = true
}

// inForeground reports whether we may write to a terminal without being a nuisance.
func inForeground(tty *os.File) bool {
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// live shows what text returns, ten times a second, until stop is called.
func (o *output) live(text func() string) (stop func()) {
	if o.status == nil {
		return func() {}
	}
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(statusTurn)
		defer tick.Stop()
		for {
			select {
			case <-end:
				o.mu.Lock()
				o.status.clear()
				o.mu.Unlock()
				return
			case <-tick.C:
				now := text()
				if o.mu.TryLock() { // else a line is being printed
					o.status.show(now)
					o.mu.Unlock()
				}
			}
		}
	}()
	return func() { close(end); <-done }
}
